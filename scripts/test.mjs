// `npm test [filters]`: sets everything up by itself, runs vitest and playwright, prints `N passed, N failed` last.
// Filters go to vitest, and the browser tests are then left out. Runs beside a running `npm start`.
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { build } from "./lib/build.mjs";
import { findChromium } from "./lib/chromium.mjs";
import { killCommands, run } from "./lib/command.mjs";
import { install } from "./lib/install.mjs";
import { onStop } from "./lib/lifeline.mjs";
import { ownServices } from "./lib/own-services.mjs";
import { checkNode, dataDirOf, loadEnv, ROOT } from "./lib/project.mjs";
import { makeSteps, report, seconds } from "./lib/steps.mjs";
import { countPlaywright, countVitest, sum } from "./lib/test-report.mjs";

const filters = process.argv.slice(2);
// The person's .env is theirs: tests read only the environment they are started with.
const services = ownServices("test", loadEnv(process.env, ""));
const { env, logs, dataDir } = services;
const ci = /^(true|1)$/.test(process.env.CI ?? "");
const steps = makeSteps();
const counts = [];
let stopping = null;

const specs = () => {
  const folder = path.join(ROOT, "e2e");
  return existsSync(folder) && readdirSync(folder, { recursive: true }).some((name) => /\.spec\.tsx?$/.test(name));
};

/** Whether a test that will run asks for the build: a filter for pure rules should not wait half a minute for one. */
const needsBuild = () => {
  const wanted = filters.filter((one) => !one.startsWith("-"));
  const files = ["src", "worker", "scripts", "e2e", "examples"].flatMap((folder) =>
    existsSync(path.join(ROOT, folder))
      ? readdirSync(path.join(ROOT, folder), { recursive: true }).map((name) => path.join(folder, name))
      : [],
  );
  const chosen = files.filter(
    (file) => /\.test\.tsx?$/.test(file) && (wanted.length === 0 || wanted.some((one) => file.includes(one))),
  );
  return chosen.some((file) => readFileSync(path.join(ROOT, file), "utf8").includes("MLQUEUE_DIST"));
};

/** A build that fails is one failure, and the tests that need none still run. */
const buildStep = async (say) => {
  const { dist } = await build({ env, log: path.join(logs, "build.log"), dataDirs: [dataDirOf(loadEnv())], say });
  env.MLQUEUE_DIST = dist;
  return path.relative(ROOT, dist);
};

const runner = (file, args) =>
  run(process.execPath, [path.join(ROOT, "node_modules", file), ...args], {
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });

const vitest = async () => {
  const file = path.join(dataDir, "vitest.json");
  const { code } = await runner("vitest/vitest.mjs", [
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
    ...filters,
  ]);
  counts.push(countVitest(file, code));
};

const playwright = async () => {
  if (!env.CHROMIUM_PATH) {
    const notes = ["The browser tests were skipped: no Chromium was found (set CHROMIUM_PATH, or install chromium)."];
    counts.push({ passed: 0, failed: ci ? 1 : 0, skipped: ["all browser tests"], notes });
    return;
  }
  const file = path.join(dataDir, "playwright.json");
  env.PLAYWRIGHT_JSON_OUTPUT_FILE = file;
  const { code } = await runner("@playwright/test/cli.js", ["test", "--reporter=list,json"]);
  counts.push(countPlaywright(file, code));
};

const main = async () => {
  checkNode();
  mkdirSync(logs, { recursive: true });
  await steps.step("Packages", (say) =>
    install({ env: loadEnv(process.env, ""), log: path.join(logs, "install.log"), say }),
  );
  await steps.step("Services", () => services.start());
  const browser = filters.length === 0 && specs();
  if (browser || needsBuild())
    await steps.step("Build", buildStep).catch((error) => {
      if (stopping) throw error;
      report(error);
      counts.push({ passed: 0, failed: 1, skipped: [], notes: ["The build failed: counted as 1 failed."] });
    });
  if (browser)
    await steps.step("Chromium", async (say) => {
      env.CHROMIUM_PATH = (await findChromium({ env, log: path.join(logs, "chromium.log"), say })) ?? "";
      return env.CHROMIUM_PATH || "none found";
    });
  await vitest();
  if (browser && env.MLQUEUE_DIST) await playwright();
};

const finish = async (code) => {
  stopping ??= services.stop();
  await stopping.catch((error) => report(error));
  process.exit(code);
};

onStop(
  (reason) => {
    killCommands();
    finish(reason === "SIGTERM" ? 143 : 130);
  },
  () => process.exit(130),
);

try {
  await main();
} catch (error) {
  if (stopping) await new Promise(() => {});
  report(error);
  counts.push({ passed: 0, failed: 1, skipped: [], notes: ["The set-up failed: counted as 1 failed."] });
}
if (stopping) await new Promise(() => {});
await services.stop().catch((error) => report(error));
const total = sum(counts);
for (const note of total.notes) steps.line(note);
if (total.skipped.length > 0) steps.line(`Skipped: ${total.skipped.join("; ")}`);
steps.line(`Took ${seconds(steps.elapsed())}.`);
steps.line(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
