import { getSql, withRetries } from "../platform/db";
import { DomainError } from "../platform/errors";
import { publishLive } from "../platform/live";
import { recordTasks } from "./cancel";
import { getTask, taskColumns, taskNotFound } from "./list";
import { addReadyQuietly } from "./queue-lock";
import type { TaskStatus } from "./status";
import type { Task, TaskRow } from "./task";
import { recordMoves } from "./transition";

/**
 * Puts failed or cancelled tasks back into the queue, last of their equals and among themselves in order of creation, with result,
 * error and times cleared and their failures forgotten. Their attempts, logs and metrics stay.
 *
 * Of two callers one wins: the outcome in the WHERE decides. Rows are locked in the order of their ids.
 * @returns the rows that changed, and why each of the others did not: TASK_NOT_FOUND; CONFLICT for one that neither failed nor was cancelled
 */
export const retryTasks = async (
  userId: string,
  input: { taskIds: string[] },
): Promise<{ changed: TaskRow[]; refusals: Map<string, DomainError> }> => {
  const { taskIds } = input;
  const changed = await withRetries(() =>
    getSql().begin(async (sql) => {
      const rows = await sql<TaskRow[]>`
      WITH held AS (
        SELECT id, seq, status AS old_status FROM tasks WHERE id = ANY(${taskIds}) AND user_id = ${userId} AND outcome IN ('failed', 'cancelled')
        ORDER BY id FOR UPDATE
      ), turned AS (
        SELECT id, old_status, nextval('task_turns') AS turn FROM (SELECT * FROM held ORDER BY seq) AS in_order
      ), t AS (
        UPDATE tasks SET status = 'queued', change_no = change_no + 1, outcome = NULL, place = (1000000 - priority) * 4294967296 + turned.turn, failures = 0,
          losses = 0, losses_since = NULL, result = NULL, error_message = NULL, error_kind = NULL, worker_id = NULL, run_at = NULL,
          cancel_requested_at = NULL, cancel_reason = NULL, queued_at = now(), started_at = NULL, completed_at = NULL, updated_at = now()
        FROM turned WHERE tasks.id = turned.id RETURNING tasks.*, turned.old_status
      ), ready AS (
        INSERT INTO ready_tasks (task_id, queue, user_id, class, place) SELECT id, queue, user_id, class, place FROM t
      ), ${recordMoves(sql, sql`t.old_status`)} SELECT ${taskColumns(sql)} FROM t`;
      await recordTasks(sql, userId, "task.retried", rows);
      return rows;
    }),
  );
  if (changed.length > 0) await addReadyQuietly(changed);
  publishLive(changed.map((row) => ({ kind: "task", userId, taskId: row.id, status: "queued" })));
  return { changed, refusals: await refusalsFor(userId, taskIds, changed) };
};

const refusalsFor = async (
  userId: string,
  taskIds: string[],
  changed: TaskRow[],
): Promise<Map<string, DomainError>> => {
  const done = new Set(changed.map((row) => row.id));
  const left = taskIds.filter((id) => !done.has(id));
  if (left.length === 0) return new Map();
  const rows = await getSql()<{ id: string; status: TaskStatus }[]>`
    SELECT id, status FROM tasks WHERE id = ANY(${left}) AND user_id = ${userId}`;
  const statuses = new Map(rows.map((row) => [row.id, row.status]));
  return new Map(
    left.map((id) => {
      const status = statuses.get(id);
      return [
        id,
        status === undefined
          ? taskNotFound(id)
          : new DomainError("CONFLICT", "taskNotRetryable", { params: { id, status } }),
      ];
    }),
  );
};

/** Retries one task, as retryTasks does. @throws TASK_NOT_FOUND; CONFLICT for a task that neither failed nor was cancelled */
export const retryTask = async (userId: string, input: { taskId: string }): Promise<Task> => {
  const { refusals } = await retryTasks(userId, { taskIds: [input.taskId] });
  const refusal = refusals.get(input.taskId);
  if (refusal) throw refusal;
  return getTask(userId, input.taskId);
};
