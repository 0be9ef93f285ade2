// Walks over what ended in a span of time, for purges: slice by slice on an index, so that no transaction is long and others get their turn.
import { getSql, type SqlLike } from "./db";

/** A slice is made smaller when it took longer than this, and larger when it took far less. */
const SLICE_MS = 100;
const FIRST_SLICE = 100;
/** Not less, though it takes longer: on a busy machine the statements alone do, and a purge has to come to its end. */
const SMALLEST_SLICE = 20;
export const LARGEST_SLICE = 1000;

export type Walk = {
  /** Has id, user_id, seq, completed_at, and an index on (user_id, completed_at). */
  table: "tasks" | "runs";
  /** As PostgreSQL writes times: a Date would cut the microseconds. From it on, and before the other. */
  from: string;
  before: string;
  /** Ends the walk after the slice that is under way. */
  signal: AbortSignal;
};

/** The time so many days ago, by PostgreSQL's clock. */
export const daysAgo = async (days: number): Promise<string> => {
  const [row] = await getSql()<{ at: string }[]>`SELECT (now() - make_interval(days => ${days}))::text AS at`;
  if (!row) throw new Error("PostgreSQL did not tell the time.");
  return row.at;
};

/** The id after this one of those that have ended rows: a probe of the index, whichever accounts there are by now. */
const nextAccount = async (sql: SqlLike, table: Walk["table"], after: string): Promise<string | undefined> => {
  const [row] = await sql<{ user_id: string }[]>`
    SELECT user_id FROM ${sql(table)} WHERE user_id > ${after} AND completed_at IS NOT NULL ORDER BY user_id LIMIT 1`;
  return row?.user_id;
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Hands on the ids of ended rows, account by account, oldest end first. After each slice it rests for as long as the slice took.
 *
 * Nothing is locked: a row may have been retried or deleted since, so `forget` looks again.
 *
 * @param forget one slice of at most LARGEST_SLICE ids. @returns how many it dealt with
 * @returns how many all slices dealt with, and whether the walk came to its end
 */
export const walkEnded = async (
  { table, from, before, signal }: Walk,
  forget: (ids: string[]) => Promise<number>,
): Promise<{ count: number; isDone: boolean }> => {
  const sql = getSql();
  let count = 0;
  let size = FIRST_SLICE;
  let account = await nextAccount(sql, table, "");
  while (account !== undefined) {
    let [at, seq] = [from, -1];
    for (let isLast = false; !isLast; ) {
      if (signal.aborted) return { count, isDone: false };
      const rows = await sql<{ id: string; seq: number; at: string }[]>`
        SELECT id, seq, completed_at::text AS at FROM ${sql(table)}
        WHERE user_id = ${account} AND completed_at < ${before}::text::timestamptz AND (completed_at, seq) > (${at}::text::timestamptz, ${seq}::int8)
        ORDER BY completed_at, seq LIMIT ${size}`;
      isLast = rows.length < size;
      const last = rows.at(-1);
      if (!last) break;
      [at, seq] = [last.at, last.seq];
      const startedAt = performance.now();
      count += await forget(rows.map((row) => row.id));
      const took = performance.now() - startedAt;
      if (took > SLICE_MS) size = Math.max(SMALLEST_SLICE, Math.floor(size / 2));
      else if (took < SLICE_MS / 4) size = Math.min(LARGEST_SLICE, size * 2);
      await pause(took);
    }
    account = await nextAccount(sql, table, account);
  }
  return { count, isDone: true };
};
