// The frame of `npm run bench` and `npm run chaos`: packages, services and the build, then the run, and all of it taken down again.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { build } from "./build.mjs";
import { killCommands, run } from "./command.mjs";
import { install } from "./install.mjs";
import { onStop } from "./lifeline.mjs";
import { ownServices } from "./own-services.mjs";
import { checkNode, dataDirOf, loadEnv, ROOT } from "./project.mjs";
import { makeSteps, report } from "./steps.mjs";

/**
 * Ends this process when the run is over.
 *
 * @param {"bench" | "chaos"} kind
 * @param {object} how
 * @param {boolean} how.withServices whether PostgreSQL and Redis are started, or only the folder and the environment are made
 * @param {(tools: {line: (text: string) => void, start: (args: string[], env?: object) => Promise<number>}) => Promise<number>} work
 *   start: runs a TypeScript file of the repository with the environment, and answers its exit code. @returns the exit code
 */
export const builtRun = async (kind, { withServices }, work) => {
  const services = ownServices(kind, loadEnv(process.env, ""));
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
  const start = async ([file, ...flags], extra = {}) => {
    const args = ["--import", "tsx", path.join(ROOT, file), ...flags];
    const { code } = await run(process.execPath, args, {
      env: { ...env, ...extra },
      stdio: ["ignore", "inherit", "inherit"],
    });
    return code;
  };
  try {
    checkNode();
    mkdirSync(logs, { recursive: true });
    await steps.step("Packages", (say) =>
      install({ env: loadEnv(process.env, ""), log: path.join(logs, "install.log"), say }),
    );
    if (withServices) await steps.step("Services", () => services.start());
    await steps.step("Build", async (say) => {
      const { dist } = await build({ env, log: path.join(logs, "build.log"), dataDirs: [dataDirOf(loadEnv())], say });
      env.MLQUEUE_DIST = dist;
      return path.relative(ROOT, dist);
    });
    await finish(await work({ line: steps.line, start }));
  } catch (error) {
    if (!stopping) report(error);
    await finish(1);
  }
};
