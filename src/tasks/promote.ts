// Pending tasks whose time has come, or whose dependencies have ended.
import { getSql, withRetries } from "../platform/db";
import { publishLive } from "../platform/live";
import { addReadyQuietly } from "./queue-lock";
import type { TaskStatus } from "./status";
import { changedColumns, recordMoves } from "./transition";

type MovedRow = { id: string; user_id: string; queue: string; class: string; place: number; status: TaskStatus };
const BATCH = 1000;

const announce = async (rows: MovedRow[]): Promise<void> => {
  publishLive(rows.map((row) => ({ kind: "task", userId: row.user_id, taskId: row.id, status: row.status })));
  const queued = rows.filter((row) => row.status === "queued");
  if (queued.length > 0) await addReadyQuietly(queued);
};

/** Queues scheduled tasks that are due and wait for nothing else. Called each second. @returns how many */
export const promoteDue = async (): Promise<number> => {
  const sql = getSql();
  let promoted = 0;
  for (;;) {
    const rows = await withRetries(
      () => sql<MovedRow[]>`
      WITH due AS (
        DELETE FROM pending_tasks WHERE task_id IN (
          SELECT task_id FROM pending_tasks WHERE NOT blocked AND run_at <= now() ORDER BY run_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
        RETURNING task_id
      ), t AS (
        UPDATE tasks SET status = 'queued', change_no = change_no + 1, queued_at = now(), updated_at = now() FROM due WHERE tasks.id = due.task_id AND tasks.status = 'pending'
        RETURNING ${changedColumns(sql)}
      ), ready AS (
        INSERT INTO ready_tasks (task_id, queue, user_id, class, place) SELECT id, queue, user_id, class, place FROM t
      ), ${recordMoves(sql, "pending")} SELECT id, user_id, queue, class, place, status FROM t`,
    );
    promoted += rows.length;
    await announce(rows);
    if (rows.length < BATCH) return promoted;
  }
};

/**
 * Moves tasks on that waited for tasks which have ended: fails them when a dependency failed or was cancelled, queues them when
 * all completed. Called after an end, and each few seconds as the net.
 *
 * It looks at what is there rather than counting down: an end that commits beside the creation of its dependent
 * would be missed by a counter.
 */
export const releaseDependents = async (): Promise<number> => {
  const sql = getSql();
  let moved = 0;
  for (;;) {
    const failed = await withRetries(
      () => sql<MovedRow[]>`
      WITH hit AS (
        SELECT DISTINCT ON (p.task_id) p.task_id, d.depends_on FROM pending_tasks p
        JOIN task_dependencies d ON d.task_id = p.task_id JOIN tasks t ON t.id = d.depends_on
        WHERE p.blocked AND t.outcome IN ('failed', 'cancelled') ORDER BY p.task_id, t.completed_at LIMIT ${BATCH}
      ), gone AS (
        DELETE FROM pending_tasks p USING hit WHERE p.task_id = hit.task_id RETURNING p.task_id, hit.depends_on
      ), t AS (
        UPDATE tasks SET status = 'failed', change_no = change_no + 1, outcome = 'failed', completed_at = now(), updated_at = now(), error_kind = 'dependency',
          error_message = 'dependency ' || gone.depends_on || ' failed'
        FROM gone WHERE tasks.id = gone.task_id AND tasks.status = 'pending'
        RETURNING ${changedColumns(sql)}
      ), ${recordMoves(sql, "pending")} SELECT id, user_id, queue, class, place, status FROM t`,
    );
    const freed = await withRetries(
      () => sql`
      UPDATE pending_tasks p SET blocked = false, run_at = coalesce(run_at, now()) WHERE p.blocked AND NOT EXISTS (
        SELECT 1 FROM task_dependencies d JOIN tasks t ON t.id = d.depends_on WHERE d.task_id = p.task_id AND t.outcome IS DISTINCT FROM 'completed')`,
    );
    await announce(failed);
    moved += failed.length + freed.count;
    if (freed.count > 0) await promoteDue();
    // A failed dependent may have dependents of its own.
    if (failed.length === 0) return moved;
  }
};
