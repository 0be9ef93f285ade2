// Services for one `npm test`, `npm run bench` or `npm run chaos`: on free ports, in a data directory that is deleted at the end.
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { startPostgres, stopPostgres } from "./postgres.mjs";
import { findByEnvironment, findUnder, killPrograms, send, startTimeOf } from "./processes.mjs";
import { ROOT } from "./project.mjs";
import { startRedis, stopRedis } from "./redis.mjs";

const HOME = path.join(ROOT, ".data");

/** Settings that would lead a test to the services or the accounts of the person who runs it. */
const NOT_FOR_TESTS =
  /^(DATABASE_URL|DB_.*|REDIS_.*|JWT_.*|NEXTAUTH_.*|BOOTSTRAP_.*|QUEUE_.*|WORKER_.*|RATE_LIMIT_.*|METRICS_TOKEN|WEBHOOK_.*|SERVER_.*|CORS_ORIGINS|TRUST_PROXY|ENTRYPOINTS_DIR|DEFAULT_ENTRYPOINT|ALLOW_COMMANDS|(.*_)?RETENTION_DAYS|SHUTDOWN_GRACE_SECONDS|CANCEL_GRACE_SECONDS|ENV|NODE_ENV)$/;

/** Processes that work for a data directory or one below it: servers and workers that a test started, and their programs. */
const killAll = async (dataDir) => {
  const below = (entries, mark) => entries.some((entry) => entry === mark || entry.startsWith(`${mark}/`));
  for (const mark of [`DATA_DIR=${dataDir}`, `MLQUEUE_DATA_DIR=${dataDir}`])
    for (const one of findByEnvironment([mark], below)) send(one, "SIGKILL");
  await killPrograms(dataDir, { under: true });
};

/** Servers that a test started in a folder of its own, and whatever else works there. Last, since it takes PostgreSQL too. */
const killUnder = (dataDir) => {
  for (const one of findUnder(dataDir)) send(one, "SIGKILL");
};

/** Takes away what a killed run left: its folder is named by its pid. */
const sweep = async (kind) => {
  let names = [];
  try {
    names = readdirSync(HOME).filter((name) => name.startsWith(`${kind}-`));
  } catch {
    // Nothing yet.
  }
  for (const name of names) {
    if (startTimeOf(Number(name.slice(kind.length + 1))) !== null) continue;
    const dataDir = path.join(HOME, name);
    await killAll(dataDir);
    killUnder(dataDir);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
};

/**
 * Prepares an environment with services of its own. TEST_DATABASE_URL and TEST_REDIS_URL, where given, are used as they are.
 *
 * @param {"test" | "bench" | "chaos"} kind
 * @returns {{dataDir: string, logs: string, env: object, start: () => Promise<string>, stop: () => Promise<void>}}
 *   env: for children, complete after start()
 */
export const ownServices = (kind, source) => {
  const dataDir = path.join(HOME, `${kind}-${process.pid}`);
  const env = Object.fromEntries(Object.entries(source).filter(([name]) => !NOT_FOR_TESTS.test(name)));
  Object.assign(env, {
    DATA_DIR: dataDir,
    MLQUEUE_ROOT: ROOT,
    MLQUEUE_TEST_RUN: String(process.pid),
    JWT_SECRET: "a-secret-for-tests-only",
    NEXTAUTH_SECRET: "a-secret-for-tests-only",
    WEBHOOK_SECRET_KEY: "a-secret-for-tests-only",
    // Tests and benches send as much as they can; the tests of the limits set their own.
    RATE_LIMIT_STANDARD: "0",
    RATE_LIMIT_PREMIUM: "0",
    RATE_LIMIT_BATCH: "0",
    RATE_LIMIT_TRAFFIC: "0",
    RATE_LIMIT_SIGN_IN: "0",
  });
  let postgres = null;
  let redis = null;
  return {
    dataDir,
    logs: path.join(dataDir, "logs"),
    env,
    start: async () => {
      await sweep(kind);
      const password = "tests-only";
      // Figures are measured as people run it, with every commit on disk.
      if (!env.TEST_DATABASE_URL) postgres = await startPostgres({ dataDir, password, durable: kind === "bench" });
      if (!env.TEST_REDIS_URL) redis = await startRedis({ dataDir, password });
      env.TEST_DATABASE_URL ||= postgres.url;
      env.TEST_REDIS_URL ||= redis.url;
      return (
        [postgres && `PostgreSQL on ${postgres.port}`, redis && `Redis on ${redis.port}`].filter(Boolean).join(", ") ||
        "as given"
      );
    },
    stop: async () => {
      await killAll(dataDir);
      if (redis) await stopRedis(redis);
      if (postgres) await stopPostgres(postgres, 3000);
      killUnder(dataDir);
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
};
