// What every change of a run's status writes besides the status: the events that webhooks tell. A verb that changes a status raises
// `change_no` by one.
import type postgres from "postgres";
import type { SqlLike } from "../platform/db";
import { changeTime, outboxParts } from "../webhooks/outbox";
import { runColumns } from "./run";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** For a RETURNING: a RunRow, and what recordMoves needs besides. */
export const changedColumns = (sql: SqlLike): Fragment => sql`${runColumns(sql)}, runs.change_no`;

/**
 * For a WITH: the rows of the part named `t` (changedColumns) were made, or moved to the status they have now.
 *
 * The event says what became of the run; ids and `status` are those of the routes, where a cancelled run is a failed queue.
 */
export const recordMoves = (sql: SqlLike): Fragment =>
  outboxParts(
    sql,
    sql`
    SELECT t.user_id, t.id AS subject_id, t.change_no, moved.event, NULL::text AS own_url,
      json_build_object('event', moved.event, 'queue_id', t.id, 'unit_id', t.unit_id,
        'status', CASE t.status WHEN 'cancelled' THEN 'failed' ELSE t.status END, 'timestamp', ${changeTime(sql)},
        'result', t.result, 'error_message', t.error_message) AS body
    FROM t CROSS JOIN LATERAL (
      SELECT 'run.' || CASE t.status WHEN 'pending' THEN 'queued' WHEN 'running' THEN 'started' ELSE t.status END AS event) AS moved`,
  );

/** A change of runs that writes its events, too. @param change an INSERT or UPDATE that returns changedColumns @param answer selected FROM t */
export const withEvents = <Row extends object>(
  sql: SqlLike,
  change: Fragment,
  answer: Fragment,
): postgres.PendingQuery<Row[]> => sql<Row[]>`WITH t AS (${change}), ${recordMoves(sql)} SELECT ${answer} FROM t`;
