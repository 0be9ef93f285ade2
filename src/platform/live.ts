// Live hints: "task 12 changed", published after the commit. A lost one costs a refetch, never data.
import type { Redis } from "ioredis";
import { getEnv } from "./env";
import { log } from "./log";
import { getRedis } from "./redis";

export type LiveEvent =
  | { kind: "task"; userId: string; taskId: string; status: string }
  /** for the worker that runs it, besides the pages */
  | { kind: "cancel"; userId: string; taskId: string }
  | { kind: "output"; userId: string; taskId: string }
  | { kind: "tasks"; userId: string }
  /** the account's groups, or their units */
  | { kind: "groups"; userId: string }
  /** a unit, or the order of its runs */
  | { kind: "unit"; userId: string; unitId: string }
  | { kind: "run"; userId: string; unitId: string; runId: string; status: string }
  | { kind: "runOutput"; userId: string; runId: string }
  | { kind: "queue"; queue: string }
  | { kind: "worker" };

export const liveChannel = (): string => `${getEnv().REDIS_PREFIX}live`;

/** Publishes hints. Never fails: who misses them polls. */
export const publishLive = (events: LiveEvent[], redis: Redis = getRedis()): void => {
  if (events.length === 0) return;
  redis.publish(liveChannel(), JSON.stringify(events)).catch((error: Error) => {
    log.debug({ error: error.message, count: events.length }, "live events were lost");
  });
};
