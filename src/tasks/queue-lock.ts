// What keeps Redis' order from going stale when places change.
import { getSql, type SqlLike } from "../platform/db";
import { log } from "../platform/log";
import { addReady, type ReadyEntry, setPlaces } from "./ready-queue";

const QUEUE_LOCK = 7_110_013;

/**
 * Runs `change` in a transaction and then `publish`, both under a lock of the queue: two changes of places cannot
 * leave the older one's scores in Redis.
 */
export const underQueueLock = async <T>(
  queue: string,
  change: (sql: SqlLike) => Promise<T>,
  publish: (changed: T) => Promise<void>,
): Promise<T> => {
  const session = await getSql().reserve();
  try {
    await session`SELECT pg_advisory_lock(${QUEUE_LOCK}, hashtext(${queue}))`;
    try {
      await session`BEGIN`;
      let changed: T;
      try {
        changed = await change(session);
        await session`COMMIT`;
      } catch (error) {
        await session`ROLLBACK`;
        throw error;
      }
      await publish(changed);
      return changed;
    } finally {
      await session`SELECT pg_advisory_unlock(${QUEUE_LOCK}, hashtext(${queue}))`;
    }
  } finally {
    session.release();
  }
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
