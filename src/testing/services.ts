// Real PostgreSQL and Redis for a test file: a database of its own and a key prefix of its own.
import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { afterAll, beforeAll } from "vitest";
import { closeDb, getSql } from "../platform/db";
import { migrateDatabase } from "../platform/migrate";
import { closeRedis, openRedis } from "../platform/redis";

const given = (name: "TEST_DATABASE_URL" | "TEST_REDIS_URL"): string => {
  const url = process.env[name];
  if (!url) throw new Error(`${name} is not set: run the tests with \`npm test\`, which starts the services.`);
  return url;
};

const admin = async <T>(run: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
  const sql = postgres(given("TEST_DATABASE_URL"), { max: 1, onnotice: () => {} });
  try {
    return await run(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
};

/**
 * Drops a database with all connections to it. Only a superuser may end an autovacuum that is at work there, so that
 * FORCE is refused (42501) to others; without FORCE PostgreSQL ends it by itself.
 */
const dropDatabase = (name: string): Promise<unknown> =>
  admin(async (sql) => {
    try {
      await sql.unsafe(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    } catch (error) {
      if (!(error instanceof postgres.PostgresError) || error.code !== "42501") throw error;
      await sql.unsafe(`DROP DATABASE IF EXISTS "${name}"`);
    }
  });

/** Databases are copied from a template that the first test file of a run migrates. */
const templateName = (): string => `mlqueue_template_${process.env.MLQUEUE_TEST_RUN ?? "local"}`;

const createDatabase = (name: string): Promise<void> =>
  admin(async (sql) => {
    await sql`SELECT pg_advisory_lock(7110002)`;
    const template = templateName();
    const found = await sql`SELECT 1 FROM pg_database WHERE datname = ${template}`;
    if (found.length === 0 || !process.env.MLQUEUE_TEST_RUN) {
      await sql.unsafe(`DROP DATABASE IF EXISTS "${template}" WITH (FORCE)`);
      await sql.unsafe(`CREATE DATABASE "${template}"`);
      const url = new URL(given("TEST_DATABASE_URL"));
      url.pathname = `/${template}`;
      await migrateDatabase(url.href);
    }
    await sql.unsafe(`CREATE DATABASE "${name}" TEMPLATE "${template}"`);
  });

/**
 * Call once at the top of a test file. The environment is set at once, so that modules read it when first used;
 * the database is made before the first test and dropped after the last, and all keys of the prefix are deleted.
 */
export const useTestServices = (extra: Record<string, string> = {}): { databaseUrl: string; redisPrefix: string } => {
  const id = randomBytes(6).toString("hex");
  const name = `t_${id}`;
  const url = new URL(given("TEST_DATABASE_URL"));
  url.pathname = `/${name}`;
  const redisPrefix = `t:${id}:`;
  Object.assign(process.env, {
    ENV: "test",
    DATABASE_URL: url.href,
    REDIS_URL: given("TEST_REDIS_URL"),
    REDIS_PREFIX: redisPrefix,
    JWT_SECRET: "a-secret-for-tests-only",
    NEXTAUTH_SECRET: "a-secret-for-tests-only",
    WEBHOOK_SECRET_KEY: "a-secret-for-tests-only",
    LOG_LEVEL: process.env.LOG_LEVEL ?? "error",
    ...extra,
  });
  beforeAll(async () => {
    await createDatabase(name);
  }, 60_000);
  afterAll(async () => {
    // A client that waits (no timeout, as for a subscriber): the product's gives up after 300 ms, which a machine under load may need.
    const redis = openRedis(given("TEST_REDIS_URL"), { subscriber: true });
    let cursor = "0";
    do {
      const [next, keys] = await redis.scan(cursor, "MATCH", `${redisPrefix}*`, "COUNT", 1000);
      cursor = next;
      if (keys.length > 0) await redis.del(...keys);
    } while (cursor !== "0");
    redis.disconnect();
    closeRedis();
    await getSql()`SELECT 1`;
    await closeDb();
    await dropDatabase(name);
  }, 60_000);
  return { databaseUrl: url.href, redisPrefix };
};
