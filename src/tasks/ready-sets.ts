// The sets behind the order in Redis, as reconcile.ts compares and rebuilds them; ready-queue.ts is for everybody else.
import type { Redis } from "ioredis";
import { getRedis } from "../platform/redis";
import { run, script } from "../platform/redis-script";
import { accountMember, classMember, execAll, prefix } from "./ready-keys";
import type { ReadyEntry } from "./ready-queue";

/** A sorted set of ids by place: of a queue and class, or of a queue and account. */
export type PlaceSet =
  | { kind: "ready"; queue: string; class: string }
  | { kind: "place"; queue: string; userId: string };

const keyOf = (set: PlaceSet, root = prefix()) =>
  set.kind === "ready"
    ? `${root}ready:${classMember(set.queue, set.class)}`
    : `${root}place:${accountMember(set.queue, set.userId)}`;

export const setsOf = (entry: ReadyEntry): PlaceSet[] => [
  { kind: "ready", queue: entry.queue, class: entry.class },
  { kind: "place", queue: entry.queue, userId: entry.userId },
];

/** Whether the sets are whole and were built in this very Redis server. */
export const isWhole = async (redis: Redis = getRedis()): Promise<boolean> => {
  const [epoch, builtIn, info] = (await execAll(
    redis.pipeline().exists(`${prefix()}epoch`).get(`${prefix()}run`).info("server"),
  )) as [number, string | null, string];
  return epoch === 1 && builtIn !== null && info.includes(`run_id:${builtIn}`);
};

/** Scores of ids, null where missing. */
export const scoresOf = async (
  set: PlaceSet,
  taskIds: string[],
  redis: Redis = getRedis(),
): Promise<(number | null)[]> => {
  const scores = await redis.zmscore(keyOf(set), ...taskIds);
  return scores.map((score) => (score === null ? null : Number(score)));
};

/** At most `limit` entries with a place above `above`, lowest first; null: from the start. */
export const entriesAbove = async (
  set: PlaceSet,
  above: number | null,
  limit: number,
  redis: Redis = getRedis(),
): Promise<Map<string, number>> => {
  const flat = await redis.zrangebyscore(
    keyOf(set),
    above === null ? "-inf" : `(${above}`,
    "+inf",
    "WITHSCORES",
    "LIMIT",
    0,
    limit,
  );
  const found = new Map<string, number>();
  for (let i = 0; i < flat.length; i += 2) found.set(String(flat[i]), Number(flat[i + 1]));
  return found;
};

export const dropFromSet = async (set: PlaceSet, taskIds: string[], redis: Redis = getRedis()): Promise<void> => {
  if (taskIds.length > 0) await redis.zrem(keyOf(set), ...taskIds);
};

const scan = async (match: string, redis: Redis): Promise<string[]> => {
  const keys = new Set<string>();
  let cursor = "0";
  do {
    const [next, found] = await redis.scan(cursor, "MATCH", match, "COUNT", 1000);
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== "0");
  return [...keys];
};

/** Every set that exists now. */
export const existingSets = async (redis: Redis = getRedis()): Promise<PlaceSet[]> => {
  const cut = prefix().length;
  const sets: PlaceSet[] = [];
  for (const key of await scan(`${prefix()}ready:*`, redis)) {
    const [queue = "", className = ""] = key.slice(cut + "ready:".length).split("|");
    sets.push({ kind: "ready", queue: decodeURIComponent(queue), class: className });
  }
  for (const key of await scan(`${prefix()}place:*`, redis)) {
    const [queue = "", userId = ""] = key.slice(cut + "place:".length).split("|");
    sets.push({ kind: "place", queue: decodeURIComponent(queue), userId });
  }
  return sets;
};

/** Adds entries to the staged copy of a rebuild. */
export const stage = async (stagingId: string, entries: ReadyEntry[], redis: Redis = getRedis()): Promise<void> => {
  const root = `${prefix()}stage:${stagingId}:`;
  const byKey = new Map<string, (string | number)[]>();
  for (const entry of entries)
    for (const set of setsOf(entry)) {
      const key = keyOf(set, root);
      const args = byKey.get(key) ?? [];
      args.push(entry.place, entry.taskId);
      byKey.set(key, args);
    }
  const pipeline = redis.pipeline();
  for (const [key, args] of byKey) pipeline.zadd(key, ...args).expire(key, 600);
  await execAll(pipeline);
};

/**
 * Puts a staged copy in the place of the live sets, and says that they are whole.
 *
 * ARGV: prefix, staging root, run_id, then all staged keys, `--`, all live keys.
 * Atomic, so that no worker sees half a queue; UNLINK, since DEL of 100,000 members keeps everybody waiting for 50 ms.
 * Returns 0 when a staged key was lost meanwhile, else 1.
 */
const SWAP = script(`
local p, root = ARGV[1], ARGV[2]
local i = 4
while ARGV[i] ~= '--' do
  if redis.call('EXISTS', ARGV[i]) == 0 then return 0 end
  i = i + 1
end
for j = i + 1, #ARGV do redis.call('UNLINK', ARGV[j]) end
redis.call('UNLINK', p .. 'classes', p .. 'claiming')
for j = 4, i - 1 do
  local name = string.sub(ARGV[j], #root + 1)
  redis.call('RENAME', ARGV[j], p .. name)
  redis.call('PERSIST', p .. name)
  local member = string.match(name, '^ready:(.*)$')
  if member then redis.call('SADD', p .. 'classes', member) end
end
redis.call('SET', p .. 'run', ARGV[3])
redis.call('SET', p .. 'epoch', ARGV[3])
redis.call('PUBLISH', p .. 'wake', '')
return 1`);

/** @returns false when Redis lost the staged copy: rebuild again */
export const swapIn = async (stagingId: string, redis: Redis = getRedis()): Promise<boolean> => {
  const root = `${prefix()}stage:${stagingId}:`;
  const staged = await scan(`${root}*`, redis);
  const live = [...(await scan(`${prefix()}ready:*`, redis)), ...(await scan(`${prefix()}place:*`, redis))];
  const runId = /run_id:(\w+)/.exec(await redis.info("server"))?.[1] ?? "";
  return (await run(redis, SWAP, [prefix(), root, runId, ...staged, "--", ...live])) === 1;
};

/** Ids that were offered more than `olderThanMs` ago and never settled: their worker died or lost its connection. */
export const unsettledOffers = async (olderThanMs: number, redis: Redis = getRedis()): Promise<string[]> => {
  const [seconds, micros] = await redis.time();
  const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  return redis.zrangebyscore(`${prefix()}claiming`, "-inf", now - olderThanMs, "LIMIT", 0, 10_000);
};

/** Makes the hint about paused queues equal to PostgreSQL's. */
export const setPausedHints = async (queues: string[], redis: Redis = getRedis()): Promise<void> => {
  const key = `${prefix()}paused`;
  const transaction = redis.multi().del(key);
  if (queues.length > 0) transaction.sadd(key, ...queues.map(encodeURIComponent));
  await transaction.exec();
};
