// Redis: the order of ready tasks, and live hints. All of it can be rebuilt from PostgreSQL.
import { Redis } from "ioredis";
import { getEnv } from "./env";
import { log } from "./log";

/** A connection that answers within `timeoutMs` or fails: nothing may hang on Redis. */
export const openRedis = (url: string, options: { timeoutMs?: number; subscriber?: boolean } = {}): Redis => {
  const redis = new Redis(url, {
    commandTimeout: options.subscriber ? undefined : (options.timeoutMs ?? 300),
    maxRetriesPerRequest: options.subscriber ? null : 0,
    connectTimeout: 2000,
    retryStrategy: (times) => Math.min(500, 25 * times),
    autoResubscribe: true,
  });
  // Before the first connection commands wait for it; in an outage they fail at once, and the caller asks PostgreSQL.
  if (!options.subscriber)
    redis.once("ready", () => {
      redis.options.enableOfflineQueue = false;
    });
  let lastSaid = Number.NEGATIVE_INFINITY;
  redis.on("error", (error) => {
    if (performance.now() - lastSaid < 5000) return;
    lastSaid = performance.now();
    log.warn({ error: error.message }, "redis connection failed");
  });
  return redis;
};

const holder = globalThis as { mlqueueRedis?: Redis };

export const getRedis = (): Redis => {
  holder.mlqueueRedis ??= openRedis(getEnv().REDIS_URL);
  return holder.mlqueueRedis;
};

/** Whether this process has a connection, or has closed it: what comes late must not open another one. */
export const isRedisOpen = (): boolean => holder.mlqueueRedis !== undefined;

export const closeRedis = (): void => {
  holder.mlqueueRedis?.disconnect();
  holder.mlqueueRedis = undefined;
};
