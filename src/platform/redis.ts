// Redis: the order of ready tasks, and live hints. All of it can be rebuilt from PostgreSQL.
import { Redis } from "ioredis";
import { getEnv } from "./env";
import { log } from "./log";
import { everyLook, Silence } from "./silence";

/** A connection that is silent for so long is asked for a sign of life. */
const PING_AFTER_MS = 1000;
/** Without one it is closed and opened anew: the kernel would notice a lost one after a quarter of an hour, or never. */
const LOST_AFTER_MS = 4000;

/** Notices a connection that is lost without a word. Subscribers above all: their silence is no sign of anything. */
const watchSilence = (redis: Redis): void => {
  const silence = new Silence();
  const stop = everyLook((elapsedMs) => {
    const isOpen = redis.status === "ready" || redis.status === "connect";
    const ms = silence.look(isOpen ? redis.stream.bytesRead : null, elapsedMs);
    if (ms >= LOST_AFTER_MS) redis.stream.destroy(new Error(`Redis did not answer for ${LOST_AFTER_MS / 1000} s.`));
    // Its answer is heard as bytes; one that fails is heard as none.
    else if (ms >= PING_AFTER_MS && redis.status === "ready") redis.ping().catch(() => {});
  });
  redis.once("end", stop);
};

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
  watchSilence(redis);
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
