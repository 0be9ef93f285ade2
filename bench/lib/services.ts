// A database and a key prefix of its own for one bench, on the services that `npm run bench` brought up.
import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { registerKey } from "../../src/accounts/api-keys";
import { addUser } from "../../src/accounts/users";
import { closeDb, getSql } from "../../src/platform/db";
import { isRetryable } from "../../src/platform/errors";
import { newId } from "../../src/platform/ids";
import { migrateDatabase } from "../../src/platform/migrate";
import { closeRedis, openRedis } from "../../src/platform/redis";
import { foldCounts } from "../../src/tasks/counts";
import { rebuildIfLost } from "../../src/tasks/reconcile";

export type BenchServices = {
  databaseUrl: string;
  redisUrl: string;
  redisPrefix: string;
  userId: string;
  apiKey: string;
  close: () => Promise<void>;
};

const given = (name: "TEST_DATABASE_URL" | "TEST_REDIS_URL"): string => {
  const url = process.env[name];
  if (!url) throw new Error(`${name} is not set: measure with \`npm run bench\`, which starts the services.`);
  return url;
};

const admin = async (statement: string): Promise<void> => {
  const sql = postgres(given("TEST_DATABASE_URL"), { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 2 });
  }
};

/** While autovacuum works in it a database cannot be dropped by its owner. */
const dropDatabase = async (name: string): Promise<void> => {
  for (let tries = 1; ; tries++) {
    try {
      return await admin(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    } catch (error) {
      if (tries === 60 || !(error instanceof postgres.PostgresError && error.code === "42501")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
};

const deleteKeys = async (url: string, prefix: string): Promise<void> => {
  const redis = openRedis(url, { timeoutMs: 10_000 });
  try {
    let cursor = "0";
    do {
      const [next, keys] = await redis.scan(cursor, "MATCH", `${prefix}*`, "COUNT", 1000);
      if (keys.length > 0) await redis.unlink(...keys);
      cursor = next;
    } while (cursor !== "0");
  } finally {
    redis.disconnect();
  }
};

/**
 * Makes the database, brings it to the schema, makes an account with a key, and points this process's environment there.
 * Call it before anything else: modules read the environment when first used.
 *
 * @param settings such as QUEUE_MAX_SIZE, for this process and the programs that it starts
 */
export const openServices = async (bench: string, settings: Record<string, string> = {}): Promise<BenchServices> => {
  const id = `${bench.replace(/\W/g, "_")}_${randomBytes(4).toString("hex")}`;
  const database = `bench_${id}`;
  const url = new URL(given("TEST_DATABASE_URL"));
  url.pathname = `/${database}`;
  const redisUrl = given("TEST_REDIS_URL");
  const redisPrefix = `bench:${id}:`;
  Object.assign(process.env, {
    ENV: "development",
    DATABASE_URL: url.href,
    REDIS_URL: redisUrl,
    REDIS_PREFIX: redisPrefix,
    ALLOW_COMMANDS: "true",
    LOG_LEVEL: "warn",
    // The limit on a queue's length is not what is measured.
    QUEUE_MAX_SIZE: "100000000",
    ...settings,
  });
  await admin(`CREATE DATABASE "${database}"`);
  await migrateDatabase(url.href);
  const user = await addUser({ email: `${id}@localhost`, password: id, tier: "standard", role: "owner" });
  if (!user) throw new Error("The bench's account was there already.");
  const apiKey = `bench-${id}`;
  await registerKey({ userId: user.userId, key: apiKey, name: "bench" });
  await rebuildIfLost();
  return {
    databaseUrl: url.href,
    redisUrl,
    redisPrefix,
    userId: user.userId,
    apiKey,
    close: async () => {
      await closeDb();
      closeRedis();
      await deleteKeys(redisUrl, redisPrefix);
      await dropDatabase(database);
    },
  };
};

/** Another account beside the bench's own, with a key. @param name of its own in this bench */
export const addAccount = async (name: string): Promise<{ userId: string; apiKey: string }> => {
  const user = await addUser({ email: `${name}@bench.localhost`, password: null, tier: "standard", role: "member" });
  if (!user) throw new Error(`The account ${name} was there already.`);
  const apiKey = newId("key");
  await registerKey({ userId: user.userId, key: apiKey, name: "bench" });
  return { userId: user.userId, apiKey };
};

/** Folds the counters each second meanwhile, as a worker would, for benches that run none. */
export const whileFolding = async <T>(run: () => Promise<T>): Promise<T> => {
  const done = new AbortController();
  const fold = async () => {
    while (!done.signal.aborted) {
      await foldCounts();
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  };
  const folding = fold();
  try {
    return await run();
  } finally {
    done.abort();
    await folding;
  }
};

/** A worker's housekeeping takes locks on these tables in an order of its own: PostgreSQL then ends one of the two. */
const truncateTasks = async (): Promise<void> => {
  for (let tries = 1; ; tries++) {
    try {
      await getSql()`
        TRUNCATE tasks, ready_tasks, pending_tasks, task_dependencies, task_attempts, task_counts, task_count_deltas, log_chunks, metric_points, idempotency_keys`;
      return;
    } catch (error) {
      if (tries === 10 || !isRetryable(error)) throw error;
    }
  }
};

/** Empties every table of tasks, so that each round starts alike. The account stays; so do the sets' marks in Redis. */
export const forgetTasks = async ({ redisUrl, redisPrefix }: BenchServices): Promise<void> => {
  await truncateTasks();
  await deleteKeys(redisUrl, redisPrefix);
  await rebuildIfLost();
};
