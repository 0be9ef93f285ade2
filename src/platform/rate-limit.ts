// Rate limits: how many requests an account may send over a sliding minute, counted in Redis for all web servers together.
import type { Redis } from "ioredis";
import { coalesce } from "./coalesce";
import { getEnv } from "./env";
import { log } from "./log";
import { getRedis } from "./redis";
import { run, script } from "./redis-script";
import type { Bucket } from "./request-context";
import { SlidingWindow, type Taken } from "./sliding-window";

/**
 * Counts requests of several callers.
 *
 * ARGV: prefix of the keys, length of the window in µs, then per caller: name, limit, requests.
 * Returns per caller: granted, remaining, µs until one more than that would be granted.
 *
 * A list per caller holds the time of each granted request in µs, oldest first, so that it is exact; it costs 11 bytes a request
 * (a sorted set: 100). What has left the window is found by halving and cut off at once. One script, so that two servers
 * cannot both find room for the last one; by Redis' clock, so that servers' clocks do not matter. A clock that is set back
 * counts as standing still; the list is then gone one window after its last entry, as always.
 */
const COUNT = script(`
local clock = redis.call('TIME')
local window = tonumber(ARGV[2])
local out = {}
for i = 3, #ARGV, 3 do
  local key, limit, asked = ARGV[1] .. ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local function at(index) return tonumber(redis.call('LINDEX', key, index) or 0) end
  local count = redis.call('LLEN', key)
  local now = math.max(clock[1] * 1000000 + clock[2], at(-1))
  if count > 0 and at(0) <= now - window then
    local low, high = 1, count
    while low < high do
      local middle = math.floor((low + high) / 2)
      if at(middle) <= now - window then low = middle + 1 else high = middle end
    end
    redis.call('LTRIM', key, low, -1)
    count = count - low
  end
  local granted = math.max(0, math.min(asked, limit - count))
  if granted > 0 then
    local times = {}
    for j = 1, granted do times[j] = string.format('%.0f', now) end
    redis.call('RPUSH', key, unpack(times))
    redis.call('PEXPIRE', key, math.ceil(window / 1000) + 1000)
    count = count + granted
  end
  out[#out + 1] = granted
  out[#out + 1] = math.max(0, limit - count)
  out[#out + 1] = count == 0 and 0 or at(math.max(0, count - limit)) + window - now
end
return out`);

/** What the answer to a counted request tells (headers RateLimit-*). */
export type Verdict = {
  isGranted: boolean;
  /** requests per window */
  limit: number;
  /** how many more would be granted right now */
  remaining: number;
  /** so many seconds until one more than that would be granted, at least 1 */
  resetSeconds: number;
};

/** Who sends, and how many requests it may send per window, 1 or more. */
export type Caller = { name: string; limit: number };

/** So long this process decides alone after Redis did not answer: a hanging one would delay each request by its timeout. */
const ALONE_MS = 1000;
/** Below the 8,000 values that Lua unpacks. */
const MAX_TOGETHER = 1000;

const verdictsOf = ({ limit }: Caller, asked: number, { granted, remaining, resetMs }: Taken): Verdict[] =>
  Array.from({ length: asked }, (_, index) => ({
    isGranted: index < granted,
    limit,
    remaining: index < granted ? remaining + granted - 1 - index : 0,
    resetSeconds: Math.max(1, Math.ceil(resetMs / 1000)),
  }));

/** A Redis that has lost its data knows less than this process, and this process nothing of the others. */
const strictest = (counted: Taken, own: Taken): Taken => ({
  granted: counted.granted,
  remaining: Math.min(counted.remaining, own.remaining),
  resetMs: Math.max(counted.resetMs, own.resetMs),
});

type Options = { windowMs: number; redis: () => Redis; prefix: () => string; now?: () => number };

/**
 * Counts requests: at most `limit` of a caller are granted in any window.
 *
 * Those of one turn of the loop go to Redis together. Each process also counts what it granted itself. When Redis is away
 * that decides alone, so nothing is refused because Redis is away, and with one web server the limit stays exact even
 * while Redis comes and goes; of several each grants up to the limit. It also spares Redis a caller that is over its limit.
 */
export const makeRateLimiter = ({ windowMs, redis, prefix, now = () => performance.now() }: Options) => {
  const windows = new Map<string, SlidingWindow>();
  let aloneUntil = 0;
  let saidAt = Number.NEGATIVE_INFINITY;
  let sweptAt = now();

  const windowOf = (name: string): SlidingWindow => {
    const known = windows.get(name);
    if (known) return known;
    const window = new SlidingWindow(windowMs);
    windows.set(name, window);
    return window;
  };

  /** Forgets callers that have sent nothing for a window. */
  const sweep = (): void => {
    const at = now();
    if (at - sweptAt < windowMs) return;
    sweptAt = at;
    for (const [name, window] of windows) if (window.count(at) === 0) windows.delete(name);
  };

  const askRedis = async (callers: (Caller & { asked: number })[]): Promise<Taken[] | null> => {
    if (callers.length === 0 || now() < aloneUntil) return null;
    try {
      const args = callers.flatMap(({ name, limit, asked }) => [name, limit, asked]);
      const answer = (await run(redis(), COUNT, [prefix(), windowMs * 1000, ...args])) as number[];
      return callers.map((_, index) => {
        const [granted = 0, remaining = 0, resetUs = 0] = answer.slice(index * 3);
        return { granted, remaining, resetMs: resetUs / 1000 };
      });
    } catch (error) {
      aloneUntil = now() + ALONE_MS;
      if (now() - saidAt > 30_000) {
        saidAt = now();
        log.warn(
          { error: error instanceof Error ? error.message : String(error) },
          "rate limits were counted by this process alone, since redis did not answer",
        );
      }
      return null;
    }
  };

  const count = async (items: Caller[]): Promise<Verdict[]> => {
    sweep();
    const groups = new Map<string, Caller & { at: number[] }>();
    for (const [index, item] of items.entries()) {
      const group = groups.get(item.name);
      if (group) group.at.push(index);
      else groups.set(item.name, { ...item, at: [index] });
    }
    const callers = [...groups.values()].map((group) => ({
      ...group,
      asked: Math.min(group.at.length, Math.max(0, group.limit - windowOf(group.name).count(now()))),
    }));
    const withRoom = callers.filter(({ asked }) => asked > 0);
    const answers = await askRedis(withRoom);
    const verdicts: Verdict[] = new Array(items.length);
    for (const caller of callers) {
      const window = windowOf(caller.name);
      const answer = answers?.[withRoom.indexOf(caller)];
      window.add(now(), answer?.granted ?? 0);
      const own = window.take(now(), caller.limit, answer ? 0 : caller.at.length);
      const taken = answer ? strictest(answer, own) : own;
      for (const [nth, verdict] of verdictsOf(caller, caller.at.length, taken).entries())
        verdicts[caller.at[nth] as number] = verdict;
    }
    return verdicts;
  };

  // One at a time: with 50 connections that busy a server, asking as often as possible cost 16 % of its creations, this 12 %.
  return coalesce(count, { maxUnderWay: 1, maxItems: MAX_TOGETHER });
};

/** Counts one request of a caller over a minute. */
export const countRequest: (caller: Caller) => Promise<Verdict> = makeRateLimiter({
  windowMs: 60_000,
  redis: getRedis,
  prefix: () => `${getEnv().REDIS_PREFIX}limit:`,
});

/** Requests a minute that an account of this tier may send to a bucket; 0: any number. */
export const limitOf = (bucket: Bucket, tier: "standard" | "premium"): number => {
  const env = getEnv();
  switch (bucket) {
    case "write":
      return tier === "premium" ? env.RATE_LIMIT_PREMIUM : env.RATE_LIMIT_STANDARD;
    case "batch":
      return env.RATE_LIMIT_BATCH;
    case "traffic":
      return env.RATE_LIMIT_TRAFFIC;
  }
};
