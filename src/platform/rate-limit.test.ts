// Rate limits against a real Redis, in windows short enough to wait for.
import { setTimeout } from "node:timers/promises";
import type { Redis } from "ioredis";
import { afterAll, expect, test } from "vitest";
import { useTestServices } from "../testing/services";
import { getEnv } from "./env";
import { limitOf, makeRateLimiter, type Verdict } from "./rate-limit";
import { openRedis } from "./redis";

const { redisPrefix } = useTestServices({
  RATE_LIMIT_STANDARD: "3",
  RATE_LIMIT_PREMIUM: "5",
  RATE_LIMIT_BATCH: "0",
  RATE_LIMIT_TRAFFIC: "7",
});

const connections: Redis[] = [];
afterAll(() => {
  for (const one of connections) one.disconnect();
});

/** Without a time limit for its commands: a machine under load is no outage. */
const connect = (): Redis => {
  const redis = openRedis(getEnv().REDIS_URL, { subscriber: true });
  connections.push(redis);
  return redis;
};

const server = (windowMs: number, redis = connect()) =>
  makeRateLimiter({ windowMs, redis: () => redis, prefix: () => `${redisPrefix}limit:` });

const times = <T>(count: number, make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, make));
const grantedIn = (verdicts: Verdict[]) => verdicts.filter(({ isGranted }) => isGranted).length;

test("of 1,000 parallel requests to two servers, exactly as many are granted as the limit says, and they are told how many are left", async () => {
  const [one, other] = [server(60_000), server(60_000)];
  const caller = { name: "parallel", limit: 100 };
  const verdicts = (await Promise.all([times(500, () => one(caller)), times(500, () => other(caller))])).flat();
  expect(grantedIn(verdicts)).toBe(100);
  const left = verdicts.filter(({ isGranted }) => isGranted).map(({ remaining }) => remaining);
  expect(left.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index));
  for (const { isGranted, remaining, resetSeconds, limit } of verdicts) {
    expect(limit).toBe(100);
    if (!isGranted) expect([remaining, resetSeconds]).toEqual([0, 60]);
  }
});

test("the window slides: what is granted over time never exceeds the limit in any window, and each slot comes back", async () => {
  const windowMs = 500;
  const redis = connect();
  const count = server(windowMs, redis);
  const caller = { name: "sliding", limit: 7 };
  const granted: { sent: number; told: number }[] = [];
  const start = performance.now();
  while (performance.now() - start < 4 * windowMs) {
    const sent = performance.now();
    const verdicts = await times(3, () => count(caller));
    const told = performance.now();
    for (const { isGranted } of verdicts) if (isGranted) granted.push({ sent, told });
    await setTimeout(10);
  }
  // Between sending and hearing of it each was granted: those that were sent after this one was told, and told within the window, are certain.
  for (const { told } of granted) {
    const certain = granted.filter((one) => one.sent >= told && one.told < told + windowMs);
    expect(certain.length).toBeLessThanOrEqual(caller.limit);
  }
  expect(granted.length).toBeGreaterThanOrEqual(2 * caller.limit);
  expect(granted.length).toBeLessThanOrEqual(5 * caller.limit);
});

test("callers do not share their windows", async () => {
  const count = server(60_000);
  const verdicts = await Promise.all(
    ["a", "b"].map((name) => times(4, () => count({ name: `apart ${name}`, limit: 3 }))),
  );
  expect(verdicts.map(grantedIn)).toEqual([3, 3]);
});

test("a window is forgotten after its last entry", async () => {
  const redis = connect();
  await server(200, redis)({ name: "gone", limit: 3 });
  expect(await redis.llen(`${redisPrefix}limit:gone`)).toBe(1);
  await expect.poll(() => redis.exists(`${redisPrefix}limit:gone`), { timeout: 5000 }).toBe(0);
});

test("while Redis is away the process counts by itself: nothing is refused for that, and the limit holds", async () => {
  const away = openRedis("redis://127.0.0.1:1");
  connections.push(away);
  const verdicts = await times(50, () => server(60_000, away)({ name: "away", limit: 20 }));
  expect(grantedIn(verdicts)).toBe(50);
  const count = server(60_000, away);
  expect(grantedIn(await times(50, () => count({ name: "away", limit: 20 })))).toBe(20);
});

test("with one server the limit stays exact while Redis goes and comes back empty", async () => {
  const redis = connect();
  const away = openRedis("redis://127.0.0.1:1");
  connections.push(away);
  let isAway = false;
  const clock = { ms: 0 };
  const count = makeRateLimiter({
    windowMs: 60_000,
    redis: () => (isAway ? away : redis),
    prefix: () => `${redisPrefix}limit:`,
    now: () => clock.ms,
  });
  const caller = { name: "flapping", limit: 10 };
  expect(grantedIn(await times(4, () => count(caller)))).toBe(4);
  isAway = true;
  expect(grantedIn(await times(4, () => count(caller)))).toBe(4);
  isAway = false;
  clock.ms += 2000;
  await redis.del(`${redisPrefix}limit:flapping`);
  const verdicts = await times(4, () => count(caller));
  expect(verdicts.map(({ isGranted, remaining }) => [isGranted, remaining])).toEqual([
    [true, 1],
    [true, 0],
    [false, 0],
    [false, 0],
  ]);
  expect(await redis.llen(`${redisPrefix}limit:flapping`)).toBe(2);
});

test("a Redis that was set back in time does not lock anybody out", async () => {
  const redis = connect();
  const key = `${redisPrefix}limit:clock`;
  const [seconds = 0] = await redis.time();
  await redis.rpush(key, (seconds + 3600) * 1e6);
  await redis.pexpire(key, 1500);
  const count = server(500, redis);
  expect((await count({ name: "clock", limit: 2 })).isGranted).toBe(true);
  await expect.poll(async () => (await count({ name: "clock", limit: 2 })).isGranted, { timeout: 5000 }).toBe(true);
});

test("the tier decides the writes; 0 is no limit", () => {
  expect(limitOf("write", "standard")).toBe(3);
  expect(limitOf("write", "premium")).toBe(5);
  expect(limitOf("batch", "premium")).toBe(0);
  expect(limitOf("traffic", "standard")).toBe(7);
});
