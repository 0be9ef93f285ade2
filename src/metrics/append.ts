// Writes metric points.
import type postgres from "postgres";
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
 * @param write.isOpen a condition that holds while the writer may still write; without it the caller has made sure
 * @returns false when the writer was superseded: then nothing was written
 */
export const appendPoints = async (
  sql: SqlLike,
  write: { subjectId: string; attempt: number; points: MetricPoint[]; isOpen?: postgres.PendingQuery<postgres.Row[]> },
): Promise<boolean> => {
  const { subjectId, attempt, isOpen } = write;
  const points = lastOfEach(write.points);
  if (points.length === 0) return true;
  const [row] = await sql<{ open: boolean }[]>`
    WITH writer AS MATERIALIZED (SELECT ${isOpen ?? sql`true`} AS open), stored AS (
      INSERT INTO metric_points (subject_id, attempt, key, step, value, at)
      SELECT ${subjectId}, ${attempt}::int, p.key, p.step, p.value, to_timestamp(p.at / 1000)
      FROM writer, unnest(${points.map((point) => point.key)}::text[], ${points.map((point) => point.step)}::float8[],
        ${points.map((point) => point.value)}::float8[], ${points.map((point) => point.at)}::float8[]) AS p(key, step, value, at)
      WHERE open
      ON CONFLICT (subject_id, key, step, attempt) DO UPDATE SET value = excluded.value, at = excluded.at
    )
    SELECT open FROM writer`;
  return row?.open === true;
};
