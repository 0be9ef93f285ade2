// Live hints: "task 12 changed", published after the commit. A lost one costs a refetch, never data.
import type { Redis } from "ioredis";
import { getEnv } from "./env";
import type { LiveEvent } from "./live-event";
import { log } from "./log";
import { getRedis } from "./redis";

export const liveChannel = (): string => `${getEnv().REDIS_PREFIX}live`;

const GATHER_MS = 5;
const gathered = new Map<Redis, LiveEvent[]>();

const send = (redis: Redis): void => {
  const events = gathered.get(redis) ?? [];
  gathered.delete(redis);
  redis.publish(liveChannel(), JSON.stringify(events)).catch((error: Error) => {
    log.debug({ error: error.message, count: events.length }, "live events were lost");
  });
};

/** Publishes hints, those of some milliseconds together. Never fails: who misses them polls. */
export const publishLive = (events: LiveEvent[], redis: Redis = getRedis()): void => {
  if (events.length === 0) return;
  const waiting = gathered.get(redis);
  if (waiting) waiting.push(...events);
  else {
    gathered.set(redis, [...events]);
    setTimeout(send, GATHER_MS, redis);
  }
};
