// The end of a run, told by its driver.
import { createHash } from "node:crypto";
import { getSql, type SqlLike } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { tellRun } from "./claim";
import { wrongStatus } from "./edit-runs";
import { getRunRow } from "./read-runs";
import { type Run, type RunRow, runColumns, toRun } from "./run";

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
  const sql = getSql();
  const json = (value: JsonObject | null) => (value === null ? null : sql.json(value as never));
  const [row] = await sql<RunRow[]>`
    UPDATE runs SET status = ${end.status}, completed_at = now(), end_hash = ${end.hash}, result = ${json(end.result)}::jsonb, metrics = ${json(end.metrics)}::jsonb,
      error_message = ${end.errorMessage}, error_kind = ${end.status === "failed" ? "failed" : null}, updated_at = now(),
      progress_done = ${end.status === "completed" ? sql`progress_total` : sql`progress_done`}
    WHERE id = ${end.runId} AND user_id = ${userId} AND ${isWritable(sql, end.attempt)} RETURNING ${runColumns(sql)}`;
  if (row) {
    const run = toRun(row);
    tellRun(run);
    return run;
  }
  const now = await getRunRow(userId, end.runId);
  const [same] = await sql`
    SELECT 1 FROM runs WHERE id = ${end.runId} AND end_hash = ${end.hash} AND status = ${end.status}
      AND ${isAttempt(sql, end.attempt)}`;
  if (same) return toRun(now);
  throw wrongStatus(end.runId, now.status, "running");
};

/**
 * Completes a running run. The same call again answers the run.
 *
 * @param input.attempt of the claim; another one than the current is refused, so that a driver thought lost cannot end its successor's try
 * @throws NOT_FOUND; INVALID_QUEUE_STATUS
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
