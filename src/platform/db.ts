// PostgreSQL: one pool per process.
import postgres from "postgres";
import { getEnv } from "./env";
import { isRetryable } from "./errors";
import { SESSION_LIMITS, watchConnections } from "./half-open";

/** int8 as a number: seq, place and counts all stay below 2^53. */
const types = {
  bigint: { to: 20, from: [20], serialize: (n: number) => String(n), parse: (text: string) => Number(text) },
};
export type Sql = postgres.Sql<{ bigint: number }>;
/** A pool or a transaction. */
export type SqlLike = postgres.ISql<{ bigint: number }>;

/** A pool. A statement on it is answered, or refused in time, also when its connection is lost without a word (half-open.ts). */
export const openSql = (url: string, options: { max?: number; name?: string } = {}): Sql => {
  const sql = postgres(url, {
    max: options.max ?? 10,
    types,
    connect_timeout: 5,
    keep_alive: 10,
    // A restarted PostgreSQL is met again within half a second.
    backoff: (retries: number) => Math.min(0.5, 0.05 * 2 ** retries),
    connection: {
      application_name: options.name ?? "mlqueue",
      TimeZone: "UTC",
      ...SESSION_LIMITS,
      // A connection keeps its plans. Those that it made while a table was as good as empty read all of it, however long it
      // became since, until its statistics are made anew: a minute in which each claim read the whole queue.
      enable_seqscan: "off",
    },
    onnotice: () => {},
  });
  const unwatch = watchConnections(url, sql);
  const { end } = sql;
  return Object.assign(sql, {
    end: (how?: { timeout?: number }) => {
      unwatch();
      return end(how);
    },
  });
};

// On globalThis, since Next bundles its own copy of every module.
const holder = globalThis as { mlqueueSql?: Sql; mlqueueLockSql?: Sql };

export const getSql = (): Sql => {
  holder.mlqueueSql ??= openSql(getEnv().DATABASE_URL, { max: getEnv().DB_MAX_OPEN_CONNS });
  return holder.mlqueueSql;
};

/**
 * A small pool for transactions that only hold an advisory lock around other statements. Apart from the main pool, so that
 * those who wait for a lock never take the connections that its holder needs.
 */
export const getLockSql = (): Sql => {
  holder.mlqueueLockSql ??= openSql(getEnv().DATABASE_URL, { max: 4, name: "mlqueue locks" });
  return holder.mlqueueLockSql;
};

export const closeDb = async (): Promise<void> => {
  await Promise.all([holder.mlqueueSql?.end({ timeout: 2 }), holder.mlqueueLockSql?.end({ timeout: 2 })]);
  holder.mlqueueSql = undefined;
  holder.mlqueueLockSql = undefined;
};

/**
 * A transaction in one round trip: BEGIN, the statements and COMMIT are sent at once. For statements that need nothing of each
 * other's answers; each sees what was committed before it ran, so that one after a lock sees what the lock waited for.
 *
 * @returns the statements' answers
 * @throws what the first failed statement threw: nothing is written then
 */
export const inOneTrip = async <T extends readonly unknown[]>(
  statements: (sql: SqlLike) => { [Index in keyof T]: T[Index] | PromiseLike<T[Index]> },
): Promise<T> => {
  const sql = await getSql().reserve();
  try {
    const ends: PromiseSettledResult<unknown>[] = await Promise.allSettled([
      sql`BEGIN`,
      ...statements(sql),
      sql`COMMIT`,
    ]);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
    return ends.slice(1, -1).map((end) => end.status === "fulfilled" && end.value) as unknown as T;
  } finally {
    sql.release();
  }
};

/** Runs again, three times at most, what a deadlock or a serialization failure ended. */
export const withRetries = async <T>(run: () => Promise<T>): Promise<T> => {
  for (let left = 3; ; left--) {
    try {
      return await run();
    } catch (error) {
      if (left === 0 || !isRetryable(error)) throw error;
    }
  }
};
