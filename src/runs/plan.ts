// When the waiting runs of a unit will start and end, and why each of them waits.
import { getSql, type SqlLike } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { workOf } from "./run-duration";
import {
  type Accuracy,
  accuracyOf,
  type Band,
  estimateRuns,
  estimateTogether,
  type RunEstimate,
  type Situation,
} from "./run-estimate";
import { getUnit } from "./units";
import { blockerOf, type Reason, reasonsOf } from "./why-waiting";

type Row = {
  id: string;
  status: "pending" | "running";
  misfit: string | null;
  attempt: number;
  parameters: JsonObject;
  elapsed_seconds: number | null;
  done: number | null;
};

/** RFC 3339 */
type Times = { p50: string; p90: string };
export type Plan = {
  /** in the order in which they wait */
  waiting: { runId: string; reason: Reason; start: Times | null; end: Times | null }[];
  /** of past estimates; null while none of them has come to its end */
  accuracy: Accuracy | null;
};

/** How many estimates, from the head of the line, are kept to be compared with the truth. */
const KEPT = 100;
/** A driver that gave no sign for so long has no slots. */
const DRIVER_SECONDS = 30;

/** @param first how many of those that wait; what waits behind a run has no part in when it starts */
const openRuns = (sql: SqlLike, unitId: string, first: number | null) => {
  const open = (status: "pending" | "running") => sql`
    SELECT id, status, misfit, attempt, parameters, extract(epoch FROM now() - started_at)::float8 AS elapsed_seconds,
      CASE WHEN progress_total > 0 THEN least(1, progress_done / progress_total) END AS done, place
    FROM runs WHERE unit_id = ${unitId} AND status = ${status} AND deleted_at IS NULL`;
  return sql<Row[]>`${open("running")} UNION ALL (${open("pending")} ORDER BY place LIMIT ${first}) ORDER BY place`;
};

const measuredRuns = (sql: SqlLike, unitId: string) => sql<{ parameters: JsonObject; seconds: number }[]>`
  SELECT parameters, extract(epoch FROM completed_at - started_at)::float8 AS seconds FROM runs
  WHERE unit_id = ${unitId} AND status = 'completed' AND deleted_at IS NULL AND started_at < completed_at
  ORDER BY completed_at DESC LIMIT 200`;

/** Drivers that give no name count as one run at once, or as many as they are seen to run. */
const slotsOf = async (sql: SqlLike, unitId: string, connected: boolean, running: number): Promise<number> => {
  if (!connected) return 0;
  const [named] = await sql<{ slots: number }[]>`
    SELECT coalesce(sum(slots), 0)::int AS slots FROM unit_drivers
    WHERE unit_id = ${unitId} AND last_heartbeat_at >= now() - make_interval(secs => ${DRIVER_SECONDS})`;
  return Math.max(named?.slots ?? 0, running, 1);
};

const pastAccuracy = async (sql: SqlLike, unitId: string): Promise<Accuracy | null> => {
  const past = await sql<{ p50: number; p90: number; ended_after: number; duration: number }[]>`
    SELECT e.end_p50_seconds AS p50, e.end_p90_seconds AS p90, extract(epoch FROM r.completed_at - e.made_at)::float8 AS ended_after,
      extract(epoch FROM r.completed_at - r.started_at)::float8 AS duration
    FROM run_estimates e JOIN runs r ON r.id = e.run_id AND r.attempt = e.attempt
    WHERE e.unit_id = ${unitId} AND r.status = 'completed' AND r.started_at < r.completed_at
    ORDER BY e.made_at DESC LIMIT 1000`;
  return accuracyOf(
    past.map((one) => ({
      end: { p50: one.p50, p90: one.p90 },
      endedAfter: one.ended_after,
      durationSeconds: one.duration,
    })),
  );
};

/** The first that was said of each attempt stays: what is said later is nearer to the truth, and would flatter. */
const keep = async (sql: SqlLike, unitId: string, rows: Row[], estimates: RunEstimate[]): Promise<void> => {
  const attempts = new Map(rows.map((row) => [row.id, row.attempt + 1]));
  const said = estimates.slice(0, KEPT).map(({ runId, end }) => ({
    run_id: runId,
    attempt: attempts.get(runId) ?? 1,
    p50: end.p50,
    p90: end.p90,
  }));
  if (said.length === 0) return;
  await sql`
    INSERT INTO run_estimates (run_id, attempt, unit_id, end_p50_seconds, end_p90_seconds)
    SELECT run_id, attempt, ${unitId}, p50, p90
    FROM jsonb_to_recordset(${JSON.stringify(said)}::text::jsonb) AS n(run_id text, attempt int, p50 float8, p90 float8)
    ON CONFLICT DO NOTHING`;
};

/** The line of a unit as it is now: what waits and why, and what an estimate is made from. @throws NOT_FOUND for the unit */
const lineOf = async (sql: SqlLike, userId: string, unitId: string, first: number | null = null) => {
  const unit = await getUnit(userId, unitId);
  const rows = await openRuns(sql, unitId, first);
  const running = rows.filter((row) => row.status === "running");
  const connected = unit.connectionStatus === "connected";
  const slots = await slotsOf(sql, unitId, connected, running.length);
  const reasons = reasonsOf(unit, { connected, lastHeartbeat: unit.lastHeartbeat, slots }, rows);
  const waits = rows.flatMap((row, nth) => {
    const reason = reasons[nth];
    return reason ? [{ row, reason }] : [];
  });
  const claimable = waits.filter(({ row }) => blockerOf(unit, row) === null);
  const measured = await measuredRuns(sql, unitId);
  const situation: Situation = {
    measured: measured.map(({ seconds, parameters }) => ({ seconds, work: workOf(parameters) })),
    running: running.map((row) => ({
      elapsedSeconds: row.elapsed_seconds ?? 0,
      work: workOf(row.parameters),
      done: row.done,
    })),
    waiting: claimable.map(({ row }) => ({ runId: row.id, work: workOf(row.parameters) })),
    slots,
  };
  return { unit, rows, waits, situation };
};

/**
 * The plan of a unit. Times are null for a run that may not be claimed, while no driver is connected, and before a run of the unit
 * has completed. Reading it keeps the first estimates, which is all that it writes.
 *
 * @param part of those that wait, counted from 0; all of them if absent
 * @throws NOT_FOUND for the unit
 */
export const planOfUnit = async (
  userId: string,
  unitId: string,
  part?: { from: number; count: number },
): Promise<Plan> => {
  const sql = getSql();
  const end = part ? part.from + part.count : null;
  const { rows, waits, situation } = await lineOf(sql, userId, unitId, end);
  const estimates = estimateRuns(situation) ?? [];
  await keep(sql, unitId, rows, estimates);
  const now = Date.now();
  const byRun = new Map(estimates.map((one) => [one.runId, one]));
  return {
    waiting: waits.slice(part?.from ?? 0).map(({ row, reason }) => {
      const said = byRun.get(row.id);
      return {
        runId: row.id,
        reason,
        start: said ? timesOf(now, said.start) : null,
        end: said ? timesOf(now, said.end) : null,
      };
    }),
    accuracy: await pastAccuracy(sql, unitId),
  };
};

/** What would become of runs that are not made yet. */
export type Outlook = {
  /** when all of them have ended; null where `why` says why nobody can tell */
  end: Times | null;
  why: "noRuns" | "nothingMeasured" | "unitPaused" | "noDriver" | null;
  /** for how long they run in all, on however many slots; null before a run of the unit has completed */
  runSeconds: Band | null;
  /** completed runs that it is told from */
  measured: number;
};

/**
 * The outlook of runs at the end of a unit's line. It keeps nothing.
 * @param all parameters of those that would wait, in order; none of them may be one that no driver could claim
 * @throws NOT_FOUND for the unit
 */
export const outlookOf = async (userId: string, unitId: string, all: JsonObject[]): Promise<Outlook> => {
  const { unit, situation } = await lineOf(getSql(), userId, unitId);
  const { slots, waiting } = situation;
  const measured = situation.measured.length;
  const why =
    all.length === 0
      ? "noRuns"
      : measured === 0
        ? "nothingMeasured"
        : unit.paused
          ? "unitPaused"
          : slots === 0
            ? "noDriver"
            : null;
  const mine = all.map((parameters) => ({ runId: "", work: workOf(parameters) }));
  const together =
    all.length === 0
      ? null
      : // Their own time does not depend on the slots, so that it is told without a driver, too.
        estimateTogether({ ...situation, slots: Math.max(1, slots), waiting: [...waiting, ...mine] }, waiting.length);
  return {
    end: why === null && together ? timesOf(Date.now(), together.end) : null,
    why,
    runSeconds: together?.runSeconds ?? null,
    measured,
  };
};

const timesOf = (now: number, { p50, p90 }: Band): Times => ({ p50: timeAt(now, p50), p90: timeAt(now, p90) });

/** A time beyond what a Date holds is its last. */
const timeAt = (now: number, seconds: number): string =>
  new Date(Math.min(8.64e15, now + seconds * 1000)).toISOString();
