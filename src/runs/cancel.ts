// Stopping runs, and taking them up again. One, or many in one statement.
import { recordActivity } from "../activity/record";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { runEnds } from "../platform/prometheus";
import { tellRun } from "./claim";
import { placeOf, tellUnit, wrongStatus } from "./edit-runs";
import { tellGroups } from "./groups";
import { getRunRow, matching, type RunFilter } from "./read-runs";
import { type Run, type RunRow, toRun } from "./run";
import { changedColumns, withEvents } from "./transition";
import { lockUnit, raiseVersion } from "./unit-lock";

const CANCELLABLE = ["pending", "running"];
const RETRYABLE = ["failed", "cancelled"];

const cancelled = (sql: SqlLike, reason: string | undefined) => sql`
  status = 'cancelled', change_no = change_no + 1, cancelled_at = now(), completed_at = now(), error_kind = 'cancelled', updated_at = now(),
  error_message = ${reason === undefined || reason === "" ? "cancelled" : `cancelled: ${reason}`}`;

const queuedAgain = (sql: SqlLike) => sql`
  status = 'pending', change_no = change_no + 1, cancelled_at = NULL, completed_at = NULL, started_at = NULL, result = NULL, metrics = NULL, error_message = NULL,
  error_kind = NULL, end_hash = NULL, driver_id = NULL, claim_key = NULL, watched = false, last_named_at = NULL, progress_done = NULL,
  progress_total = NULL, updated_at = now()`;

/** Under the unit's lock, so that of a claim and a cancel one wins. */
const changeRun = async (
  userId: string,
  runId: string,
  from: string[],
  wanted: string,
  verb: "run.cancelled" | "run.retried",
  set: (sql: SqlLike) => ReturnType<typeof queuedAgain>,
): Promise<Run> => {
  const { unit_id: unitId } = await getRunRow(userId, runId);
  const run = await withRetries(() =>
    getSql().begin(async (sql) => {
      const unit = await lockUnit(sql, userId, unitId);
      const changed = sql`
        UPDATE runs SET ${set(sql)} WHERE id = ${runId} AND status = ANY(${from}) AND deleted_at IS NULL RETURNING ${changedColumns(sql)}`;
      const [row] = await withEvents<RunRow>(sql, changed, sql`*`);
      if (row) {
        await recordActivity(sql, userId, { verb, objectId: runId, ...placeOf(unitId, unit) });
        return toRun(row);
      }
      const { status } = await getRunRow(userId, runId, sql);
      throw wrongStatus(runId, status, wanted);
    }),
  );
  tellRun(run);
  return run;
};

/**
 * Cancels a run that waits or runs, at once. Its driver hears of it with its next heartbeat that names the run.
 * @throws NOT_FOUND; INVALID_QUEUE_STATUS when it has ended
 */
export const cancelRun = async (
  userId: string,
  input: { runId: string; reason?: string | undefined },
): Promise<Run> => {
  const run = await changeRun(userId, input.runId, CANCELLABLE, "pending or running", "run.cancelled", (sql) =>
    cancelled(sql, input.reason),
  );
  runEnds.inc({ outcome: "cancelled" });
  return run;
};

/**
 * Puts a failed or cancelled run back to waiting, in its old place, with result, error and times cleared. Logs and metrics stay.
 * @throws NOT_FOUND; INVALID_QUEUE_STATUS for one that neither failed nor was cancelled
 */
export const retryRun = (userId: string, input: { runId: string }): Promise<Run> =>
  changeRun(userId, input.runId, RETRYABLE, "failed or cancelled", "run.retried", queuedAgain);

const VERBS = { cancel: "run.cancelled", retry: "run.retried", remove: "run.removed" } as const;
const FROM = { cancel: CANCELLABLE, retry: RETRYABLE, remove: ["pending", "completed", "failed", "cancelled"] };

/**
 * Cancels, retries or removes many runs of a unit in one statement: those that are named, all that a filter finds, or with both the
 * named ones that it finds: so runs that are cancelled as waiting are left alone once they train.
 *
 * @param input.dryRun only counts
 * @returns how many it did (or would do) it to, and how many others were named or found, since their status does not allow it
 * @throws NOT_FOUND for the unit
 */
export const changeMany = async (
  userId: string,
  input: {
    unitId: string;
    action: "cancel" | "retry" | "remove";
    runIds?: string[] | undefined;
    filter?: RunFilter | undefined;
    dryRun: boolean;
  },
): Promise<{ count: number; skipped: number }> => {
  const { unitId, action, runIds } = input;
  const { ownerId, groupId, ...answer } = await withRetries(() =>
    getSql().begin(async (sql) => {
      const unit = await lockUnit(sql, userId, unitId);
      const { ownerId, groupId } = unit;
      const chosen = sql`
        runs.unit_id = ${unitId} AND ${runIds ? sql`runs.id = ANY(${runIds})` : sql`true`} AND ${matching(sql, input.filter ?? {})}`;
      const [found] = await sql<{ all: number; able: number }[]>`
        SELECT count(*) AS all, count(*) FILTER (WHERE runs.status = ANY(${FROM[action]})) AS able FROM runs WHERE ${chosen}`;
      const { all, able } = found ?? { all: 0, able: 0 };
      const skipped = (runIds ? new Set(runIds).size : all) - able;
      if (input.dryRun || able === 0) return { ownerId, groupId, count: able, skipped };
      const isAble = sql`${chosen} AND runs.status = ANY(${FROM[action]})`;
      const set = action === "cancel" ? cancelled(sql, undefined) : queuedAgain(sql);
      // A removal changes no status: nothing is told of it.
      const changed =
        action === "remove"
          ? await sql`UPDATE runs SET deleted_at = now(), updated_at = now() WHERE ${isAble}`
          : await withEvents(
              sql,
              sql`UPDATE runs SET ${set} WHERE ${isAble} RETURNING ${changedColumns(sql)}`,
              sql`t.id`,
            );
      if (action === "remove" && changed.count > 0) await raiseVersion(sql, unitId);
      await recordActivity(sql, userId, { verb: VERBS[action], ...placeOf(unitId, unit), count: changed.count });
      return { ownerId, groupId, count: changed.count, skipped: skipped + able - changed.count };
    }),
  );
  if (!input.dryRun) {
    if (action === "cancel") runEnds.inc({ outcome: "cancelled" }, answer.count);
    tellUnit(ownerId, unitId);
    tellGroups(ownerId, groupId);
  }
  return answer;
};
