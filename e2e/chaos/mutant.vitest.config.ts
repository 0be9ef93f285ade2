// Vitest on sources with one mutation in them: MLQUEUE_MUTATION names it.
import { relative } from "node:path";
import { mergeConfig } from "vitest/config";
import { ROOT } from "../../scripts/lib/project.mjs";
import { replaced } from "../../scripts/lib/replacing-text.mjs";
import base from "../../vitest.config";
import { MUTATIONS } from "./mutations";

const mutation = MUTATIONS.find(({ name }) => name === process.env.MLQUEUE_MUTATION);
if (!mutation) throw new Error(`There is no mutation ${process.env.MLQUEUE_MUTATION}.`);
const { replacements } = mutation;

export default mergeConfig(base, {
  root: ROOT,
  plugins: [
    {
      name: "mutation",
      enforce: "pre",
      load: (id: string) => {
        const file = relative(ROOT, id).replaceAll("\\", "/");
        return replacements.some((one) => one.file === file) ? replaced(file, replacements) : undefined;
      },
    },
  ],
});
