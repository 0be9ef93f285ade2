// A build with one fault in it. The pages are those of the whole build: what is mutated is in the server and the worker.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "../../scripts/lib/build.mjs";
import { run } from "../../scripts/lib/command.mjs";
import { startPostgres, stopPostgres } from "../../scripts/lib/postgres.mjs";
import { ROOT } from "../../scripts/lib/project.mjs";
import { startRedis, stopRedis } from "../../scripts/lib/redis.mjs";
import type { Mutation } from "./mutations";

/** @returns the folder of the mutant; it lies in the build's, where packages and pages are found */
export const buildMutant = async ({ name, replacements }: Mutation, dist: string, log: string): Promise<string> => {
  const folder = join(dist, "mutants", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await bundle(folder, log, replacements);
  return folder;
};

type Report = { testResults: { assertionResults: { title: string; status: string }[] }[] };

/** Runs a test file on the mutated sources, with services of its own. @returns the names of the tests that fail */
export const redTests = async ({ name }: Mutation, test: string, dataDir: string): Promise<string[]> => {
  mkdirSync(join(dataDir, "logs"), { recursive: true });
  const password = "tests-only";
  const postgres = await startPostgres({ dataDir, password, durable: false });
  const redis = await startRedis({ dataDir, password });
  try {
    const report = join(dataDir, "vitest.json");
    const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
    const config = ["--config", join(ROOT, "e2e/chaos/mutant.vitest.config.ts")];
    await run(process.execPath, [vitest, "run", test, ...config, "--reporter=json", `--outputFile=${report}`], {
      env: { ...process.env, TEST_DATABASE_URL: postgres.url, TEST_REDIS_URL: redis.url, MLQUEUE_MUTATION: name },
      log: join(dataDir, "logs/vitest.log"),
    });
    const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
    return testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === "failed").map(({ title }) => title),
    );
  } finally {
    await stopRedis(redis);
    await stopPostgres(postgres, 3000);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
};
