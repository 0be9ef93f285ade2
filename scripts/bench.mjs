// `npm run bench [names]`: runs bench/NAME.bench.ts against services of its own; without names all of them but the long ones, beside other
// engines where they can be had. `--readme` measures nothing: it puts what was measured into the README.
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { build } from "./lib/build.mjs";
import { killCommands, run } from "./lib/command.mjs";
import { install } from "./lib/install.mjs";
import { onStop } from "./lib/lifeline.mjs";
import { ownServices } from "./lib/own-services.mjs";
import { checkNode, dataDirOf, loadEnv, ROOT, Trouble } from "./lib/project.mjs";
import { makeSteps, report } from "./lib/steps.mjs";

const SUFFIX = ".bench.ts";
/** Take long, and answer other questions than the table of targets. */
const BY_NAME_ONLY = ["growth", "soak"];
const services = ownServices("bench", loadEnv(process.env, ""));
const { env, logs } = services;
const steps = makeSteps();

/** Flags (--rounds=3) are passed on to each bench. */
const flags = process.argv.slice(2).filter((one) => one.startsWith("-"));
const named = process.argv.slice(2).filter((one) => !one.startsWith("-"));

const chosen = () => {
  const folder = path.join(ROOT, "bench");
  const all = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith(SUFFIX))
        .map((file) => file.slice(0, -SUFFIX.length))
        .sort()
    : [];
  const unknown = named.find((one) => !all.includes(one));
  if (unknown) throw new Trouble(`There is no bench ${unknown}: there are ${all.join(", ")}.`);
  return named.length > 0 ? named : all.filter((one) => !BY_NAME_ONLY.includes(one));
};

let stopping = null;
const finish = async (code) => {
  stopping ??= services.stop();
  await stopping.catch((error) => report(error));
  process.exit(code);
};

onStop(
  () => {
    killCommands();
    finish(130);
  },
  () => process.exit(130),
);

const pasteReadme = async () => {
  const args = ["--import", "tsx", path.join(ROOT, "bench", "lib", "paste-readme.ts")];
  const { code } = await run(process.execPath, args, { env, stdio: ["ignore", "inherit", "inherit"] });
  process.exit(code ?? 1);
};

try {
  checkNode();
  if (flags.includes("--readme")) await pasteReadme();
  if (named.length === 0 && !flags.includes("--peers")) flags.push("--peers");
  const names = chosen();
  mkdirSync(logs, { recursive: true });
  await steps.step("Packages", (say) =>
    install({ env: loadEnv(process.env, ""), log: path.join(logs, "install.log"), say }),
  );
  await steps.step("Services", () => services.start());
  await steps.step("Build", async (say) => {
    const { dist } = await build({ env, log: path.join(logs, "build.log"), dataDirs: [dataDirOf(loadEnv())], say });
    env.MLQUEUE_DIST = dist;
    return path.relative(ROOT, dist);
  });
  let failed = 0;
  for (const name of names) {
    steps.line(`\n${name}`);
    const args = ["--import", "tsx", path.join(ROOT, "bench", `${name}${SUFFIX}`), ...flags];
    const { code } = await run(process.execPath, args, {
      env: { ...env, NODE_ENV: "production" },
      stdio: ["ignore", "inherit", "inherit"],
    });
    if (code !== 0) {
      failed++;
      steps.line(`${name} ended with code ${code}.`);
    }
  }
  await finish(failed > 0 ? 1 : 0);
} catch (error) {
  if (!stopping) report(error);
  await finish(1);
}
