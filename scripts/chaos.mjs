// `npm run chaos -- [--seed=N] [--tasks=N] [--minutes=N] [--faults=N] [--only=FAULT] [--mutations]
// [--hostile=N [--user=ACCOUNT]] [--beside=GIT_REF]`: the engine under fire, with services of its own. The flags are e2e/chaos/main.ts's.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { build } from "./lib/build.mjs";
import { killCommands, run } from "./lib/command.mjs";
import { install } from "./lib/install.mjs";
import { onStop } from "./lib/lifeline.mjs";
import { ownServices } from "./lib/own-services.mjs";
import { checkNode, dataDirOf, loadEnv, ROOT } from "./lib/project.mjs";
import { makeSteps, report } from "./lib/steps.mjs";

// The gate brings up PostgreSQL and Redis itself; only the folder and the environment are used of these.
const services = ownServices("chaos", loadEnv(process.env, ""));
const { env, logs } = services;
const steps = makeSteps();

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

try {
  checkNode();
  mkdirSync(logs, { recursive: true });
  await steps.step("Packages", (say) =>
    install({ env: loadEnv(process.env, ""), log: path.join(logs, "install.log"), say }),
  );
  await steps.step("Build", async (say) => {
    const { dist } = await build({ env, log: path.join(logs, "build.log"), dataDirs: [dataDirOf(loadEnv())], say });
    env.MLQUEUE_DIST = dist;
    return path.relative(ROOT, dist);
  });
  const args = ["--import", "tsx", path.join(ROOT, "e2e/chaos/main.ts"), ...process.argv.slice(2)];
  const { code } = await run(process.execPath, args, { env, stdio: ["ignore", "inherit", "inherit"] });
  await finish(code);
} catch (error) {
  if (!stopping) report(error);
  await finish(1);
}
