// Writes metric points.
import type postgres from "postgres";
import type { SqlLike } from "../platform/db";
import { rollUp } from "./rollup";

/** `step` and `value` are finite, `key` has 1..200 characters and no NUL, `at` is in epoch milliseconds. */
export type MetricPoint = { key: string; step: number; value: number; at: number };

/** Of points with the same key and step the last one stays: one statement may touch a row only once. */
const lastOfEach = (points: MetricPoint[]): MetricPoint[] => {
  const byPlace = new Map<string, MetricPoint>();
  for (const point of points) byPlace.set(`${point.step} ${point.key}`, point);
  return byPlace.size === points.length ? points : [...byPlace.values()];
};

/** A SELECT of one `attempt` while the writer may still write, with a row lock, made by the caller, who knows its table. */
export type WriterAttempt = postgres.PendingQuery<postgres.Row[]>;

/**
 * Stores points of an attempt, and the extremes of their buckets; a point of the same attempt, key and step is overwritten.
 *
 * Points of an attempt that was superseded do no harm: a read takes the later attempt's point of each step.
 *
 * @returns false when the SELECT of the attempt gave no row: then nothing was written
 */
export const appendPoints = async (
  sql: SqlLike,
  subjectId: string,
  attempt: number | WriterAttempt,
  points: MetricPoint[],
): Promise<boolean> => {
  const kept = lastOfEach(points);
  // Buckets in one order, so that two batches of a subject never wait for each other.
  const rollups = rollUp(kept).sort(
    (a, b) => a.level - b.level || a.bucket - b.bucket || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
  );
  const of = <T>(list: T[], pick: (one: T) => number) => `{${list.map(pick).join(",")}}`;
  const writer = typeof attempt === "number" ? sql`SELECT ${attempt}::int AS attempt` : attempt;
  const [row] = await sql<{ is_open: boolean }[]>`
    WITH writer AS MATERIALIZED (${writer}), points AS (
      INSERT INTO metric_points (subject_id, attempt, key, step, value, at)
      SELECT ${subjectId}, writer.attempt, p.key, p.step, p.value, to_timestamp(p.at / 1000)
      FROM writer, unnest(${kept.map((point) => point.key)}::text[], ${of(kept, (point) => point.step)}::text::float8[],
        ${of(kept, (point) => point.value)}::text::float8[], ${of(kept, (point) => point.at)}::text::float8[]) AS p(key, step, value, at)
      ON CONFLICT (subject_id, key, step, attempt) DO UPDATE SET value = excluded.value, at = excluded.at
    ), rollups AS (
      INSERT INTO metric_rollups AS r (subject_id, key, level, bucket, low, low_step, high, high_step)
      SELECT ${subjectId}, b.* FROM writer, unnest(${rollups.map((one) => one.key)}::text[], ${of(rollups, (one) => one.level)}::text::int2[],
        ${of(rollups, (one) => one.bucket)}::text::int8[], ${of(rollups, (one) => one.low)}::text::float8[], ${of(rollups, (one) => one.lowStep)}::text::float8[],
        ${of(rollups, (one) => one.high)}::text::float8[], ${of(rollups, (one) => one.highStep)}::text::float8[]) AS b
      ON CONFLICT (subject_id, key, level, bucket) DO UPDATE SET
        low = least(r.low, excluded.low), low_step = CASE WHEN excluded.low < r.low THEN excluded.low_step ELSE r.low_step END,
        high = greatest(r.high, excluded.high), high_step = CASE WHEN excluded.high > r.high THEN excluded.high_step ELSE r.high_step END
        WHERE excluded.low < r.low OR excluded.high > r.high
    )
    SELECT EXISTS (SELECT 1 FROM writer) AS is_open`;
  return row?.is_open === true;
};
