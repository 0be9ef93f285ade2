// The end of a run, told by its driver.
import { createHash } from "node:crypto";
import { coalesce } from "../platform/coalesce";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { runDuration, runEnds } from "../platform/prometheus";
import { checkMayEditRun, mayRun } from "./access";
import { tellRun } from "./claim";
import { wrongStatus } from "./edit-runs";
import { getRunRow } from "./read-runs";
import { type Run, type RunRow, toRun } from "./run";
import { changedColumns, withEvents } from "./transition";

/** The same for equal values, whatever the order of their keys. */
const stable = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(stable)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, one]) => [key, stable(one)]),
        )
      : value;

const hashOf = (end: unknown[]): string =>
  createHash("sha256")
    .update(JSON.stringify(stable(end)))
    .digest("hex");

/** int8, since a caller may name any whole number: one that no attempt can have is another attempt, not a bad value. */
const isAttempt = (sql: SqlLike, attempt: number | undefined) =>
  attempt === undefined ? sql`true` : sql`attempt = ${attempt}::int8`;

/** For a WHERE: a run whose driver may still write to it. A driver that was given up as lost may, until the run is retried or removed. */
export const isWritable = (sql: SqlLike, attempt: number | undefined) => sql`
  deleted_at IS NULL AND (status = 'running' OR (status = 'failed' AND error_kind = 'lost'))
  AND ${isAttempt(sql, attempt)}`;

type Ending = {
  runId: string;
  attempt?: number | undefined;
  status: "completed" | "failed";
  hash: string;
  result: JsonObject | null;
  metrics: JsonObject | null;
  errorMessage: string | null;
};

/** The status and the attempt in the WHERE decide; the same call again is known by its hash. */
const endRun = async (userId: string, end: Ending): Promise<Run> => {
  const run = await endTogether({ userId, end });
  if (run) {
    tellRun(run);
    runEnds.inc({ outcome: run.status });
    return run;
  }
  await checkMayEditRun(userId, end.runId);
  const now = await getRunRow(userId, end.runId);
  const sql = getSql();
  const [same] = await sql`
    SELECT 1 FROM runs WHERE id = ${end.runId} AND end_hash = ${end.hash} AND status = ${end.status}
      AND ${isAttempt(sql, end.attempt)}`;
  if (same) return toRun(now);
  throw wrongStatus(end.runId, now.status, "running");
};

type Told = { userId: string; end: Ending };

/** Ends that come while a statement is under way go together into the next one. Of several for one run the first one is tried. */
const endTogether = coalesce<Told, Run | undefined>(
  async (told) => {
    const firsts = new Map<string, Told>();
    for (const one of told) if (!firsts.has(one.end.runId)) firsts.set(one.end.runId, one);
    const rows = await withRetries(() => endStatement(getSql(), [...firsts.values()]));
    for (const { status, started_at: from, completed_at: to } of rows)
      if (from && to) runDuration.observe({ kind: "run", outcome: status }, (to.getTime() - from.getTime()) / 1000);
    const ended = new Map(rows.map((row) => [row.id, toRun(row)]));
    return told.map((one) => (firsts.get(one.end.runId) === one ? ended.get(one.end.runId) : undefined));
  },
  { maxUnderWay: 2, maxItems: 100 },
);

/** Each run is found by its key: the ids are given twice for that, or a plan may read all runs. */
const endStatement = (sql: SqlLike, told: Told[]) => {
  const given = told.map(({ userId, end }) => ({
    id: end.runId,
    user_id: userId,
    of_attempt: end.attempt ?? null,
    ended_as: end.status,
    hash: end.hash,
    result: end.result,
    metrics: end.metrics,
    message: end.errorMessage,
  }));
  const ended = sql`
    UPDATE runs SET status = g.ended_as, change_no = change_no + 1, completed_at = now(), end_hash = g.hash, result = g.result, metrics = g.metrics, error_message = g.message,
      error_kind = CASE WHEN g.ended_as = 'failed' THEN 'failed' END, updated_at = now(),
      progress_done = CASE WHEN g.ended_as = 'completed' THEN progress_total ELSE progress_done END
    FROM json_to_recordset(${JSON.stringify(given)}::text::json)
      AS g(id text, user_id text, of_attempt int8, ended_as text, hash text, result jsonb, metrics jsonb, message text)
    WHERE runs.id = ANY(${given.map((one) => one.id)}) AND runs.id = g.id AND ${mayRun(sql, sql`g.user_id`, "edit")}
      AND ${isWritable(sql, undefined)} AND (g.of_attempt IS NULL OR runs.attempt = g.of_attempt)
    RETURNING ${changedColumns(sql)}`;
  return withEvents<RunRow>(sql, ended, sql`*`);
};

/**
 * Completes a running run. The same call again answers the run.
 *
 * @param input.attempt of the claim; another one than the current is refused, so that a driver thought lost cannot end its successor's try
 * @throws NOT_FOUND; FORBIDDEN for one that the account only sees; INVALID_QUEUE_STATUS
 */
export const completeRun = (
  userId: string,
  input: {
    runId: string;
    attempt?: number | undefined;
    result?: JsonObject | undefined;
    metrics?: JsonObject | undefined;
  },
): Promise<Run> => {
  const result = input.result ?? null;
  const metrics = input.metrics ?? null;
  const hash = hashOf(["complete", result, metrics]);
  return endRun(userId, { ...input, status: "completed", hash, result, metrics, errorMessage: null });
};

/** Fails a running run; as completeRun. */
export const failRun = (
  userId: string,
  input: { runId: string; attempt?: number | undefined; errorMessage?: string | undefined },
): Promise<Run> => {
  const errorMessage = input.errorMessage ?? "the driver reported a failure";
  const hash = hashOf(["fail", errorMessage]);
  return endRun(userId, { ...input, status: "failed", hash, result: null, metrics: null, errorMessage });
};
