import { recordActivity } from "../activity/record";
import { getSql, withRetries } from "../platform/db";
import { badField, badFields, DomainError } from "../platform/errors";
import { publishLive } from "../platform/live";
import { positionsFromPostgres } from "./list";
import { priorityOf } from "./place";
import { setPlacesQuietly, underQueueLock } from "./queue-lock";
import type { ReadyEntry } from "./ready-queue";

/** Checks the ids against what the account has. @returns the one queue that they are of */
const queueOf = async (userId: string, taskIds: string[]): Promise<string> => {
  const seen = new Set<string>();
  const repeated = taskIds.flatMap((id, index) =>
    seen.size === seen.add(id).size ? [{ path: `task_ids[${index}]`, key: "namedTwice" as const, params: { id } }] : [],
  );
  if (repeated.length > 0) throw badFields(repeated);
  const rows = await getSql()<
    { id: string; queue: string }[]
  >`SELECT id, queue FROM tasks WHERE id = ANY(${taskIds}) AND user_id = ${userId}`;
  const known = new Set(rows.map((row) => row.id));
  const unknown = taskIds.flatMap((id, index) =>
    known.has(id) ? [] : [{ path: `task_ids[${index}]`, key: "noTask" as const, params: { id } }],
  );
  if (unknown.length > 0) throw badFields(unknown);
  const queues = [...new Set(rows.map((row) => row.queue))];
  if (queues.length > 1) throw badField("task_ids", "oneQueue", { queues: queues.join(", ") });
  return queues[0] ?? "default";
};

/**
 * The named queued tasks exchange the places they hold, in the order given; all others keep theirs. A task takes over
 * the priority of the place it gets.
 *
 * Their ready rows are locked in the order of their ids, so that of two reorders, or a reorder and a claim, one is whole before the other.
 *
 * @throws INVALID_REQUEST for unknown or repeated ids; CONFLICT for known ones that are not queued; then nothing moves
 */
export const reorderTasks = async (
  userId: string,
  input: { taskIds: string[] },
): Promise<{ taskId: string; position: number }[]> => {
  const { taskIds } = input;
  const queue = await queueOf(userId, taskIds);
  await withRetries(() =>
    underQueueLock(
      queue,
      async (sql): Promise<ReadyEntry[]> => {
        const ready = await sql<{ task_id: string; place: number; class: string }[]>`
          SELECT task_id, place, class FROM ready_tasks WHERE task_id = ANY(${taskIds}) ORDER BY task_id FOR UPDATE`;
        const classes = new Map(ready.map((row) => [row.task_id, row.class]));
        const missing = taskIds.filter((id) => !classes.has(id));
        if (missing.length > 0)
          throw new DomainError("CONFLICT", "notQueued", {
            params: { ids: missing.slice(0, 20).join(", ") },
            problems: missing.map((id) => ({
              path: `task_ids[${taskIds.indexOf(id)}]`,
              key: "notQueued",
              params: { id },
            })),
          });
        const places = ready.map((row) => row.place).sort((a, b) => a - b);
        const moved = taskIds.map((taskId, index) => ({
          taskId,
          queue,
          userId,
          class: classes.get(taskId) ?? "",
          place: places[index] ?? 0,
        }));
        const ids = moved.map((one) => one.taskId);
        const newPlaces = moved.map((one) => one.place);
        const priorities = newPlaces.map(priorityOf);
        await sql`UPDATE ready_tasks r SET place = n.place, changed_at = now() FROM unnest(${ids}::text[], ${newPlaces}::int8[]) AS n(id, place) WHERE r.task_id = n.id`;
        await sql`
          UPDATE tasks t SET place = n.place, priority = n.priority, updated_at = now()
          FROM unnest(${ids}::text[], ${newPlaces}::int8[], ${priorities}::int[]) AS n(id, place, priority) WHERE t.id = n.id`;
        await recordActivity(sql, userId, { verb: "task.reordered", count: ids.length, details: { queue } });
        return moved;
      },
      setPlacesQuietly,
    ),
  );
  publishLive([{ kind: "tasks", userId }]);
  const positions = await positionsFromPostgres(taskIds.map((id) => ({ id })));
  return taskIds.map((taskId) => ({ taskId, position: positions.get(taskId) ?? 0 }));
};
