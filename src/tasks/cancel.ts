import { recordActivity } from "../activity/record";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { DomainError } from "../platform/errors";
import { publishLive } from "../platform/live";
import { log } from "../platform/log";
import { taskColumns, taskNotFound, toTasks } from "./list";
import { releaseDependents } from "./promote";
import { removeReady } from "./ready-queue";
import { isEnded } from "./status";
import type { Task, TaskRow } from "./task";
import { recordMoves } from "./transition";

/** One row of the record, however many tasks: one task is named, of several it is told how many. */
export const recordTasks = (
  sql: SqlLike,
  userId: string,
  verb: "task.cancelled" | "task.retried",
  tasks: { id: string }[],
): Promise<void> =>
  recordActivity(sql, userId, {
    verb,
    ...(tasks.length === 1 && { objectId: tasks[0]?.id }),
    count: tasks.length,
  });

/**
 * Cancels tasks. Those that wait are `cancelled` at once and never start; those that a client runs too. Those that a
 * worker runs stay `running` with `cancelRequestedAt` until their processes are proven dead.
 *
 * Against a claim the ready row decides: who locks it first. Ready rows are locked before tasks, as a claim does, and in the
 * order of the ids, as a reorder does.
 *
 * @returns the rows that changed, and why each of the others did not: TASK_NOT_FOUND, TASK_ALREADY_COMPLETED when it has ended
 */
export const cancelTasks = async (
  userId: string,
  input: { taskIds: string[]; reason?: string | undefined },
): Promise<{ changed: TaskRow[]; refusals: Map<string, DomainError> }> => {
  const { taskIds, reason = null } = input;
  const { changed, refusals } = await withRetries(() =>
    getSql().begin(async (sql) => {
      await sql`SELECT 1 FROM ready_tasks WHERE task_id = ANY(${taskIds}) AND user_id = ${userId} ORDER BY task_id FOR UPDATE`;
      const found = await sql<TaskRow[]>`
        SELECT ${taskColumns(sql)} FROM tasks WHERE id = ANY(${taskIds}) AND user_id = ${userId} ORDER BY id FOR UPDATE`;
      const known = new Map(found.map((task) => [task.id, task]));
      const refusals = new Map<string, DomainError>();
      for (const id of taskIds) {
        const task = known.get(id);
        if (!task) refusals.set(id, taskNotFound(id));
        else if (isEnded(task.status))
          refusals.set(
            id,
            new DomainError("TASK_ALREADY_COMPLETED", "taskEnded", { params: { id, status: task.status } }),
          );
      }
      const open = found.filter((task) => !isEnded(task.status));
      const isWorkers = (task: TaskRow) => task.status === "running" && task.worker_id !== null;
      const asked = await sql<TaskRow[]>`
        UPDATE tasks SET cancel_requested_at = coalesce(cancel_requested_at, now()), cancel_reason = coalesce(cancel_reason, ${reason}), updated_at = now()
        WHERE id = ANY(${open.filter(isWorkers).map((task) => task.id)}) RETURNING ${taskColumns(sql)}`;
      const cancelled = await sql<TaskRow[]>`
        WITH held AS (
          SELECT id, status AS old_status FROM tasks WHERE id = ANY(${open.filter((task) => !isWorkers(task)).map((task) => task.id)})
        ), unready AS (
          DELETE FROM ready_tasks USING held WHERE task_id = held.id
        ), unscheduled AS (
          DELETE FROM pending_tasks USING held WHERE task_id = held.id
        ), closed AS (
          UPDATE task_attempts SET ended_at = now(), outcome = 'cancelled' FROM held WHERE task_id = held.id AND ended_at IS NULL
        ), t AS (
          UPDATE tasks SET status = 'cancelled', change_no = change_no + 1, outcome = 'cancelled', completed_at = now(), updated_at = now(), cancel_requested_at = now(),
            cancel_reason = ${reason}, error_message = coalesce('cancelled: ' || ${reason}::text, 'cancelled')
          FROM held WHERE tasks.id = held.id RETURNING tasks.*, held.old_status
        ), ${recordMoves(sql, sql`t.old_status`)} SELECT ${taskColumns(sql)} FROM t`;
      const changed = [...asked, ...cancelled];
      await recordTasks(sql, userId, "task.cancelled", changed);
      return { changed, refusals };
    }),
  );
  publishLive([
    ...changed.map((row) => ({ kind: "task" as const, userId, taskId: row.id, status: row.status })),
    ...changed.flatMap((row) =>
      row.status === "running" ? [{ kind: "cancel" as const, userId, taskId: row.id }] : [],
    ),
  ]);
  const cancelled = changed.filter((row) => row.status === "cancelled");
  if (cancelled.length > 0) {
    const entries = cancelled.map((row) => ({ taskId: row.id, queue: row.queue, userId, class: row.class }));
    await removeReady(entries).catch((error: Error) => {
      log.debug(
        { count: entries.length, error: error.message },
        "cancelled tasks stayed in redis; their claims will be refused",
      );
    });
    await releaseDependents();
  }
  return { changed, refusals };
};

/** Cancels one task, as cancelTasks does. @throws TASK_NOT_FOUND, TASK_ALREADY_COMPLETED when it has ended */
export const cancelTask = async (
  userId: string,
  input: { taskId: string; reason?: string | undefined },
): Promise<Task> => {
  const { taskId, reason } = input;
  const { changed, refusals } = await cancelTasks(userId, { taskIds: [taskId], reason });
  const [task] = await toTasks(changed);
  if (!task) throw refusals.get(taskId) ?? taskNotFound(taskId);
  return task;
};
