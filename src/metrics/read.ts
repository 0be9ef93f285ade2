// Reads metric series, thinned out for a chart where asked.
import type postgres from "postgres";
import { getSql, type SqlLike } from "../platform/db";

export type ReadPoint = { step: number; value: number; timestamp: string };
export type MetricSeries = Record<string, ReadPoint[]>;

type Row = { step: number; value: number; at: Date };
type Series = { key: string; from: number; to: number; isLong: boolean };

/**
 * Series by key, steps ascending, all attempts joined: of a step that two attempts wrote, the later attempt's point counts.
 *
 * @param options.maxPoints at most so many points per series (at least 4): the first, the last, and the lowest and highest
 *                          of each of equally wide stretches of steps, so that no spike is lost; all of them are real points
 */
export const readMetrics = async (
  subjectId: string,
  options: { key?: string; maxPoints?: number } = {},
  sql: SqlLike = getSql(),
): Promise<MetricSeries> => {
  const maxPoints = options.maxPoints === undefined ? null : Math.max(4, options.maxPoints);
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

/** Keys with their range of steps, each by a few looks into the primary key, and whether there are more points than wanted. */
const listSeries = (sql: SqlLike, subjectId: string, key: string | null, maxPoints: number | null) => {
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
        ${maxPoints !== null} AND (SELECT count(*) FROM (SELECT FROM metric_points m WHERE m.subject_id = ${subjectId} AND m.key = k.key
          LIMIT ${limit + 1}) AS some_points) > ${limit} AS "isLong"
      FROM keys k WHERE k.key IS NOT NULL
    ) series WHERE "from" IS NOT NULL`;
};

const readWhole = async (sql: SqlLike, subjectId: string, keys: string[]) =>
  keys.length === 0
    ? []
    : sql<(Row & { key: string })[]>`
        SELECT DISTINCT ON (key, step) key, step, value, at FROM metric_points
        WHERE subject_id = ${subjectId} AND key = ANY(${keys}) ORDER BY key, step, attempt DESC`;

/** Lowest and highest point of a stretch, as [value, step, epoch seconds]. */
type Stretch = { low: number[]; high: number[]; first_attempt: number; last_attempt: number };

/**
 * One pass over the series. Nearly all have one attempt; only where the pass met several, a second one sorts out the
 * points that a later attempt replaced, which costs about three times as much.
 */
const readThinned = async (
  sql: SqlLike,
  subjectId: string,
  series: Series,
  maxPoints: number,
): Promise<ReadPoint[]> => {
  const ofSeries = sql`subject_id = ${subjectId} AND key = ${series.key}`;
  const all = sql`SELECT step, value, at, attempt FROM metric_points WHERE ${ofSeries}`;
  const latest = sql`SELECT DISTINCT ON (step) step, value, at, attempt FROM metric_points WHERE ${ofSeries} ORDER BY step, attempt DESC`;
  let stretches = await readStretches(sql, all, series, maxPoints);
  const first = Math.min(...stretches.map((stretch) => stretch.first_attempt));
  const last = Math.max(...stretches.map((stretch) => stretch.last_attempt));
  if (first !== last) stretches = await readStretches(sql, latest, series, maxPoints);
  const ends = await sql<Row[]>`
    (SELECT step, value, at FROM metric_points WHERE ${ofSeries} ORDER BY step, attempt DESC LIMIT 1)
    UNION ALL (SELECT step, value, at FROM metric_points WHERE ${ofSeries} ORDER BY step DESC, attempt DESC LIMIT 1)`;
  const bySteps = new Map<number, ReadPoint>();
  for (const row of ends) bySteps.set(row.step, toPoint(row));
  for (const [value = 0, step = 0, at = 0] of stretches.flatMap(({ low, high }) => [low, high]))
    bySteps.set(step, toPoint({ step, value, at: new Date(Math.round(at * 1000)) }));
  return [...bySteps.values()].sort((a, b) => a.step - b.step);
};

const readStretches = (
  sql: SqlLike,
  points: postgres.PendingQuery<postgres.Row[]>,
  { from, to }: Series,
  maxPoints: number,
) => {
  const stretches = Math.floor((maxPoints - 2) / 2);
  // A minimum of arrays carries the step along with the value, which spares a second look for it.
  return sql<Stretch[]>`
    SELECT min(ARRAY[value, step, extract(epoch FROM at)::float8]) AS low, max(ARRAY[value, step, extract(epoch FROM at)::float8]) AS high,
      min(attempt) AS first_attempt, max(attempt) AS last_attempt
    FROM (${points}) points
    GROUP BY least(width_bucket(step, ${from}::float8, nullif(${to}::float8, ${from}::float8), ${stretches}), ${stretches})`;
};
