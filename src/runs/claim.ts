// A driver takes the next run, or a given one.
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { publishLive } from "../platform/live";
import { wrongStatus } from "./edit-runs";
import { getRunRow } from "./read-runs";
import { type Run, type RunRow, runColumns, toRun } from "./run";
import { lockUnit } from "./unit-lock";
import { CONNECTED_SECONDS } from "./units";

/** What a start writes: a new attempt, with nothing left of the one before. */
const startOf = (sql: SqlLike, driverId: string | undefined, claimKey: string | undefined) => sql`
  status = 'running', attempt = attempt + 1, driver_id = ${driverId ?? null}, claim_key = ${claimKey ?? null}, started_at = now(), completed_at = NULL,
  cancelled_at = NULL, result = NULL, metrics = NULL, error_message = NULL, error_kind = NULL, end_hash = NULL, progress_done = NULL,
  progress_total = NULL, log_lines = 0, last_named_at = now(), updated_at = now(),
  watched = EXISTS (SELECT 1 FROM unit_presence p WHERE p.unit_id = runs.unit_id AND p.last_heartbeat_at >= now() - make_interval(secs => ${CONNECTED_SECONDS}))`;

/** For a WHERE: the runs that may be claimed. why-waiting.ts explains the others by the same conditions. */
export const isClaimable = (sql: SqlLike) => sql`status = 'pending' AND deleted_at IS NULL AND misfit IS NULL`;

/** Claims in the caller's transaction. @returns null when nothing may be claimed */
export const claimIn = async (
  sql: SqlLike,
  userId: string,
  input: { unitId: string; driverId?: string | undefined; claimKey?: string | undefined },
): Promise<Run | null> => {
  const { unitId, driverId, claimKey } = input;
  const unit = await lockUnit(sql, userId, unitId);
  if (claimKey !== undefined) {
    const [again] = await sql<RunRow[]>`
      SELECT ${runColumns(sql)} FROM runs WHERE unit_id = ${unitId} AND claim_key = ${claimKey} AND status = 'running' AND deleted_at IS NULL`;
    if (again) return toRun(again);
  }
  if (unit.paused) return null;
  const [row] = await sql<RunRow[]>`
    UPDATE runs SET ${startOf(sql, driverId, claimKey)}
    WHERE id = (SELECT id FROM runs WHERE unit_id = ${unitId} AND ${isClaimable(sql)} ORDER BY place LIMIT 1)
    RETURNING ${runColumns(sql)}`;
  return row ? toRun(row) : null;
};

/**
 * The next pending run, set running. No two drivers ever get the same one: the unit's lock orders them, so `null` means that
 * there is none (with SKIP LOCKED it could also mean that a reorder held them).
 *
 * @param input.claimKey the same key gets the same run again while that runs
 * @throws NOT_FOUND for the unit
 */
export const claimRun = async (
  userId: string,
  input: { unitId: string; driverId?: string | undefined; claimKey?: string | undefined },
): Promise<{ run: Run | null }> => {
  const run = await withRetries(() => getSql().begin((sql) => claimIn(sql, userId, input)));
  if (run) tellRun(run);
  return { run };
};

export const tellRun = (run: Run): void =>
  publishLive([{ kind: "run", userId: run.userId, unitId: run.unitId, runId: run.runId, status: run.status }]);

/** Starts a given pending run. Of two callers one wins. @throws NOT_FOUND; INVALID_QUEUE_STATUS when it is not pending */
export const startRun = async (
  userId: string,
  input: { runId: string; driverId?: string | undefined },
): Promise<Run> => {
  const { runId } = input;
  const { unit_id: unitId } = await getRunRow(userId, runId);
  const run = await withRetries(() =>
    getSql().begin(async (sql) => {
      await lockUnit(sql, userId, unitId);
      const [row] = await sql<RunRow[]>`
        UPDATE runs SET ${startOf(sql, input.driverId, undefined)}
        WHERE id = ${runId} AND status = 'pending' AND deleted_at IS NULL RETURNING ${runColumns(sql)}`;
      if (row) return toRun(row);
      const { status } = await getRunRow(userId, runId, sql);
      throw wrongStatus(runId, status, "pending");
    }),
  );
  tellRun(run);
  return run;
};
