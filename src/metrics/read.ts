// Reads metric series, thinned out for a chart where asked.
import type postgres from "postgres";
import { getSql, type SqlLike } from "../platform/db";
import { levelFor } from "./rollup";

export type ReadPoint = { step: number; value: number; timestamp: string };
export type MetricSeries = Record<string, ReadPoint[]>;

type Row = { step: number; value: number; at: Date };
type Series = { key: string; from: number; to: number; isLong: boolean };

/**
 * Series by key, steps ascending, all attempts joined: of a step that two attempts wrote, the later attempt's point counts.
 *
 * @param options.maxPoints at most so many points per series: the first, the last, and the lowest and highest of each of
 *                          equally wide stretches of steps, so that no spike is lost; all of them are real points. Of fewer
 *                          than 4, the first and the last, or the last alone
 */
export const readMetrics = async (
  subjectId: string,
  options: { key?: string; maxPoints?: number } = {},
  sql: SqlLike = getSql(),
): Promise<MetricSeries> => {
  const maxPoints = options.maxPoints ?? null;
  const series = await listSeries(sql, subjectId, options.key ?? null, maxPoints);
  const short = series.filter(({ isLong }) => !isLong).map(({ key }) => key);
  const points = new Map<string, ReadPoint[]>();
  for (const { key } of series) points.set(key, []);
  for (const { key, ...row } of await readWhole(sql, subjectId, short)) points.get(key)?.push(toPoint(row));
  for (const one of series)
    if (one.isLong && maxPoints !== null) points.set(one.key, await readThinned(sql, subjectId, one, maxPoints));
  return Object.fromEntries(points);
};

const toPoint = ({ step, value, at }: Row): ReadPoint => ({ step, value, timestamp: at.toISOString() });

/**
 * Keys with their range of steps, each by a few looks into the primary key, and whether there are more points than wanted. That
 * is asked in the key's order and behind an offset that the planner does not know: it takes every series for a short one, and
 * would else read all of it first.
 */
export const listSeries = (sql: SqlLike, subjectId: string, key: string | null, maxPoints: number | null) => {
  const limit = maxPoints ?? 0;
  return sql<Series[]>`
    WITH RECURSIVE keys AS (
      SELECT coalesce(${key}::text, (SELECT min(key) FROM metric_points WHERE subject_id = ${subjectId})) AS key
      UNION ALL
      SELECT (SELECT min(m.key) FROM metric_points m WHERE m.subject_id = ${subjectId} AND m.key > k.key)
      FROM keys k WHERE k.key IS NOT NULL AND ${key}::text IS NULL
    )
    SELECT * FROM (
      SELECT k.key,
        (SELECT min(step) FROM metric_points m WHERE m.subject_id = ${subjectId} AND m.key = k.key) AS "from",
        (SELECT max(step) FROM metric_points m WHERE m.subject_id = ${subjectId} AND m.key = k.key) AS "to",
        ${maxPoints !== null} AND EXISTS (SELECT 1 FROM metric_points m WHERE m.subject_id = ${subjectId} AND m.key = k.key
          ORDER BY step OFFSET (SELECT ${limit}::int) LIMIT 1) AS "isLong"
      FROM keys k WHERE k.key IS NOT NULL
    ) series WHERE "from" IS NOT NULL`;
};

const readWhole = async (sql: SqlLike, subjectId: string, keys: string[]) =>
  keys.length === 0
    ? []
    : sql<(Row & { key: string })[]>`
        SELECT DISTINCT ON (key, step) key, step, value, at FROM metric_points
        WHERE subject_id = ${subjectId} AND key = ANY(${keys}) ORDER BY key, step, attempt DESC`;

/** Two points of each, beside the first and the last of all. */
const stretchesOf = (maxPoints: number): number => Math.floor((maxPoints - 2) / 2);

/** A point as [value, step]. */
type Found = [value: number, step: number];

/**
 * The extremes over all attempts are found in one pass, of a long series over its buckets, and then looked up by step. Only where one of them turns out to
 * be replaced by a later attempt, a second pass, over the points that still count, is needed.
 */
const readThinned = async (
  sql: SqlLike,
  subjectId: string,
  series: Series,
  maxPoints: number,
): Promise<ReadPoint[]> => {
  const ofSeries = sql`subject_id = ${subjectId} AND key = ${series.key}`;
  const counting = sql`SELECT DISTINCT ON (step) step, value FROM metric_points WHERE ${ofSeries} ORDER BY step, attempt DESC`;
  const lookUp = (steps: number[]) => sql<Row[]>`
    SELECT DISTINCT ON (step) step, value, at FROM metric_points
    WHERE ${ofSeries} AND step = ANY(${steps}::float8[]) ORDER BY step, attempt DESC`;
  if (maxPoints < 4) return (await lookUp(maxPoints === 1 ? [series.to] : [series.from, series.to])).map(toPoint);
  const pointsAt = (found: Found[]) => lookUp([series.from, series.to, ...found.map(([, step]) => step)]);

  const level = levelFor(series.from, series.to, stretchesOf(maxPoints));
  const found = await findExtremes(
    sql,
    level === null
      ? sql`SELECT step, value FROM metric_points WHERE ${ofSeries}`
      : sql`SELECT e.step, e.value FROM metric_rollups r CROSS JOIN LATERAL (VALUES (r.low_step, r.low), (r.high_step, r.high)) AS e(step, value)
          WHERE ${ofSeries} AND r.level = ${level}`,
    series,
    maxPoints,
  );
  const rows = await pointsAt(found);
  const values = new Map(rows.map(({ step, value }) => [step, value]));
  if (found.every(([value, step]) => values.get(step) === value)) return rows.map(toPoint);
  return (await pointsAt(await findExtremes(sql, counting, series, maxPoints))).map(toPoint);
};

/** Lowest and highest point of each stretch. A minimum of arrays carries the step along with the value. */
const findExtremes = async (
  sql: SqlLike,
  points: postgres.PendingQuery<postgres.Row[]>,
  { from, to }: Series,
  maxPoints: number,
): Promise<Found[]> => {
  const stretches = stretchesOf(maxPoints);
  const rows = await sql<{ low: Found; high: Found }[]>`
    SELECT min(ARRAY[value, step]) AS low, max(ARRAY[value, step]) AS high
    FROM (${points}) AS points
    GROUP BY least(width_bucket(step, ${from}::float8, nullif(${to}::float8, ${from}::float8), ${stretches}), ${stretches})`;
  return rows.flatMap(({ low, high }) => [low, high]);
};
