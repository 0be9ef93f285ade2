// Reading runs: one, a unit's in their order, or all of the account's.
import { getSql, type SqlLike } from "../platform/db";
import { badField } from "../platform/errors";
import { mayRun, mayUnit, runNotFound, unitNotFound } from "./access";
import { type Run, type RunRow, type RunStatus, runColumns, toRun } from "./run";

/** @throws NOT_FOUND, also for another account's run or one in the trash */
export const getRunRow = async (userId: string, runId: string, sql: SqlLike = getSql()): Promise<RunRow> => {
  const [row] = await sql<RunRow[]>`
    SELECT ${runColumns(sql)} FROM runs
    WHERE runs.id = ${runId} AND runs.deleted_at IS NULL AND ${mayRun(sql, userId, "view")}`;
  if (!row) throw runNotFound(runId);
  return row;
};

/** @throws NOT_FOUND */
export const getRun = async (userId: string, runId: string): Promise<Run> => toRun(await getRunRow(userId, runId));

export type RunFilter = {
  status?: RunStatus[] | undefined;
  q?: string | undefined;
  sweepId?: string | undefined;
};

/** For an ILIKE: what has the text anywhere. */
export const likePattern = (text: string) => `%${text.replace(/[\\%_]/g, (char) => `\\${char}`)}%`;

/** For a WHERE over `runs`: those that a filter names. */
export const matching = (sql: SqlLike, { status, q, sweepId }: RunFilter) => sql`
  runs.deleted_at IS NULL AND ${status && status.length > 0 ? sql`runs.status = ANY(${status})` : sql`true`}
  AND ${q ? sql`runs.name ILIKE ${likePattern(q)}` : sql`true`} AND ${sweepId === undefined ? sql`true` : sql`runs.sweep_id = ${sweepId}`}`;

/** @throws NOT_FOUND, also for another account's unit */
export const checkUnit = async (sql: SqlLike, userId: string, unitId: string): Promise<void> => {
  const [unit] = await sql`
    SELECT 1 FROM units u WHERE u.id = ${unitId} AND u.deleted_at IS NULL AND ${mayUnit(sql, userId, "view")}`;
  if (!unit) throw unitNotFound(unitId);
};

/** A unit's runs in their order. @throws NOT_FOUND for the unit */
export const runsOfUnit = async (userId: string, unitId: string, filter: RunFilter = {}): Promise<Run[]> => {
  const sql = getSql();
  await checkUnit(sql, userId, unitId);
  const rows = await sql<RunRow[]>`
    SELECT ${runColumns(sql)} FROM runs WHERE runs.unit_id = ${unitId} AND ${matching(sql, filter)} ORDER BY runs.place`;
  return rows.map(toRun);
};

/**
 * The run of a unit whose result, or else its metrics at the end, has the largest or the smallest number under a key. Of equals the first.
 *
 * @returns null where no run has a number there
 * @throws NOT_FOUND for the unit
 */
export const bestRun = async (
  userId: string,
  input: { unitId: string; key: string; goal: "max" | "min" },
): Promise<Run | null> => {
  const { unitId, key, goal } = input;
  const sql = getSql();
  await checkUnit(sql, userId, unitId);
  const found = sql`coalesce(nullif(runs.result -> ${key}::text, 'null'), runs.metrics -> ${key}::text)`;
  const [row] = await sql<RunRow[]>`
    SELECT ${runColumns(sql)} FROM runs
    WHERE runs.unit_id = ${unitId} AND runs.deleted_at IS NULL AND jsonb_typeof(${found}) = 'number'
    ORDER BY CASE WHEN jsonb_typeof(${found}) = 'number' THEN (${found})::numeric END ${goal === "max" ? sql`DESC` : sql`ASC`}, runs.place LIMIT 1`;
  return row ? toRun(row) : null;
};

/** The runs of a unit that started last, the latest first. @throws NOT_FOUND for the unit */
export const latestRuns = async (userId: string, input: { unitId: string; limit: number }): Promise<Run[]> => {
  const { unitId, limit } = input;
  const sql = getSql();
  await checkUnit(sql, userId, unitId);
  const rows = await sql<RunRow[]>`
    SELECT ${runColumns(sql)} FROM runs WHERE runs.unit_id = ${unitId} AND runs.deleted_at IS NULL AND runs.started_at IS NOT NULL
    ORDER BY runs.started_at DESC, runs.place DESC LIMIT ${limit}`;
  return rows.map(toRun);
};

const ALL_LIMIT = 100;

/**
 * Runs of a unit by their order, all of them unless `limit` is given; without a unit all of the account's own, newest first, 100 at a time.
 *
 * @throws NOT_FOUND for the unit; INVALID_REQUEST for a cursor that this server did not give
 */
export const listRuns = async (
  userId: string,
  input: RunFilter & { unitId?: string | undefined; limit?: number | undefined; cursor?: string | undefined },
): Promise<{ runs: Run[]; nextCursor: string | null }> => {
  const { unitId, cursor } = input;
  if (unitId !== undefined && input.limit === undefined)
    return { runs: await runsOfUnit(userId, unitId, input), nextCursor: null };
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) throw badField("cursor", "unknownCursor");
  const sql = getSql();
  if (unitId !== undefined) await checkUnit(sql, userId, unitId);
  const limit = input.limit ?? ALL_LIMIT;
  const from = cursor === undefined ? null : Number(cursor);
  const rows =
    unitId === undefined
      ? await sql<RunRow[]>`
          SELECT ${runColumns(sql)} FROM runs WHERE runs.user_id = ${userId} AND ${matching(sql, input)}
            AND ${from === null ? sql`true` : sql`runs.seq < ${from}`} ORDER BY runs.seq DESC LIMIT ${limit + 1}`
      : await sql<RunRow[]>`
          SELECT ${runColumns(sql)} FROM runs WHERE runs.unit_id = ${unitId} AND ${matching(sql, input)}
            AND ${from === null ? sql`true` : sql`runs.place > ${from}`} ORDER BY runs.place LIMIT ${limit + 1}`;
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last ? String(unitId === undefined ? last.seq : last.place) : null;
  return { runs: page.map(toRun), nextCursor: next };
};
