// What every change of a status writes besides the status: the one place that all verbs pass. The counters of counts.ts, and
// the events that webhooks tell. A verb that changes a status raises `change_no` by one.
import type postgres from "postgres";
import type { SqlLike } from "../platform/db";
import { changeTime, outboxParts } from "../webhooks/outbox";
import type { TaskStatus } from "./status";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** For a RETURNING: what the parts below need of the rows of `t`, and where they stand in Redis. */
export const changedColumns = (sql: SqlLike): Fragment => sql`
  tasks.id, tasks.user_id, tasks.queue, tasks.class, tasks.place, tasks.status, tasks.change_no, tasks.result, tasks.error_message,
  tasks.webhook_url`;

/** Names and fields are the contract's ("Webhooks"). */
const told = (sql: SqlLike): Fragment =>
  outboxParts(
    sql,
    sql`
    SELECT t.user_id, t.id AS subject_id, t.change_no, moved.event, t.webhook_url AS own_url,
      json_build_object('event', moved.event, 'task_id', t.id, 'status', t.status, 'timestamp', ${changeTime(sql)},
        'result', t.result, 'error_message', t.error_message) AS body
    FROM t CROSS JOIN LATERAL (SELECT 'task.' || CASE t.status WHEN 'running' THEN 'started' ELSE t.status END AS event) AS moved
    WHERE t.status <> 'pending'`,
  );

/** For a WITH: the rows of the part named `t` (changedColumns) were made. */
export const recordCreated = (sql: SqlLike): Fragment => sql`
  counted AS (
    INSERT INTO task_count_deltas (user_id, queue, status, delta)
    SELECT user_id, queue, status, count(*) FROM t GROUP BY user_id, queue, status
  ), ${told(sql)}`;

/**
 * For a WITH: the rows of the part named `t` (changedColumns) moved to the status they have now.
 * @param from the status before, or a column of `t` that holds it
 */
export const recordMoves = (sql: SqlLike, from: TaskStatus | Fragment): Fragment => sql`
  counted AS (
    INSERT INTO task_count_deltas (user_id, queue, status, delta)
    SELECT t.user_id, t.queue, move.status, sum(move.delta) FROM t
    CROSS JOIN LATERAL (VALUES (${from}::text, -1), (t.status, 1)) AS move(status, delta)
    GROUP BY t.user_id, t.queue, move.status
  ), ${told(sql)}`;

/** As a statement of its own, after the change and in its transaction. */
export const recordMove = (sql: SqlLike, taskId: string, from: TaskStatus): Fragment => sql`
  WITH t AS (SELECT ${changedColumns(sql)} FROM tasks WHERE id = ${taskId}), ${recordMoves(sql, from)} SELECT 1`;
