// Connections that are lost without a word: packets vanish, nobody is told. Over the bundles' copy of postgres.js, which shows
// what is watched.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { mendedPostgres } from "../../scripts/lib/mended-postgres.mjs";
import type { Sql } from "../../src/platform/db";
import { openRedis } from "../../src/platform/redis";
import { Network } from "./network";
import { pause } from "./seeded";

/** Where PostgreSQL or Redis can be reached by a new connection. */
const REACHED_MS = 7000;
/** Where it cannot. */
const AWAY_MS = 15_000;

let openSql: (url: string, options?: { max?: number; name?: string }) => Sql;
let folder: string;
/** past the proxies */
let direct: postgres.Sql;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(import.meta.dirname, "../../node_modules/.half-open-"));
  const file = join(folder, "db.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../../src/platform/db.ts")],
    outfile: file,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    plugins: mendedPostgres(),
  });
  ({ openSql } = (await import(pathToFileURL(file).href)) as { openSql: typeof openSql });
  direct = postgres(String(process.env.TEST_DATABASE_URL), { max: 2, onnotice: () => {} });
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(async () => {
  await direct.end({ timeout: 1 });
  rmSync(folder, { recursive: true, force: true });
});

const through = async (given: string | undefined): Promise<{ url: string; network: Network }> => {
  const url = new URL(String(given));
  const port = Number(url.port);
  const network = await Network.open(() => port);
  url.port = String(network.port);
  return { url: url.href, network };
};

/** A pool whose sessions carry the name, warm, behind a network of its own. */
const openPool = async (name: string, max: number): Promise<{ sql: Sql; network: Network }> => {
  const { url, network } = await through(process.env.TEST_DATABASE_URL);
  const sql = openSql(url, { max, name });
  closing.push(async () => {
    await sql.end({ timeout: 0.1 });
    await network.close();
  });
  await Promise.all(Array.from({ length: max }, () => sql`SELECT pg_sleep(0.1)`));
  return { sql, network };
};

const timed = async <T>(work: Promise<T>): Promise<{ ms: number; error: unknown }> => {
  const from = performance.now();
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  return { ms: performance.now() - from, error };
};

const lost = expect.objectContaining({ code: expect.stringMatching(/ETIMEDOUT|CONNECTION_CLOSED/) });

describe("postgres", () => {
  test("a statement on a lost connection is refused in time, and the whole pool is fresh after it", async () => {
    const { sql, network } = await openPool("mlqueue lost", 4);
    network.freeze({ newOnes: false });
    const first = await timed(sql`SELECT 1`);
    expect(first).toEqual({ ms: expect.any(Number), error: lost });
    expect(first.ms).toBeLessThan(REACHED_MS);
    for (let n = 0; n < 8; n++) {
      const { ms, error } = await timed(sql`SELECT 1`);
      expect(error).toBeNull();
      expect(ms).toBeLessThan(1000);
    }
  });

  test("the locks of a lost transaction are free as soon as its connection is given up", async () => {
    const { sql, network } = await openPool("mlqueue locker", 1);
    const transaction = sql.begin(async (tx) => {
      await tx`SELECT pg_advisory_xact_lock(77, 1)`;
      network.freeze({ newOnes: false });
      await tx`SELECT 1`;
    });
    const { error, ms } = await timed(transaction);
    expect(error).toEqual(lost);
    expect(ms).toBeLessThan(REACHED_MS);
    await expect
      .poll(
        () => direct`SELECT pg_try_advisory_lock(77, 1) AS got, pg_advisory_unlock_all()`.then(([row]) => row?.got),
        {
          timeout: 2000,
        },
      )
      .toBe(true);
  });

  test("a slow statement is left alone, also where this process stood still meanwhile", async () => {
    const { sql } = await openPool("mlqueue slow", 2);
    const slow = [sql`SELECT pg_sleep(6)`, sql`SELECT pg_sleep(1), 2 AS n`];
    await pause(200);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 9000);
    expect((await slow[1])?.[0]).toMatchObject({ n: 2 });
    await slow[0];
    await sql`SELECT pg_sleep(6)`;
  }, 40_000);

  test("while nothing answers, what is at work and what waits for a connection is refused in time; then all is whole", async () => {
    const { sql, network } = await openPool("mlqueue away", 2);
    network.freeze({ newOnes: true });
    const all = await Promise.all(Array.from({ length: 30 }, (_, n) => timed(sql`SELECT ${n}::int`)));
    for (const { ms, error } of all) {
      expect(error).toMatchObject({ code: expect.stringMatching(/ETIMEDOUT|CONNECT_TIMEOUT|CONNECTION_CLOSED/) });
      expect(ms).toBeLessThan(AWAY_MS);
    }
    // From now on nobody waits so long for a connection.
    const late = await Promise.all(Array.from({ length: 10 }, () => timed(sql`SELECT 1`)));
    for (const { ms, error } of late) {
      expect(error).not.toBeNull();
      expect(ms).toBeLessThan(AWAY_MS);
    }
    network.heal();
    await expect
      .poll(() => Promise.all(Array.from({ length: 5 }, () => sql`SELECT 1`)).then(() => "whole", String), {
        timeout: 8000,
      })
      .toBe("whole");
  }, 60_000);

  test("PostgreSQL looks for lost sessions itself", async () => {
    const { sql } = await openPool("mlqueue limits", 1);
    const shown = await sql`SELECT name, setting::int AS n FROM pg_settings
      WHERE name IN ('tcp_user_timeout', 'tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count') ORDER BY name`;
    expect(shown.map(({ n }) => n)).toEqual([3, 10, 5, 20_000]);
  });
});

describe("redis", () => {
  test("a lost connection is given up in time, with the channels of a subscriber", async () => {
    const { url, network } = await through(process.env.TEST_REDIS_URL);
    const subscriber = openRedis(url, { subscriber: true });
    const redis = openRedis(url);
    const past = openRedis(String(process.env.TEST_REDIS_URL));
    closing.push(async () => {
      for (const one of [subscriber, redis, past]) one.disconnect();
      await network.close();
    });
    const heard: string[] = [];
    subscriber.on("message", (_channel, text) => heard.push(text));
    await subscriber.subscribe("half-open");
    await redis.ping();
    // Answers to pings are no messages, and a healthy connection is not closed.
    let closes = 0;
    for (const one of [subscriber, redis]) one.on("close", () => closes++);
    await pause(6000);
    await past.publish("half-open", "before");
    await expect.poll(() => heard).toEqual(["before"]);
    expect(closes).toBe(0);

    network.freeze({ newOnes: false });
    const from = performance.now();
    await expect
      .poll(
        () =>
          redis.ping().then(
            () => "answers",
            () => "not yet",
          ),
        { timeout: REACHED_MS, interval: 100 },
      )
      .toBe("answers");
    await expect
      .poll(
        async () => {
          await past.publish("half-open", "after");
          return heard.includes("after");
        },
        { timeout: REACHED_MS - (performance.now() - from), interval: 100 },
      )
      .toBe(true);
    expect(closes).toBe(2);
  }, 30_000);
});
