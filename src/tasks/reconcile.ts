// Makes Redis' order equal to PostgreSQL's: what changed lately each second, everything each 30 s, anew when Redis lost its data.
import { getSql, type SqlLike } from "../platform/db";
import { getEnv } from "../platform/env";
import { newId } from "../platform/ids";
import { log } from "../platform/log";
import { openRedis } from "../platform/redis";
import { putBack } from "./claim";
import { underQueueLock } from "./queue-lock";
import { type ReadyEntry, setPlaces } from "./ready-queue";
import {
  dropFromSet,
  entriesAbove,
  existingSets,
  isWhole,
  type PlaceSet,
  scoresOf,
  setPausedHints,
  setsOf,
  stage,
  swapIn,
  unsettledOffers,
} from "./ready-sets";

const REBUILD_LOCK = 7_110_014;
const SLICE = 10_000;
/** An offer that was not settled in this time belongs to a worker that died or was cut off. */
const OFFER_MS = 2000;

type ReadyRow = { task_id: string; queue: string; user_id: string; class: string; place: number };
const toEntry = (row: ReadyRow): ReadyEntry => ({
  taskId: row.task_id,
  queue: row.queue,
  userId: row.user_id,
  class: row.class,
  place: row.place,
});

/**
 * Rebuilds the sets when Redis lost its data or is another server than they were built in. One worker does it, the others skip.
 * @returns whether the sets were rebuilt
 */
export const rebuildIfLost = async (): Promise<boolean> => {
  if (await isWhole()) return false;
  return getSql().begin(async (lock) => {
    const [row] = await lock`SELECT pg_try_advisory_xact_lock(${REBUILD_LOCK}) AS got`;
    if (!row?.got || (await isWhole())) return false;
    const startedAt = performance.now();
    const count = await rebuild();
    if (count === null) return false;
    // What was added between the snapshot and the swap went into sets that the swap replaced.
    await repairRecent((performance.now() - startedAt) / 1000 + 10);
    log.warn(
      { tasks: count, durationMs: Math.round(performance.now() - startedAt) },
      "redis had lost the order; it was rebuilt from postgresql",
    );
    return true;
  });
};

/** A slice takes Redis 60 ms on a busy machine, and the swap is one step: more than the 300 ms that a request waits must not undo all. */
const REBUILD_TIMEOUT_MS = 10_000;

const rebuild = async (): Promise<number | null> => {
  const redis = openRedis(getEnv().REDIS_URL, { timeoutMs: REBUILD_TIMEOUT_MS });
  try {
    const stagingId = newId("claim");
    let count = 0;
    for await (const slice of readySlices(getSql())) {
      await stage(stagingId, slice, redis);
      count += slice.length;
    }
    if (!(await swapIn(stagingId, redis))) return null;
    const paused = await getSql()<{ name: string }[]>`SELECT name FROM queues WHERE paused`;
    await setPausedHints(
      paused.map((row) => row.name),
      redis,
    );
    return count;
  } finally {
    redis.disconnect();
  }
};

/** All ready rows in slices, by id. */
async function* readySlices(sql: SqlLike): AsyncGenerator<ReadyEntry[]> {
  let after = "";
  for (;;) {
    const rows: ReadyRow[] = await sql<ReadyRow[]>`
      SELECT task_id, queue, user_id, class, place FROM ready_tasks WHERE task_id > ${after} ORDER BY task_id LIMIT ${SLICE}`;
    if (rows.length > 0) yield rows.map(toEntry);
    const last = rows.at(-1);
    if (rows.length < SLICE || !last) return;
    after = last.task_id;
  }
}

/**
 * Compares rows that changed lately with Redis, and puts back offers that nobody settled. Called each second.
 * @param seconds how far to look back, on PostgreSQL's clock
 */
export const repairRecent = async (seconds = 10): Promise<number> => {
  await putBack(await unsettledOffers(OFFER_MS));
  const sql = getSql();
  const queues = await sql<
    { queue: string }[]
  >`SELECT DISTINCT queue FROM ready_tasks WHERE changed_at > now() - make_interval(secs => ${seconds})`;
  let repaired = 0;
  for (const { queue } of queues)
    await underQueueLock(
      queue,
      async (session) => {
        const rows = await session<ReadyRow[]>`
          WITH recent AS MATERIALIZED (
            SELECT task_id, queue, user_id, class, place FROM ready_tasks WHERE changed_at > now() - make_interval(secs => ${seconds})
          ) SELECT * FROM recent WHERE queue = ${queue}`;
        return rows.map(toEntry);
      },
      async (entries) => {
        repaired += await addMissing(entries);
      },
    );
  return repaired;
};

const groupBySet = (entries: ReadyEntry[]): { set: PlaceSet; entries: ReadyEntry[] }[] => {
  const groups = new Map<string, { set: PlaceSet; entries: ReadyEntry[] }>();
  for (const entry of entries)
    for (const set of setsOf(entry)) {
      const key = `${set.kind} ${set.kind === "ready" ? set.class : set.userId} ${set.queue}`;
      const group = groups.get(key) ?? { set, entries: [] };
      group.entries.push(entry);
      groups.set(key, group);
    }
  return [...groups.values()];
};

/** Writes those entries whose score is missing or another one. Offered ones are missing on purpose and are left alone. */
const addMissing = async (entries: ReadyEntry[]): Promise<number> => {
  const wrong = new Map<string, ReadyEntry>();
  for (const group of groupBySet(entries))
    for (let start = 0; start < group.entries.length; start += 1000) {
      const part = group.entries.slice(start, start + 1000);
      const scores = await scoresOf(
        group.set,
        part.map((entry) => entry.taskId),
      );
      for (const [index, entry] of part.entries()) if (scores[index] !== entry.place) wrong.set(entry.taskId, entry);
    }
  const offered = new Set(await unsettledOffers(0));
  const missing = [...wrong.values()].filter((entry) => !offered.has(entry.taskId));
  if (missing.length > 0) await setPlaces(missing);
  return missing.length;
};

/**
 * Compares everything, in slices by place: adds what is missing, takes out what is no longer queued. Called each 30 s.
 * @returns how many entries were put right
 */
export const repairAll = async (): Promise<number> => {
  let repaired = 0;
  for await (const slice of readySlices(getSql())) repaired += await addMissing(slice);
  for (const set of await existingSets()) repaired += await dropExtras(set);
  if (repaired > 0) log.warn({ repaired }, "entries in redis were put right");
  return repaired;
};

const dropExtras = async (set: PlaceSet): Promise<number> => {
  let dropped = 0;
  for (let above: number | null = null; ; ) {
    const found: Map<string, number> = await entriesAbove(set, above, SLICE);
    const ids = [...found.keys()];
    if (ids.length > 0) {
      const queued = await getSql()<{ task_id: string }[]>`SELECT task_id FROM ready_tasks WHERE task_id = ANY(${ids})`;
      const ready = new Set(queued.map((row) => row.task_id));
      const extras = ids.filter((id) => !ready.has(id));
      await dropFromSet(set, extras);
      dropped += extras.length;
    }
    if (found.size < SLICE) return dropped;
    above = Math.max(...found.values());
  }
};
