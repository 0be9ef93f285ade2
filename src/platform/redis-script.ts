// How Lua scripts are run in Redis: by their hash, and sent along only to a Redis that does not know them yet.
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

export type Script = { sha: string; lua: string };
export const script = (lua: string): Script => ({ sha: createHash("sha1").update(lua).digest("hex"), lua });

export const run = async (redis: Redis, { sha, lua }: Script, args: (string | number)[]): Promise<unknown> => {
  try {
    return await redis.evalsha(sha, 0, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return redis.eval(lua, 0, ...args);
  }
};
