// How many tasks an account has in each status, without a hot counter row and without a full count:
// every status change appends deltas in its own transaction, a worker folds them each second, a read sums both.
import { getSql, type SqlLike } from "../platform/db";
import { TASK_STATUSES, type TaskStatus } from "./status";

export type StatusCounts = Record<TaskStatus, number>;

const FOLD_LOCK = 7_110_010;

export const zeroCounts = (): StatusCounts =>
  Object.fromEntries(TASK_STATUSES.map((status) => [status, 0])) as StatusCounts;

/** Tasks per status of an account, of one queue or of all. True at once after each write. */
export const countTasks = async (userId: string, queue?: string, sql: SqlLike = getSql()): Promise<StatusCounts> => {
  const inQueue = queue === undefined ? sql`` : sql`AND queue = ${queue}`;
  const rows = await sql<{ status: TaskStatus; count: number }[]>`
    SELECT status, sum(n)::int8 AS count FROM (
      SELECT status, count AS n FROM task_counts WHERE user_id = ${userId} ${inQueue}
      UNION ALL
      SELECT status, delta FROM task_count_deltas WHERE user_id = ${userId} ${inQueue}
    ) AS both_parts GROUP BY status`;
  const counts = zeroCounts();
  for (const row of rows) counts[row.status] = row.count;
  return counts;
};

/** Tasks per queue and status of an account. */
export const countByQueue = async (userId: string): Promise<Map<string, StatusCounts>> => {
  const rows = await getSql()<{ queue: string; status: TaskStatus; count: number }[]>`
    SELECT queue, status, sum(n)::int8 AS count FROM (
      SELECT queue, status, count AS n FROM task_counts WHERE user_id = ${userId}
      UNION ALL
      SELECT queue, status, delta FROM task_count_deltas WHERE user_id = ${userId}
    ) AS both_parts GROUP BY queue, status`;
  const byQueue = new Map<string, StatusCounts>();
  for (const row of rows) {
    const counts = byQueue.get(row.queue) ?? zeroCounts();
    counts[row.status] = row.count;
    byQueue.set(row.queue, counts);
  }
  return byQueue;
};

/** Adds the deltas up. One worker at a time; the others skip. @returns how many deltas were folded */
export const foldCounts = async (): Promise<number> =>
  getSql().begin(async (sql) => {
    const [lock] = await sql`SELECT pg_try_advisory_xact_lock(${FOLD_LOCK}) AS got`;
    if (!lock?.got) return 0;
    const [folded] = await sql<{ n: number }[]>`
      WITH taken AS (DELETE FROM task_count_deltas WHERE id IN (SELECT id FROM task_count_deltas ORDER BY id LIMIT 50000) RETURNING user_id, queue, status, delta),
      summed AS (SELECT user_id, queue, status, sum(delta)::int8 AS n FROM taken GROUP BY 1, 2, 3),
      kept AS (
        INSERT INTO task_counts (user_id, queue, status, count) SELECT user_id, queue, status, n FROM summed WHERE n <> 0 ORDER BY 1, 2, 3
        ON CONFLICT (user_id, queue, status) DO UPDATE SET count = task_counts.count + excluded.count)
      SELECT count(*)::int8 AS n FROM taken`;
    return folded?.n ?? 0;
  });
