// The runs of a unit that wait, a window at a time: for a page that draws what is in sight of a line of any length.
import { getSql, type SqlLike } from "../platform/db";
import { checkUnit, likePattern } from "./read-runs";
import { type Run, type RunRow, runColumns, toRun } from "./run";

/** What the page shows of a waiting run. */
export type WaitingRun = Pick<Run, "runId" | "unitId" | "name" | "parameters" | "misfit">;

/** All of it is of one moment. Runs are counted from 0, among those that wait, in their order. */
export type LineWindow = {
  /** how many wait */
  total: number;
  /** those of the window, and those that were asked for by id and wait elsewhere */
  runs: (WaitingRun & { at: number })[];
};

const waiting = (sql: SqlLike, unitId: string) =>
  sql`runs.unit_id = ${unitId} AND runs.status = 'pending' AND runs.deleted_at IS NULL`;

/** For a WITH: ids and names of those that wait, numbered from 0. */
const line = (sql: SqlLike, unitId: string) => sql`
  line AS MATERIALIZED (
    SELECT runs.id, runs.name, row_number() OVER (ORDER BY runs.place) - 1 AS at FROM runs WHERE ${waiting(sql, unitId)})`;

/**
 * @param input.also ids of runs that are wanted wherever they wait; those that do not are left out
 * @throws NOT_FOUND for the unit
 */
export const windowOfLine = async (
  userId: string,
  input: { unitId: string; from: number; count: number; also: string[] },
): Promise<LineWindow> => {
  const { unitId, from, count, also } = input;
  const sql = getSql();
  await checkUnit(sql, userId, unitId);
  // One row at least, with the total, where the window is empty.
  const rows = await sql<(RunRow & { at: number | null; total: number })[]>`
    WITH ${line(sql, unitId)}
    SELECT t.total, l.at, ${runColumns(sql)} FROM (SELECT count(*) AS total FROM line) t
    LEFT JOIN (line l JOIN runs ON runs.id = l.id) ON l.at BETWEEN ${from} AND ${from + count - 1} OR l.id = ANY(${also})
    ORDER BY l.at`;
  return {
    total: rows[0]?.total ?? 0,
    runs: rows.flatMap(({ at, total: _, ...row }) => {
      if (at === null) return [];
      const { runId, name, parameters, misfit } = toRun(row);
      return [{ runId, unitId, name, parameters, misfit, at }];
    }),
  };
};

/** All that wait, by id, in their order. @throws NOT_FOUND for the unit */
export const idsOfLine = async (userId: string, { unitId }: { unitId: string }): Promise<string[]> => {
  const sql = getSql();
  await checkUnit(sql, userId, unitId);
  const rows = await sql<{ id: string }[]>`SELECT id FROM runs WHERE ${waiting(sql, unitId)} ORDER BY place`;
  return rows.map(({ id }) => id);
};

export type Found = { runId: string; name: string; at: number };

/**
 * Waiting runs by what is typed: the one whose number it is first (`12` or `#12`, counted from 1), then those whose name has it. All of
 * them for an empty text.
 *
 * @returns the first `limit` of them, and how many there are
 * @throws NOT_FOUND for the unit
 */
export const findInLine = async (
  userId: string,
  input: { unitId: string; text: string; limit: number },
): Promise<{ found: Found[]; total: number }> => {
  const text = input.text.trim();
  const number = /^#?(\d{1,9})$/.exec(text)?.[1];
  const at = number === undefined ? -1 : Number(number) - 1;
  const sql = getSql();
  await checkUnit(sql, userId, input.unitId);
  const rows = await sql<{ id: string; name: string; at: number; total: number }[]>`
    WITH ${line(sql, input.unitId)}
    SELECT id, name, at, count(*) OVER () AS total FROM line WHERE at = ${at} OR name ILIKE ${likePattern(text)}
    ORDER BY at = ${at} DESC, at LIMIT ${input.limit}`;
  return { found: rows.map(({ id, name, at }) => ({ runId: id, name, at })), total: rows[0]?.total ?? 0 };
};

/** More than these would hide a run's name. */
const MAX_KEYS = 6;

/**
 * The parameters that are not the same in all runs that wait or run: what tells them apart. All of them for a single run.
 * @throws NOT_FOUND for the unit
 */
export const keysOfLine = async (userId: string, { unitId }: { unitId: string }): Promise<string[]> => {
  const sql = getSql();
  await checkUnit(sql, userId, unitId);
  const rows = await sql<{ key: string }[]>`
    WITH open AS MATERIALIZED (
      SELECT parameters FROM runs WHERE unit_id = ${unitId} AND status IN ('pending', 'running') AND deleted_at IS NULL)
    SELECT e.key FROM open CROSS JOIN LATERAL jsonb_each_text(open.parameters) e
    GROUP BY e.key
    HAVING count(*) < (SELECT count(*) FROM open) OR (SELECT count(*) FROM open) = 1
      OR count(e.value) NOT IN (0, count(*)) OR min(e.value COLLATE "C") <> max(e.value COLLATE "C")
    ORDER BY length(e.key), e.key COLLATE "C" LIMIT ${MAX_KEYS}`;
  return rows.map(({ key }) => key);
};
