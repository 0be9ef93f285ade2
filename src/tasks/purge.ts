// Forgets tasks that ended long ago, or only what they said, where the settings tell so (RETENTION_DAYS and those beside it).
import { deleteLogs } from "../logs/purge";
import { deleteMetrics } from "../metrics/purge";
import { getSql, type SqlLike } from "../platform/db";
import { daysAgo, walkEnded } from "../platform/ended-rows";
import { getEnv } from "../platform/env";
import { type RetentionMark, walkFromMark } from "../platform/retention-marks";

/**
 * Locks those of the tasks that are still ended, and ended early enough: of a retry and a purge one comes first, and the other sees it.
 * Nobody is waited for; what another one holds is left for the next hour.
 */
const lockEnded = async (sql: SqlLike, ids: string[], before: string): Promise<string[]> => {
  const rows = await sql<{ id: string }[]>`
    SELECT id FROM tasks WHERE id = ANY(${ids}) AND completed_at < ${before}::text::timestamptz ORDER BY id FOR UPDATE SKIP LOCKED`;
  return rows.map((row) => row.id);
};

/**
 * What a pending task waits for has to stay: a dependency that is not there counts as completed. Asked after the lock, which whoever creates a
 * dependent needs, too, so that none comes between.
 */
const neededByPending = async (sql: SqlLike, ids: string[]): Promise<Set<string>> => {
  const rows = await sql<{ id: string }[]>`
    SELECT DISTINCT d.depends_on AS id FROM task_dependencies d JOIN pending_tasks p ON p.task_id = d.task_id WHERE d.depends_on = ANY(${ids})`;
  return new Set(rows.map((row) => row.id));
};

/** With all that hangs on them, and with their counts: one transaction, so that lists and counts never disagree. */
const deleteTasks = async (sql: SqlLike, ids: string[]): Promise<void> => {
  await deleteLogs(sql, ids);
  await deleteMetrics(sql, ids);
  await sql`DELETE FROM task_attempts WHERE task_id = ANY(${ids})`;
  await sql`DELETE FROM task_dependencies WHERE task_id = ANY(${ids}) OR depends_on = ANY(${ids})`;
  await sql`
    WITH gone AS (DELETE FROM tasks WHERE id = ANY(${ids}) RETURNING user_id, queue, status)
    INSERT INTO task_count_deltas (user_id, queue, status, delta)
    SELECT user_id, queue, status, -count(*) FROM gone GROUP BY user_id, queue, status`;
};

/**
 * Deletes tasks that ended more than RETENTION_DAYS ago; they are then unknown, as if they had never been. Webhooks that are still on their
 * way have their bodies and go on.
 * @returns how many tasks
 */
export const purgeTasks = async (signal: AbortSignal): Promise<number> => {
  const days = getEnv().RETENTION_DAYS;
  if (days === 0) return 0;
  const before = await daysAgo(days);
  const { count } = await walkEnded({ table: "tasks", from: "-infinity", before, signal }, (ids) =>
    getSql().begin(async (sql) => {
      const ended = await lockEnded(sql, ids, before);
      const needed = await neededByPending(sql, ended);
      const gone = ended.filter((id) => !needed.has(id));
      if (gone.length > 0) await deleteTasks(sql, gone);
      return gone.length;
    }),
  );
  return count;
};

const purgeOutput = async (
  mark: RetentionMark,
  days: number,
  signal: AbortSignal,
  forget: (sql: SqlLike, ids: string[]) => Promise<void>,
): Promise<number> => {
  if (days === 0) return 0;
  const before = await daysAgo(days);
  return walkFromMark(mark, { table: "tasks", before, signal }, (ids) =>
    getSql().begin(async (sql) => {
      const ended = await lockEnded(sql, ids, before);
      await forget(sql, ended);
      return ended.length;
    }),
  );
};

/** Deletes the lines of tasks that ended more than LOG_RETENTION_DAYS ago. @returns of how many tasks */
export const purgeTaskLogs = (signal: AbortSignal): Promise<number> =>
  purgeOutput("task logs", getEnv().LOG_RETENTION_DAYS, signal, deleteLogs);

/** Deletes the points of tasks that ended more than METRIC_RETENTION_DAYS ago. @returns of how many tasks */
export const purgeTaskMetrics = (signal: AbortSignal): Promise<number> =>
  purgeOutput("task metrics", getEnv().METRIC_RETENTION_DAYS, signal, deleteMetrics);

/** Which of the ids no task has. */
export const unknownTasks = async (ids: string[]): Promise<string[]> => {
  const rows = await getSql()<{ id: string }[]>`
    SELECT asked.id FROM unnest(${ids}::text[]) AS asked(id) WHERE NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = asked.id)`;
  return rows.map((row) => row.id);
};
