// `npm run build`: what `npm start` does when the sources changed, for an image or a deployment.
import path from "node:path";
import { build } from "./lib/build.mjs";
import { killCommands } from "./lib/command.mjs";
import { install } from "./lib/install.mjs";
import { onStop } from "./lib/lifeline.mjs";
import { checkNode, dataDirOf, loadEnv, ROOT } from "./lib/project.mjs";
import { makeSteps, report } from "./lib/steps.mjs";

onStop(() => {
  killCommands();
  process.exit(130);
});

try {
  checkNode();
  const env = loadEnv();
  const dataDir = dataDirOf(env);
  const steps = makeSteps();
  await steps.step("Packages", (say) => install({ env, log: path.join(dataDir, "logs/install.log"), say }));
  await steps.step("Build", async (say) => {
    const { dist, built } = await build({ env, log: path.join(dataDir, "logs/build.log"), dataDirs: [dataDir], say });
    return `${path.relative(ROOT, dist)}${built ? "" : ", up to date"}`;
  });
} catch (error) {
  report(error);
  process.exitCode = 1;
}
