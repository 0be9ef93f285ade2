// What keeps Redis' order from going stale when places change.
import { getLockSql, getSql, type SqlLike } from "../platform/db";
import { log } from "../platform/log";
import { addReady, type ReadyEntry, setPlaces } from "./ready-queue";

const QUEUE_LOCK = 7_110_013;

/**
 * Runs `change` in a transaction and then `publish`, both under a lock of the queue: two changes of places cannot
 * leave the older one's scores in Redis. The lock is a transaction of its own, so that it outlasts the commit of the change.
 */
export const underQueueLock = async <T>(
  queue: string,
  change: (sql: SqlLike) => Promise<T>,
  publish: (changed: T) => Promise<void>,
): Promise<T> => {
  let result: { changed: T } | undefined;
  await getLockSql().begin(async (lock) => {
    await lock`SELECT pg_advisory_xact_lock(${QUEUE_LOCK}, hashtext(${queue}))`;
    await getSql().begin(async (sql) => {
      result = { changed: await change(sql) };
    });
    if (result) await publish(result.changed);
  });
  if (!result) throw new Error("The change returned nothing.");
  return result.changed;
};

/** Writes places to Redis; what fails is put right by reconcile.ts within a second of Redis' return. */
export const setPlacesQuietly = async (entries: ReadyEntry[]): Promise<void> => {
  try {
    await setPlaces(entries);
  } catch (error) {
    log.warn(
      { error: error instanceof Error ? error.message : String(error), count: entries.length },
      "changed places were not yet put in redis",
    );
  }
};

/** Adds a task's row to Redis, likewise. */
export const addReadyQuietly = async (
  rows: { id: string; queue: string; user_id: string; class: string; place: number }[],
): Promise<void> => {
  try {
    await addReady(
      rows.map((row) => ({
        taskId: row.id,
        queue: row.queue,
        userId: row.user_id,
        class: row.class,
        place: row.place,
      })),
    );
  } catch (error) {
    log.warn(
      { error: error instanceof Error ? error.message : String(error), count: rows.length },
      "queued tasks were not yet put in redis",
    );
  }
};
