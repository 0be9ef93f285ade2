// Sweeps: a recipe plus the ordinary runs that were made from it. Reading and previewing; sweeps-change.ts makes the runs.
import { getSql, type SqlLike } from "../platform/db";
import { badField, DomainError } from "../platform/errors";
import type { JsonObject } from "../platform/json-safety";
import { mayUnit, unitNotFound } from "./access";
import { keyOf } from "./parameters-key";
import { type Outlook, outlookOf } from "./plan";
import { nameOfRun, uniqueNames } from "./run-name";
import { fitOf } from "./schema-fit";
import { type Edits, type MadeRecipe, NO_EDITS, withEdits } from "./sweep-edits";
import type { SweepRecipe } from "./sweep-recipe";
import { type MarkedRow, markRows, rowsOf } from "./sweep-rows";
import type { RunCounts } from "./units";

export type Sweep = {
  sweepId: string;
  unitId: string;
  name: string;
  recipes: MadeRecipe[];
  counts: RunCounts;
  createdAt: string;
  updatedAt: string;
};
type SweepRow = {
  id: string;
  unit_id: string;
  name: string;
  recipes: MadeRecipe[];
  created_at: Date;
  updated_at: Date;
};

export type PreviewRow = Omit<MarkedRow, "name"> & { name: string; misfit: string | null };

const sweepsWhere = async (sql: SqlLike, where: ReturnType<SqlLike>): Promise<Sweep[]> => {
  const rows = await sql<(SweepRow & RunCounts)[]>`
    SELECT s.id, s.unit_id, s.name, s.recipes, s.created_at, s.updated_at,
      count(r.id) FILTER (WHERE r.status = 'pending')::int AS pending, count(r.id) FILTER (WHERE r.status = 'running')::int AS running,
      count(r.id) FILTER (WHERE r.status = 'completed')::int AS completed, count(r.id) FILTER (WHERE r.status = 'failed')::int AS failed,
      count(r.id) FILTER (WHERE r.status = 'cancelled')::int AS cancelled
    FROM sweeps s JOIN units u ON u.id = s.unit_id AND u.deleted_at IS NULL
      LEFT JOIN runs r ON r.sweep_id = s.id AND r.deleted_at IS NULL
    WHERE ${where} GROUP BY s.id ORDER BY s.id DESC`;
  return rows.map((row) => ({
    sweepId: row.id,
    unitId: row.unit_id,
    name: row.name,
    recipes: row.recipes,
    counts: {
      pending: row.pending,
      running: row.running,
      completed: row.completed,
      failed: row.failed,
      cancelled: row.cancelled,
    },
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }));
};

/** @throws NOT_FOUND, also for another account's sweep or one of a unit in the trash */
export const getSweep = async (userId: string, sweepId: string, sql: SqlLike = getSql()): Promise<Sweep> => {
  const [sweep] = await sweepsWhere(sql, sql`s.id = ${sweepId} AND ${mayUnit(sql, userId, "view")}`);
  if (!sweep) throw new DomainError("NOT_FOUND", "sweepNotFound", { params: { id: sweepId } });
  return sweep;
};

const schemaOfUnit = async (sql: SqlLike, userId: string, unitId: string): Promise<JsonObject | null> => {
  const [unit] = await sql<{ parameters_schema: JsonObject | null }[]>`
    SELECT u.parameters_schema FROM units u WHERE u.id = ${unitId} AND u.deleted_at IS NULL AND ${mayUnit(sql, userId, "view")}`;
  if (!unit) throw unitNotFound(unitId);
  return unit.parameters_schema;
};

/** A unit's sweeps, newest first. @throws NOT_FOUND for the unit */
export const listSweeps = async (userId: string, unitId: string): Promise<Sweep[]> => {
  const sql = getSql();
  await schemaOfUnit(sql, userId, unitId);
  return sweepsWhere(sql, sql`s.unit_id = ${unitId}`);
};

/** Also of those in the trash: they may come back. */
const namesIn = async (sql: SqlLike, unitId: string, sweepId: string): Promise<string[]> =>
  (await sql<{ name: string }[]>`SELECT name FROM runs WHERE sweep_id = ${sweepId} AND unit_id = ${unitId}`).map(
    (run) => run.name,
  );

/** @throws INVALID_REQUEST for an edit of a row that the recipe does not make */
export const editedRows = (recipe: SweepRecipe, edits: Edits) => {
  const rows = rowsOf(recipe);
  const beyond = (row: number): boolean => row >= rows.length;
  const changed = edits.changed.findIndex((one) => beyond(one.row));
  if (changed !== -1) throw badField(`edits.changed[${changed}].row`, "noRow");
  const removed = edits.removed.findIndex(beyond);
  if (removed !== -1) throw badField(`edits.removed[${removed}]`, "noRow");
  return withEdits(rows, edits);
};

/**
 * Every row of a recipe, with the edits. A run of the unit that completed, runs or waits counts as one that ran before; one that failed or was
 * cancelled does not, so that its point is made again. No two rows have the same name, nor one of the sweep that they extend.
 *
 * @throws NOT_FOUND for the unit; INVALID_REQUEST for an edit of a row that the recipe does not make
 */
export const previewSweep = async (
  userId: string,
  input: { unitId: string; recipe: SweepRecipe; edits?: Edits; sweepId?: string | undefined },
  sql: SqlLike = getSql(),
): Promise<{ rows: PreviewRow[]; fresh: number }> => {
  const { unitId, recipe, edits = NO_EDITS, sweepId } = input;
  const misfitOf = fitOf(await schemaOfUnit(sql, userId, unitId));
  const runs = await sql<{ id: string; parameters: JsonObject }[]>`
    SELECT id, parameters FROM runs
    WHERE unit_id = ${unitId} AND deleted_at IS NULL AND status IN ('completed', 'running', 'pending') ORDER BY place DESC`;
  const before = new Map(runs.map((run) => [keyOf(run.parameters), run.id]));
  const marked = markRows(editedRows(recipe, edits), before);
  const names = uniqueNames(
    marked.map((row) => row.name || nameOfRun(row.parameters)),
    sweepId === undefined ? [] : await namesIn(sql, unitId, sweepId),
  );
  const rows = marked.map((row, nth) => ({ ...row, name: names[nth] ?? "", misfit: misfitOf(row.parameters) }));
  return { rows, fresh: rows.filter(isFresh).length };
};

export const isFresh = (row: PreviewRow): boolean => row.ranBefore === null && row.repeats === null;

export type SweepOutlook = Outlook & {
  /** rows that do not fit the schema of the unit's driver: they would wait, and are not counted */
  misfits: number;
};

/**
 * When all runs that a recipe would make have ended, and for how long they run.
 * @throws NOT_FOUND for the unit; INVALID_REQUEST for an edit of a row that the recipe does not make
 */
export const outlookOfSweep = async (
  userId: string,
  input: { unitId: string; recipe: SweepRecipe; edits?: Edits; leaveOut: number[] },
): Promise<SweepOutlook> => {
  const { unitId, recipe, edits = NO_EDITS } = input;
  const misfitOf = fitOf(await schemaOfUnit(getSql(), userId, unitId));
  const left = new Set(input.leaveOut);
  const rows = editedRows(recipe, edits).filter((one) => !left.has(one.row));
  const fitting = rows.map((one) => one.parameters).filter((parameters) => misfitOf(parameters) === null);
  return { ...(await outlookOf(userId, unitId, fitting)), misfits: rows.length - fitting.length };
};
