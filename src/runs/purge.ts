// Forgets runs that ended long ago, or only what they said, where the settings tell so (RETENTION_DAYS and those beside it).
import { deleteLogs } from "../logs/purge";
import { deleteMetrics } from "../metrics/purge";
import { getSql, type SqlLike } from "../platform/db";
import { daysAgo, walkEnded } from "../platform/ended-rows";
import { getEnv } from "../platform/env";
import { type RetentionMark, walkFromMark } from "../platform/retention-marks";
import { tellUnit } from "./edit-runs";
import { raiseVersion } from "./unit-lock";

/** For good, with all that hangs on them. */
export const deleteRuns = async (sql: SqlLike, ids: string[]): Promise<void> => {
  await deleteLogs(sql, ids);
  await deleteMetrics(sql, ids);
  await sql`DELETE FROM run_checkpoints WHERE run_id = ANY(${ids})`;
  await sql`DELETE FROM run_estimates WHERE run_id = ANY(${ids})`;
  await sql`DELETE FROM runs WHERE id = ANY(${ids})`;
};

/** Those of the runs that are still ended, ended early enough, and not in the trash, which has a time of its own. */
const lockEnded = async (sql: SqlLike, ids: string[], before: string): Promise<string[]> => {
  const rows = await sql<{ id: string }[]>`
    SELECT id FROM runs WHERE id = ANY(${ids}) AND completed_at < ${before}::text::timestamptz AND deleted_at IS NULL
    ORDER BY id FOR UPDATE SKIP LOCKED`;
  return rows.map((row) => row.id);
};

/** Fewer runs are a change of the unit. Its row is locked before its runs, as everywhere. @returns how many */
const purgeOfUnit = async (unitId: string, ids: string[], before: string): Promise<number> => {
  const purged = await getSql().begin(async (sql) => {
    const [unit] = await sql<{ user_id: string }[]>`
      SELECT user_id FROM units WHERE id = ${unitId} AND deleted_at IS NULL FOR NO KEY UPDATE`;
    const gone = unit ? await lockEnded(sql, ids, before) : [];
    if (!unit || gone.length === 0) return null;
    await deleteRuns(sql, gone);
    await raiseVersion(sql, unitId);
    return { ownerId: unit.user_id, count: gone.length };
  });
  if (purged) tellUnit(purged.ownerId, unitId);
  return purged?.count ?? 0;
};

/** Deletes runs that ended more than RETENTION_DAYS ago, past the trash; versions of their units rise. @returns how many runs */
export const purgeRuns = async (signal: AbortSignal): Promise<number> => {
  const days = getEnv().RETENTION_DAYS;
  if (days === 0) return 0;
  const before = await daysAgo(days);
  const { count } = await walkEnded({ table: "runs", from: "-infinity", before, signal }, async (ids) => {
    const units = await getSql()<{ unit_id: string; ids: string[] }[]>`
      SELECT unit_id, array_agg(id) AS ids FROM runs WHERE id = ANY(${ids}) GROUP BY unit_id ORDER BY unit_id`;
    let purged = 0;
    for (const unit of units) purged += await purgeOfUnit(unit.unit_id, unit.ids, before);
    return purged;
  });
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
  return walkFromMark(mark, { table: "runs", before, signal }, (ids) =>
    getSql().begin(async (sql) => {
      const ended = await lockEnded(sql, ids, before);
      await forget(sql, ended);
      return ended.length;
    }),
  );
};

/** Deletes the lines of runs that ended more than LOG_RETENTION_DAYS ago. @returns of how many runs */
export const purgeRunLogs = (signal: AbortSignal): Promise<number> =>
  purgeOutput("run logs", getEnv().LOG_RETENTION_DAYS, signal, deleteLogs);

/** Deletes the points of runs that ended more than METRIC_RETENTION_DAYS ago. @returns of how many runs */
export const purgeRunMetrics = (signal: AbortSignal): Promise<number> =>
  purgeOutput("run metrics", getEnv().METRIC_RETENTION_DAYS, signal, deleteMetrics);
