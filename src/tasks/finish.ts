// The end of an attempt, written by exactly that attempt: its number is in the WHERE.
import type postgres from "postgres";
import { coalesce } from "../platform/coalesce";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { publishLive } from "../platform/live";
import { log } from "../platform/log";
import { lost, runDuration } from "../platform/prometheus";
import { releaseDependents } from "./promote";
import { addReadyQuietly } from "./queue-lock";
import { LOSS_WINDOW_HOURS, MAX_LOSSES } from "./retry-policy";
import type { TaskStatus } from "./status";
import { changedColumns, recordMoves } from "./transition";

export type AttemptEnd = {
  taskId: string;
  attempt: number;
  exitCode: number | null;
  signal: string | null;
} & (
  | { outcome: "succeeded"; result: JsonObject | null }
  | { outcome: "failed"; result: JsonObject | null; errorMessage: string; errorKind: string }
  | { outcome: "cancelled" }
);

type EndedRow = {
  id: string;
  user_id: string;
  queue: string;
  class: string;
  place: number;
  status: TaskStatus;
  has_dependents: boolean;
};

/** Not the result: it may be large, and was just sent. */
const endedColumns = (sql: SqlLike) => sql`t.id, t.user_id, t.queue, t.class, t.place, t.status`;

/**
 * Ends a running attempt with what its program did.
 *
 * Once a cancel was asked, every end is a cancel, exit 0 too. A failure is tried again at the end of its equals while
 * `failures` stays below `max_attempts`. Where the attempt was given up as lost but its task still waits under the same attempt number, a
 * finished result is taken instead of training again.
 *
 * @returns the task's new status; null when the attempt was superseded: then nothing was written
 */
export const finishIfCurrent = async (end: AttemptEnd): Promise<TaskStatus | null> => {
  const { row, told } = await endTogether(end);
  if (row) {
    await told;
    return row.status;
  }
  const late = end.outcome === "succeeded" ? await withRetries(() => endReaped(getSql(), end)) : undefined;
  if (!late) return null;
  await afterEnd([late]);
  return late.status;
};

/** Ends that come while a statement is under way go together into the next one. Of two for one attempt the first one counts. */
const endTogether = coalesce<AttemptEnd, { row: EndedRow | undefined; told: Promise<void> }>(
  async (ends) => {
    const firsts = new Map<string, AttemptEnd>();
    for (const end of ends) if (!firsts.has(keyOf(end))) firsts.set(keyOf(end), end);
    const rows = await withRetries(() => endStatement(getSql(), [...firsts.values()]));
    for (const { ran } of rows) if (ran) runDuration.observe({ kind: "task", outcome: ran.outcome }, ran.seconds);
    const told = afterEnd(rows);
    const byAttempt = new Map(rows.map((row) => [keyOf({ taskId: row.id, attempt: row.attempt }), row]));
    return ends.map((end) => ({ row: firsts.get(keyOf(end)) === end ? byAttempt.get(keyOf(end)) : undefined, told }));
  },
  { maxUnderWay: 2, maxItems: 200, spacing: { ms: 10, enough: 10 } },
);

const keyOf = ({ taskId, attempt }: { taskId: string; attempt: number }): string => `${taskId} ${attempt}`;

/**
 * Rows are locked in the order of their ids. Each is found by its key: the ids are given twice for that, and the check for an
 * open attempt is hidden in a CASE, or a plan walks the index of open attempts with all that ended since the last vacuum.
 */
export const endStatement = (
  sql: SqlLike,
  ends: AttemptEnd[],
): postgres.PendingQuery<(EndedRow & { attempt: number; ran: { outcome: string; seconds: number } | null })[]> => {
  const given = [...ends]
    .sort((a, b) => (a.taskId < b.taskId ? -1 : 1))
    .map((end) => ({
      id: end.taskId,
      attempt: end.attempt,
      outcome: end.outcome,
      exit_code: end.exitCode,
      signal: end.signal,
      result: end.outcome === "cancelled" ? null : end.result,
      message: end.outcome === "failed" ? end.errorMessage : null,
      kind: end.outcome === "failed" ? end.errorKind : null,
    }));
  const ids = given.map((end) => end.id);
  return sql`
    WITH given AS (
      SELECT * FROM json_to_recordset(${JSON.stringify(given)}::text::json) AS g(
        id text, attempt int, outcome text, exit_code int, signal text, result jsonb, message text, kind text)
    ), held AS (
      SELECT g.*, t.cancelled, t.cancel_reason,
        CASE WHEN t.cancelled THEN 'cancelled' WHEN g.outcome = 'failed' AND t.may_retry THEN 'queued' WHEN g.outcome = 'failed' THEN 'failed' ELSE 'completed' END AS status
      FROM given g CROSS JOIN LATERAL (
        SELECT cancel_requested_at IS NOT NULL OR g.outcome = 'cancelled' AS cancelled, cancel_reason, failures + 1 < max_attempts AS may_retry
        FROM tasks WHERE tasks.id = g.id AND tasks.attempt = g.attempt AND tasks.status = 'running' FOR UPDATE) t
    ), closed AS (
      UPDATE task_attempts a SET ended_at = now(), outcome = CASE WHEN h.cancelled THEN 'cancelled' ELSE h.outcome END,
        exit_code = h.exit_code, signal = h.signal, error_message = h.message
      FROM held h WHERE a.task_id = ANY((SELECT ${ids}::text[])::text[]) AND a.task_id = h.id AND a.attempt = h.attempt
        AND CASE WHEN a.ended_at IS NULL THEN true END
      RETURNING a.task_id, a.outcome, extract(epoch FROM a.ended_at - a.started_at)::float8 AS seconds
    ), gpus AS (
      DELETE FROM gpu_leases g USING held h WHERE g.task_id = h.id AND g.attempt = h.attempt
    ), t AS (
      UPDATE tasks SET
        status = n.status, change_no = change_no + 1, outcome = CASE WHEN n.status <> 'queued' THEN n.status END,
        completed_at = CASE WHEN n.status <> 'queued' THEN now() END,
        queued_at = CASE WHEN n.status = 'queued' THEN now() ELSE queued_at END,
        started_at = CASE WHEN n.status = 'queued' THEN NULL ELSE started_at END,
        worker_id = CASE WHEN n.status = 'queued' THEN NULL ELSE worker_id END,
        place = CASE WHEN n.status = 'queued' THEN (1000000 - priority) * 4294967296 + nextval('task_turns') ELSE place END,
        failures = failures + CASE WHEN n.outcome = 'failed' AND NOT n.cancelled THEN 1 ELSE 0 END,
        result = CASE WHEN n.status IN ('completed', 'failed') THEN n.result ELSE tasks.result END,
        error_message = CASE WHEN n.cancelled THEN coalesce('cancelled: ' || n.cancel_reason, 'cancelled') WHEN n.status = 'failed' THEN n.message END,
        error_kind = CASE WHEN n.status = 'failed' THEN n.kind END,
        updated_at = now()
      FROM held n WHERE tasks.id = ANY((SELECT ${ids}::text[])::text[]) AND tasks.id = n.id
      RETURNING ${changedColumns(sql)}, tasks.attempt
    ), ready AS (
      INSERT INTO ready_tasks (task_id, queue, user_id, class, place) SELECT id, queue, user_id, class, place FROM t WHERE status = 'queued'
    ), ${recordMoves(sql, "running")}
    SELECT t.attempt, (SELECT json_build_object('outcome', c.outcome, 'seconds', c.seconds) FROM closed c WHERE c.task_id = t.id) AS ran,
      ${endedColumns(sql)}, EXISTS (SELECT 1 FROM task_dependencies d WHERE d.depends_on = t.id) AS has_dependents FROM t`;
};

/** A success that came after its attempt was given up, while the task still waits under that attempt's number. */
const endReaped = async (sql: SqlLike, end: AttemptEnd & { outcome: "succeeded" }): Promise<EndedRow | undefined> => {
  const [row] = await sql<EndedRow[]>`
    WITH held AS (
      SELECT t.id FROM tasks t JOIN task_attempts a ON a.task_id = t.id AND a.attempt = t.attempt
      WHERE t.id = ${end.taskId} AND t.attempt = ${end.attempt} AND t.status = 'queued' AND a.outcome = 'lost' FOR UPDATE OF t
    ), unready AS (
      DELETE FROM ready_tasks r USING held h WHERE r.task_id = h.id RETURNING r.task_id
    ), corrected AS (
      UPDATE task_attempts a SET outcome = 'succeeded', exit_code = ${end.exitCode}, signal = ${end.signal}, error_message = NULL
      FROM held h WHERE a.task_id = h.id AND a.attempt = ${end.attempt}
    ), t AS (
      UPDATE tasks SET status = 'completed', change_no = change_no + 1, outcome = 'completed', completed_at = now(), updated_at = now(), error_message = NULL,
        started_at = coalesce(started_at, (SELECT started_at FROM task_attempts a WHERE a.task_id = tasks.id AND a.attempt = ${end.attempt})),
        result = ${end.result === null ? null : sql.json(end.result as never)}::jsonb
      FROM unready u WHERE tasks.id = u.task_id
      RETURNING ${changedColumns(sql)}
    ), ${recordMoves(sql, "queued")}
    SELECT ${endedColumns(sql)}, EXISTS (SELECT 1 FROM task_dependencies d WHERE d.depends_on = t.id) AS has_dependents FROM t`;
  return row;
};

export type LostReason = "lost" | "given_back";

/**
 * Gives running attempts back to the queue, in their old places.
 *
 * `lost`: the worker died; the fourth loss within 24 hours fails the task instead. `given_back`: the worker
 * shut down or never started the program; it counts nothing. Where a cancel was asked, the task is cancelled.
 * The caller has made sure that nothing of the attempts runs any more, or that their leases are over.
 */
export const giveBack = async (
  attempts: { taskId: string; attempt: number }[],
  reason: LostReason,
  message: string,
): Promise<void> => {
  if (attempts.length === 0) return;
  const rows = await withRetries(() => giveBackStatement(getSql(), attempts, reason, message));
  lost.inc({ reason: reason === "lost" ? "worker_died" : "given_back" }, rows.length);
  for (const row of rows) log.warn({ taskId: row.id, reason, status: row.status }, "an attempt was given back");
  await afterEnd(rows);
};

const giveBackStatement = (
  sql: SqlLike,
  attempts: { taskId: string; attempt: number }[],
  reason: LostReason,
  message: string,
) => {
  const ids = attempts.map((one) => one.taskId);
  const numbers = attempts.map((one) => one.attempt);
  return sql<EndedRow[]>`
    WITH held AS (
      SELECT t.id, t.attempt, t.cancel_requested_at IS NOT NULL AS cancelled, t.cancel_reason,
        CASE WHEN t.losses_since > now() - make_interval(hours => ${LOSS_WINDOW_HOURS}) THEN t.losses ELSE 0 END + ${reason === "lost" ? 1 : 0} AS new_losses
      FROM tasks t JOIN unnest(${ids}::text[], ${numbers}::int[]) AS g(id, attempt) ON t.id = g.id AND t.attempt = g.attempt
      WHERE t.status = 'running' ORDER BY t.id FOR UPDATE OF t
    ), closed AS (
      UPDATE task_attempts a SET ended_at = now(), outcome = ${reason}, error_message = ${message}
      FROM held h WHERE a.task_id = h.id AND a.attempt = h.attempt AND a.ended_at IS NULL
    ), gpus AS (
      DELETE FROM gpu_leases g USING held h WHERE g.task_id = h.id AND g.attempt = h.attempt
    ), t AS (
      UPDATE tasks SET status = n.status, change_no = change_no + 1, outcome = CASE WHEN n.status <> 'queued' THEN n.status END,
        completed_at = CASE WHEN n.status <> 'queued' THEN now() END,
        started_at = CASE WHEN n.status = 'queued' THEN NULL ELSE started_at END,
        worker_id = CASE WHEN n.status = 'queued' THEN NULL ELSE worker_id END,
        queued_at = CASE WHEN n.status = 'queued' THEN now() ELSE queued_at END,
        losses = n.new_losses,
        losses_since = CASE WHEN ${reason} = 'lost' AND (losses_since IS NULL OR n.new_losses = 1) THEN now() ELSE losses_since END,
        error_message = CASE n.status WHEN 'cancelled' THEN coalesce('cancelled: ' || n.cancel_reason, 'cancelled')
          WHEN 'failed' THEN ${`lost ${MAX_LOSSES + 1} times within ${LOSS_WINDOW_HOURS} hours: ${message}`} END,
        error_kind = CASE WHEN n.status = 'failed' THEN 'lost' END, updated_at = now()
      FROM (SELECT *, CASE WHEN cancelled THEN 'cancelled' WHEN new_losses > ${MAX_LOSSES} THEN 'failed' ELSE 'queued' END AS status FROM held) n
      WHERE tasks.id = n.id
      RETURNING ${changedColumns(sql)}
    ), ready AS (
      INSERT INTO ready_tasks (task_id, queue, user_id, class, place) SELECT id, queue, user_id, class, place FROM t WHERE status = 'queued'
    ), ${recordMoves(sql, "running")}
    SELECT ${endedColumns(sql)}, status <> 'queued' AND EXISTS (SELECT 1 FROM task_dependencies d WHERE d.depends_on = t.id) AS has_dependents FROM t`;
};

/** After the commit: places in Redis, live hints, and tasks that waited for these. All of it is a hint or swept up later. */
const afterEnd = async (rows: EndedRow[]): Promise<void> => {
  publishLive(rows.map((row) => ({ kind: "task", userId: row.user_id, taskId: row.id, status: row.status })));
  const queued = rows.filter((row) => row.status === "queued");
  if (queued.length > 0) await addReadyQuietly(queued);
  if (rows.some((row) => row.has_dependents)) await releaseDependents();
};
