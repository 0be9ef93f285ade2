import { recordActivity } from "../activity/record";
import { withRetries } from "../platform/db";
import { DomainError } from "../platform/errors";
import { publishLive } from "../platform/live";
import { getTask, getTaskRow } from "./list";
import { setPlacesQuietly, underQueueLock } from "./queue-lock";
import { isEnded } from "./status";
import type { Task } from "./task";

/**
 * Changes the priority of a task that waits: it becomes the last of its new equals. The same priority changes nothing.
 *
 * @throws TASK_NOT_FOUND; TASK_ALREADY_RUNNING once it has left the queue
 */
export const changePriority = async (userId: string, input: { taskId: string; priority: number }): Promise<Task> => {
  const { taskId, priority } = input;
  const before = await getTaskRow(userId, taskId);
  await withRetries(() =>
    underQueueLock(
      before.queue,
      async (sql) => {
        await sql`SELECT 1 FROM ready_tasks WHERE task_id = ${taskId} FOR UPDATE`;
        const [task] = await sql<
          { status: Task["status"]; priority: number }[]
        >`SELECT status, priority FROM tasks WHERE id = ${taskId} FOR UPDATE`;
        if (!task || (task.status !== "queued" && task.status !== "pending")) {
          const status = task?.status ?? before.status;
          // The contract has one code for "has left the queue", whatever became of it.
          throw new DomainError("TASK_ALREADY_RUNNING", isEnded(status) ? "taskEnded" : "taskRunning", {
            params: { id: taskId, status },
          });
        }
        if (task.priority === priority) return null;
        const [moved] = await sql<{ place: number; queue: string; class: string }[]>`
          UPDATE tasks SET priority = ${priority}, place = (1000000 - ${priority}::int8) * 4294967296 + nextval('task_turns'), updated_at = now()
          WHERE id = ${taskId} RETURNING place, queue, class`;
        if (!moved) return null;
        const details = { from: task.priority, to: priority };
        await recordActivity(sql, userId, { verb: "task.prioritized", objectId: taskId, details });
        const changed =
          await sql`UPDATE ready_tasks SET place = ${moved.place}, changed_at = now() WHERE task_id = ${taskId}`;
        return changed.count > 0 ? moved : null;
      },
      async (moved) => {
        if (moved)
          await setPlacesQuietly([{ taskId, queue: moved.queue, userId, class: moved.class, place: moved.place }]);
      },
    ),
  );
  publishLive([{ kind: "tasks", userId }]);
  return getTask(userId, taskId);
};
