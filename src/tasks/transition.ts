// What every change of a status writes besides the status: the one place that all verbs pass. The counters of counts.ts
// are here; the outbox joins them here.
import type postgres from "postgres";
import type { SqlLike } from "../platform/db";
import type { TaskStatus } from "./status";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** For a WITH: the rows of the part named `t` (user_id, queue, status) were made. */
export const recordCreated = (sql: SqlLike): Fragment => sql`
  INSERT INTO task_count_deltas (user_id, queue, status, delta)
  SELECT user_id, queue, status, count(*) FROM t GROUP BY user_id, queue, status`;

/**
 * For a WITH: the rows of the part named `t` (user_id, queue, status) moved to the status they have now.
 * @param from the status before, or a column of `t` that holds it
 */
export const recordMoves = (sql: SqlLike, from: TaskStatus | Fragment): Fragment => sql`
  INSERT INTO task_count_deltas (user_id, queue, status, delta)
  SELECT t.user_id, t.queue, move.status, sum(move.delta) FROM t
  CROSS JOIN LATERAL (VALUES (${from}::text, -1), (t.status, 1)) AS move(status, delta)
  GROUP BY t.user_id, t.queue, move.status`;

/** As a statement of its own, in the transaction that changes the status. */
export const recordMove = (
  sql: SqlLike,
  task: { user_id: string; queue: string },
  from: TaskStatus,
  to: TaskStatus,
): Fragment => sql`
  INSERT INTO task_count_deltas (user_id, queue, status, delta)
  VALUES (${task.user_id}, ${task.queue}, ${from}, -1), (${task.user_id}, ${task.queue}, ${to}, 1)`;
