import { getSql, withRetries } from "../platform/db";
import { DomainError } from "../platform/errors";
import { publishLive } from "../platform/live";
import { log } from "../platform/log";
import { taskColumns, taskNotFound, toTasks } from "./list";
import { releaseDependents } from "./promote";
import { removeReady } from "./ready-queue";
import { isEnded } from "./status";
import type { Task, TaskRow } from "./task";
import { recordMove } from "./transition";

/**
 * Cancels a task. One that waits is `cancelled` at once and never starts; one that a client runs too. One that a
 * worker runs stays `running` with `cancelRequestedAt` until its processes are proven dead.
 *
 * Against a claim the ready row decides: who deletes it first. It is locked before the task, as a claim does.
 *
 * @throws TASK_NOT_FOUND, TASK_ALREADY_COMPLETED when it has ended
 */
export const cancelTask = async (
  userId: string,
  input: { taskId: string; reason?: string | undefined },
): Promise<Task> => {
  const { taskId, reason = null } = input;
  const row = await withRetries(() =>
    getSql().begin(async (sql) => {
      await sql`DELETE FROM ready_tasks WHERE task_id = ${taskId} AND user_id = ${userId}`;
      const [task] = await sql<
        TaskRow[]
      >`SELECT ${taskColumns(sql)} FROM tasks WHERE id = ${taskId} AND user_id = ${userId} FOR UPDATE`;
      if (!task) throw taskNotFound(taskId);
      if (isEnded(task.status))
        throw new DomainError("TASK_ALREADY_COMPLETED", "taskEnded", { params: { id: taskId, status: task.status } });
      if (task.status === "running" && task.worker_id !== null) {
        const [asked] = await sql<TaskRow[]>`
        UPDATE tasks SET cancel_requested_at = coalesce(cancel_requested_at, now()), cancel_reason = coalesce(cancel_reason, ${reason}), updated_at = now()
        WHERE id = ${taskId} RETURNING ${taskColumns(sql)}`;
        return asked;
      }
      await sql`DELETE FROM pending_tasks WHERE task_id = ${taskId}`;
      await sql`UPDATE task_attempts SET ended_at = now(), outcome = 'cancelled' WHERE task_id = ${taskId} AND ended_at IS NULL`;
      await recordMove(sql, task, task.status, "cancelled");
      const [cancelled] = await sql<TaskRow[]>`
      UPDATE tasks SET status = 'cancelled', outcome = 'cancelled', completed_at = now(), updated_at = now(), cancel_requested_at = now(),
        cancel_reason = ${reason}, error_message = coalesce('cancelled: ' || ${reason}::text, 'cancelled')
      WHERE id = ${taskId} RETURNING ${taskColumns(sql)}`;
      return cancelled;
    }),
  );
  if (!row) throw taskNotFound(taskId);
  publishLive([
    { kind: "task", userId, taskId, status: row.status },
    ...(row.status === "running" ? [{ kind: "cancel" as const, userId, taskId }] : []),
  ]);
  if (row.status === "cancelled") {
    await removeReady([{ taskId, queue: row.queue, userId, class: row.class }]).catch((error: Error) => {
      log.debug({ taskId, error: error.message }, "a cancelled task stayed in redis; its claim will be refused");
    });
    await releaseDependents();
  }
  const [task] = await toTasks([row]);
  if (!task) throw taskNotFound(taskId);
  return task;
};
