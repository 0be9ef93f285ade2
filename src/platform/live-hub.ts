// Live hints as they arrive in this process: one Redis subscription, however many listen.
import type { Redis } from "ioredis";
import { getEnv } from "./env";
import { liveChannel } from "./live";
import type { Hint, LiveEvent } from "./live-event";
import { log } from "./log";
import { openRedis } from "./redis";

type Listener = (hints: Hint[]) => void;

const listeners = new Set<Listener>();
let subscriber: Redis | undefined;

const tell = (hints: Hint[]): void => {
  for (const listener of listeners) listener(hints);
};

const subscribe = (): Redis => {
  const redis = openRedis(getEnv().REDIS_URL, { subscriber: true });
  let wasCut = false;
  redis.on("message", (_channel: string, message: string) => tell(JSON.parse(message) as LiveEvent[]));
  redis.on("close", () => {
    wasCut = true;
  });
  redis.on("ready", () => {
    if (wasCut) tell([{ kind: "resync" }]);
    wasCut = false;
  });
  redis
    .subscribe(liveChannel())
    .catch((error: Error) => log.warn({ error: error.message }, "live hints were not subscribed to"));
  return redis;
};

/** Calls the listener with all hints from now on. @returns what ends it */
export const listenLive = (listener: Listener): (() => void) => {
  subscriber ??= subscribe();
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const countListeners = (): number => listeners.size;

export const closeLiveHub = (): void => {
  subscriber?.disconnect();
  subscriber = undefined;
};
