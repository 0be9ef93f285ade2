import { getSql, withRetries } from "../platform/db";
import { DomainError } from "../platform/errors";
import { publishLive } from "../platform/live";
import { getTask, getTaskRow, taskColumns } from "./list";
import { addReadyQuietly } from "./queue-lock";
import type { Task, TaskRow } from "./task";
import { recordMoves } from "./transition";

/**
 * Puts a failed or cancelled task back into the queue, last of its equals, with result, error and times cleared and its failures
 * forgotten. Its attempts, logs and metrics stay.
 *
 * Of two callers one wins: the outcome in the WHERE decides.
 * @throws TASK_NOT_FOUND; CONFLICT for a task that neither failed nor was cancelled
 */
export const retryTask = async (userId: string, input: { taskId: string }): Promise<Task> => {
  const { taskId } = input;
  const [row] = await withRetries(() => {
    const sql = getSql();
    return sql<TaskRow[]>`
      WITH held AS (
        SELECT id, status AS old_status FROM tasks WHERE id = ${taskId} AND user_id = ${userId} AND outcome IN ('failed', 'cancelled') FOR UPDATE
      ), t AS (
        UPDATE tasks SET status = 'queued', outcome = NULL, place = (1000000 - priority) * 4294967296 + nextval('task_turns'), failures = 0,
          losses = 0, losses_since = NULL, result = NULL, error_message = NULL, error_kind = NULL, worker_id = NULL, run_at = NULL,
          cancel_requested_at = NULL, cancel_reason = NULL, queued_at = now(), started_at = NULL, completed_at = NULL, updated_at = now()
        FROM held WHERE tasks.id = held.id RETURNING tasks.*, held.old_status
      ), ready AS (
        INSERT INTO ready_tasks (task_id, queue, user_id, class, place) SELECT id, queue, user_id, class, place FROM t
      ), counted AS (
        ${recordMoves(sql, sql`t.old_status`)}
      ) SELECT ${taskColumns(sql)} FROM t`;
  });
  if (!row) {
    const { status } = await getTaskRow(userId, taskId);
    throw new DomainError("CONFLICT", "taskNotRetryable", { params: { id: taskId, status } });
  }
  await addReadyQuietly([row]);
  publishLive([{ kind: "task", userId, taskId, status: "queued" }]);
  return getTask(userId, taskId);
};
