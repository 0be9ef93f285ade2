// The order of ready tasks in Redis, as verbs and workers use it. Everything here can be rebuilt from ready_tasks.
import type { Redis } from "ioredis";
import { getRedis } from "../platform/redis";
import { run, script } from "../platform/redis-script";
import { accountMember, classMember, execAll, prefix } from "./ready-keys";
import { CLIENT_CLASS, type Resources } from "./resource-class";

export type ReadyEntry = { taskId: string; queue: string; userId: string; class: string; place: number };

export const wakeChannel = () => `${prefix()}wake`;

/**
 * Adds ready tasks to both sets and wakes idle workers.
 *
 * ARGV: prefix, `NX` or ``, then per task: queue|class, queue|user, place, id.
 * Returns: 1 or 0 (epoch there), then each task's 0-based rank in its account's set.
 * One script, so that a task is never in one set without the other.
 */
const ADD = script(`
local p, nx = ARGV[1], ARGV[2]
local out = { redis.call('EXISTS', p .. 'epoch') }
for i = 3, #ARGV, 4 do
  local ready, account = p .. 'ready:' .. ARGV[i], p .. 'place:' .. ARGV[i + 1]
  if nx == 'NX' then
    redis.call('ZADD', ready, 'NX', ARGV[i + 2], ARGV[i + 3])
    redis.call('ZADD', account, 'NX', ARGV[i + 2], ARGV[i + 3])
  else
    redis.call('ZADD', ready, ARGV[i + 2], ARGV[i + 3])
    redis.call('ZADD', account, ARGV[i + 2], ARGV[i + 3])
  end
  redis.call('SADD', p .. 'classes', ARGV[i])
  out[#out + 1] = redis.call('ZRANK', account, ARGV[i + 3])
end
redis.call('PUBLISH', p .. 'wake', '')
return out`);

const CHUNK = 2000;

const add = async (entries: ReadyEntry[], mode: "NX" | "", redis: Redis): Promise<(number | null)[]> => {
  const positions: (number | null)[] = [];
  for (let start = 0; start < entries.length; start += CHUNK) {
    const args: (string | number)[] = [prefix(), mode];
    for (const entry of entries.slice(start, start + CHUNK))
      args.push(
        classMember(entry.queue, entry.class),
        accountMember(entry.queue, entry.userId),
        entry.place,
        entry.taskId,
      );
    const [whole, ...ranks] = (await run(redis, ADD, args)) as (number | null)[];
    // A set that lost its older half would call the newest task the first.
    for (const rank of ranks) positions.push(whole === 1 && rank !== null ? rank + 1 : null);
  }
  return positions;
};

/**
 * Puts newly queued tasks in their places. A task that is there already keeps its score.
 * @returns each one's position (1 = next of its account and queue), null while Redis is not whole
 */
export const addReady = (entries: ReadyEntry[], redis: Redis = getRedis()): Promise<(number | null)[]> =>
  add(entries, "NX", redis);

/**
 * The same for many, without positions: one ZADD per set and thousand tasks.
 *
 * ARGV: prefix, then per group of tasks that share both sets: queue|class, queue|user, 2 x their number, and place, id of each;
 * a group has at most 1,000 tasks, since Lua unpacks at most some 8,000 values.
 */
const ADD_MANY = script(`
local p, i = ARGV[1], 2
while i <= #ARGV do
  local from, to = i + 3, i + 2 + tonumber(ARGV[i + 2])
  redis.call('ZADD', p .. 'ready:' .. ARGV[i], 'NX', unpack(ARGV, from, to))
  redis.call('ZADD', p .. 'place:' .. ARGV[i + 1], 'NX', unpack(ARGV, from, to))
  redis.call('SADD', p .. 'classes', ARGV[i])
  i = to + 1
end
redis.call('PUBLISH', p .. 'wake', '')`);

/** Puts newly queued tasks in their places, as addReady, where nobody asks for positions. */
export const addManyReady = async (entries: ReadyEntry[], redis: Redis = getRedis()): Promise<void> => {
  const groups = new Map<string, ReadyEntry[]>();
  for (const entry of entries) {
    const key = `${entry.class} ${entry.userId} ${entry.queue}`;
    const group = groups.get(key);
    if (group) group.push(entry);
    else groups.set(key, [entry]);
  }
  const scripts: Promise<unknown>[] = [];
  for (const group of groups.values())
    for (let start = 0; start < group.length; start += 1000) {
      const some = group.slice(start, start + 1000);
      const [{ queue, userId, class: className }] = some as [ReadyEntry];
      const args = [prefix(), classMember(queue, className), accountMember(queue, userId), 2 * some.length];
      scripts.push(run(redis, ADD_MANY, [...args, ...some.flatMap((entry) => [entry.place, entry.taskId])]));
    }
  await Promise.all(scripts);
};

/** Puts tasks in their places, over an older score. The caller holds the queue's lock. */
export const setPlaces = async (entries: ReadyEntry[], redis: Redis = getRedis()): Promise<void> => {
  await add(entries, "", redis);
};

/** Takes tasks that left the queue out of all sets. */
export const removeReady = async (entries: Omit<ReadyEntry, "place">[], redis: Redis = getRedis()): Promise<void> => {
  // One command per set, however many of its tasks leave.
  const leaving = new Map<string, string[]>();
  for (const entry of entries)
    for (const key of [
      `${prefix()}ready:${classMember(entry.queue, entry.class)}`,
      `${prefix()}place:${accountMember(entry.queue, entry.userId)}`,
      `${prefix()}claiming`,
    ]) {
      const ids = leaving.get(key);
      if (ids) ids.push(entry.taskId);
      else leaving.set(key, [entry.taskId]);
    }
  const pipeline = redis.pipeline();
  for (const [key, ids] of leaving) pipeline.zrem(key, ...ids);
  await execAll(pipeline);
};

/**
 * Offers a worker the next tasks: merges the heads of the classes that fit its totals, by place, and moves the chosen ids
 * into `claiming`. The same rule as chooseNext in resource-class.ts: a head that fits the totals but not what is free
 * reserves the resources it lacks.
 *
 * ARGV: prefix, slots, queues as JSON or `*`, totals gpus cpus memory_mb, free gpus cpus memory_mb.
 * Returns: `NOEPOCH`, or ids in order. Atomic, so that two workers are never offered the same id.
 */
const OFFER = script(`
local p, slots = ARGV[1], tonumber(ARGV[2])
if redis.call('EXISTS', p .. 'epoch') == 0 then return 'NOEPOCH' end
local only = nil
if ARGV[3] ~= '*' then
  only = {}
  for _, q in ipairs(cjson.decode(ARGV[3])) do only[q] = true end
end
local totals = { tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]) }
local free = { tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]) }
local reserved = { false, false, false }
local heads = {}
local function load(head)
  local first = redis.call('ZRANGE', head.key, 0, 0, 'WITHSCORES')
  if #first == 0 then return false end
  head.id, head.place = first[1], tonumber(first[2])
  return true
end
for _, member in ipairs(redis.call('SMEMBERS', p .. 'classes')) do
  local queue, g, c, m = string.match(member, '^(.*)|g(%d+)c(%d+)m(%d+)$')
  if queue and (not only or only[queue]) and redis.call('SISMEMBER', p .. 'paused', queue) == 0 then
    local needs = { tonumber(g), tonumber(c), tonumber(m) }
    if needs[1] <= totals[1] and needs[2] <= totals[2] and needs[3] <= totals[3] then
      local head = { key = p .. 'ready:' .. member, needs = needs }
      if load(head) then heads[#heads + 1] = head else redis.call('SREM', p .. 'classes', member) end
    end
  end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local out = {}
while #out < slots and #heads > 0 do
  local best = 1
  for i = 2, #heads do if heads[i].place < heads[best].place then best = i end end
  local head = heads[best]
  local lacks, held = false, false
  for r = 1, 3 do
    if head.needs[r] > free[r] then reserved[r] = true; lacks = true end
  end
  for r = 1, 3 do
    if head.needs[r] > 0 and reserved[r] then held = true end
  end
  if lacks or held then
    table.remove(heads, best)
  else
    for r = 1, 3 do free[r] = free[r] - head.needs[r] end
    redis.call('ZREM', head.key, head.id)
    redis.call('ZADD', p .. 'claiming', now, head.id)
    out[#out + 1] = head.id
    if not load(head) then table.remove(heads, best) end
  end
end
return out`);

/**
 * Ids that a worker may try to claim, next first. They are only proposals: the claim statement decides.
 * @returns `no-epoch` when Redis lost its data and the order has to come from PostgreSQL
 */
export const offerNext = async (
  ask: { slots: number; queues: string[] | null; totals: Resources; free: Resources },
  redis: Redis = getRedis(),
): Promise<string[] | "no-epoch"> => {
  const { totals, free } = ask;
  const queues = ask.queues === null ? "*" : JSON.stringify(ask.queues.map(encodeURIComponent));
  const answer = await run(redis, OFFER, [
    prefix(),
    ask.slots,
    queues,
    totals.gpus,
    totals.cpus,
    totals.memoryMb,
    free.gpus,
    free.cpus,
    free.memoryMb,
  ]);
  return answer === "NOEPOCH" ? "no-epoch" : (answer as string[]);
};

/** Forgets offers that were settled without a claim. */
export const dropOffers = async (taskIds: string[], redis: Redis = getRedis()): Promise<void> => {
  if (taskIds.length > 0) await redis.zrem(`${prefix()}claiming`, ...taskIds);
};

/**
 * Positions among the account's queued tasks of the same queue.
 * @returns per entry 1.., or null where Redis cannot say (then ready_tasks can)
 */
export const positionsOf = async (
  entries: { taskId: string; queue: string; userId: string }[],
  redis: Redis = getRedis(),
): Promise<(number | null)[]> => {
  const pipeline = redis.pipeline();
  pipeline.exists(`${prefix()}epoch`);
  for (const entry of entries)
    pipeline.zrank(`${prefix()}place:${accountMember(entry.queue, entry.userId)}`, entry.taskId);
  const [whole, ...ranks] = (await execAll(pipeline)) as (number | null)[];
  return ranks.map((rank) => (whole === 1 && rank !== null ? rank + 1 : null));
};

/**
 * How many tasks of a queue wait for a worker, of all accounts.
 * @returns null where Redis cannot say (then ready_tasks can)
 */
export const countWaiting = async (queue: string, redis: Redis = getRedis()): Promise<number | null> => {
  const [whole, members] = (await execAll(
    redis.pipeline().exists(`${prefix()}epoch`).smembers(`${prefix()}classes`),
  )) as [number, string[]];
  if (whole !== 1) return null;
  const pipeline = redis.pipeline();
  for (const member of members)
    if (member.startsWith(classMember(queue, "")) && member !== classMember(queue, CLIENT_CLASS))
      pipeline.zcard(`${prefix()}ready:${member}`);
  return ((await execAll(pipeline)) as number[]).reduce((sum, count) => sum + count, 0);
};

/** Tells the claim script which queues to pass over; PostgreSQL has the truth. */
export const hintPaused = async (queue: string, paused: boolean, redis: Redis = getRedis()): Promise<void> => {
  const key = `${prefix()}paused`;
  await (paused ? redis.sadd(key, encodeURIComponent(queue)) : redis.srem(key, encodeURIComponent(queue)));
  if (!paused) await redis.publish(wakeChannel(), "");
};
