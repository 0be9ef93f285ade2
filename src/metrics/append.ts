// Writes metric points.
import type { SqlLike } from "../platform/db";

/** `step` and `value` are finite, `key` has 1..200 characters and no NUL, `at` is in epoch milliseconds. */
export type MetricPoint = { key: string; step: number; value: number; at: number };

/** Of points with the same key and step the last one stays: one statement may touch a row only once. */
const lastOfEach = (points: MetricPoint[]): MetricPoint[] => {
  const byPlace = new Map<string, MetricPoint>();
  for (const point of points) byPlace.set(`${point.step} ${point.key}`, point);
  return byPlace.size === points.length ? points : [...byPlace.values()];
};

/**
 * Stores points of an attempt; a point of the same attempt, key and step is overwritten.
 *
 * Points of an attempt that was superseded do no harm: a read takes the later attempt's point of each step.
 */
export const appendPoints = async (
  sql: SqlLike,
  subjectId: string,
  attempt: number,
  points: MetricPoint[],
): Promise<void> => {
  const kept = lastOfEach(points);
  if (kept.length === 0) return;
  await sql`
    INSERT INTO metric_points (subject_id, attempt, key, step, value, at)
    SELECT ${subjectId}, ${attempt}::int, p.key, p.step, p.value, to_timestamp(p.at / 1000)
    FROM unnest(${kept.map((point) => point.key)}::text[], ${kept.map((point) => point.step)}::float8[],
      ${kept.map((point) => point.value)}::float8[], ${kept.map((point) => point.at)}::float8[]) AS p(key, step, value, at)
    ON CONFLICT (subject_id, key, step, attempt) DO UPDATE SET value = excluded.value, at = excluded.at`;
};
