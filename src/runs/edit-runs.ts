// Adding, changing and removing runs while drivers pull from the unit. All of it under the unit's lock.
import { changedFields, recordActivity } from "../activity/record";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { badFields, DomainError } from "../platform/errors";
import { newId } from "../platform/ids";
import type { JsonObject } from "../platform/json-safety";
import { publishLive } from "../platform/live";
import { mayRun, runNotFound } from "./access";
import { getRun, getRunRow } from "./read-runs";
import { type Run, type RunRow, type RunStatus, runColumns, toRun } from "./run";
import { nameOfRun } from "./run-name";
import { fitOf } from "./schema-fit";
import { changedColumns, withEvents } from "./transition";
import { checkVersion, type LockedUnit, lockUnit, raiseVersion } from "./unit-lock";

export type NewRun = {
  parameters: JsonObject;
  name?: string | undefined;
  metadata: JsonObject;
  parentId?: string | undefined;
  createdBy?: "client" | "web" | undefined;
  sweepId?: string | undefined;
};

export const wrongStatus = (id: string, status: RunStatus, wanted: string) =>
  new DomainError("INVALID_QUEUE_STATUS", "runStatus", { params: { id, status, wanted } });

/**
 * Appends runs in the order given, in the caller's transaction; the version rises by one, by none when there are none.
 * They belong to the owner of the unit's group, whoever makes them.
 * @throws NOT_FOUND for the unit; FORBIDDEN for one that the account only sees; INVALID_REQUEST for a parent that is not there, also for
 *   another account's run
 */
export const insertRuns = async (
  sql: SqlLike,
  userId: string,
  input: { unitId: string; runs: NewRun[]; createdBy: "client" | "web" },
): Promise<Run[]> => {
  const { unitId, runs: given } = input;
  const unit = await lockUnit(sql, userId, unitId);
  if (given.length === 0) return [];
  await checkParents(sql, userId, given);
  const misfitOf = fitOf(unit.parametersSchema);
  const rows = given.map((run) => ({
    id: newId("run"),
    name: run.name ?? nameOfRun(run.parameters),
    parameters: run.parameters,
    metadata: run.metadata,
    created_by: run.createdBy ?? input.createdBy,
    parent_id: run.parentId ?? null,
    sweep_id: run.sweepId ?? null,
    misfit: misfitOf(run.parameters),
  }));
  const inserted = sql`
    INSERT INTO runs (id, unit_id, user_id, place, name, parameters, metadata, created_by, parent_id, sweep_id, misfit)
    SELECT g.id, ${unitId}, ${unit.ownerId}, last.place + g.nth, g.name, g.parameters, g.metadata, g.created_by, g.parent_id, g.sweep_id, g.misfit
    FROM (SELECT coalesce(max(place), 0) AS place FROM runs WHERE unit_id = ${unitId}) AS last,
      ROWS FROM (jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) AS (
        id text, name text, parameters jsonb, metadata jsonb, created_by text, parent_id text, sweep_id text, misfit text)) WITH ORDINALITY
        AS g(id, name, parameters, metadata, created_by, parent_id, sweep_id, misfit, nth)
    ORDER BY g.nth RETURNING ${changedColumns(sql)}`;
  const made = await withEvents<RunRow>(sql, inserted, sql`*`);
  await raiseVersion(sql, unitId);
  // Those of a sweep are told by the sweep's own row.
  const isSweep = given[0]?.sweepId !== undefined;
  if (!isSweep)
    await recordActivity(sql, userId, {
      verb: "run.created",
      ...(made.length === 1 && { objectId: made[0]?.id }),
      ...placeOf(unitId, unit),
      count: made.length,
    });
  return made.sort((a, b) => a.place - b.place).map(toRun);
};

/** For the record: whose a locked unit is, and where. */
export const placeOf = (unitId: string, { groupId, ownerId }: LockedUnit) => ({ unitId, groupId, ownerId });

const checkParents = async (sql: SqlLike, userId: string, given: NewRun[]): Promise<void> => {
  const ids = [...new Set(given.flatMap((run) => run.parentId ?? []))];
  if (ids.length === 0) return;
  const found = await sql<{ id: string }[]>`
    SELECT id FROM runs WHERE id = ANY(${ids}) AND deleted_at IS NULL AND ${mayRun(sql, userId, "view")}`;
  const known = new Set(found.map((run) => run.id));
  const wrong = given.flatMap(({ parentId }, index) =>
    parentId === undefined || known.has(parentId)
      ? []
      : [{ path: `runs[${index}].parentId`, key: "noParent" as const, params: { id: parentId } }],
  );
  if (wrong.length > 0) throw badFields(wrong);
};

/** As insertRuns, in a transaction of its own. */
export const createRuns = async (
  userId: string,
  input: { unitId: string; runs: NewRun[]; createdBy: "client" | "web" },
): Promise<Run[]> => {
  const made = await withRetries(() => getSql().begin((sql) => insertRuns(sql, userId, input)));
  tellNewRuns(made);
  return made;
};

export const tellNewRuns = ([first]: Run[]): void => {
  if (first) tellUnit(first.userId, first.unitId);
};

/** @param ownerId of the unit's group */
export const tellUnit = (ownerId: string, unitId: string): void =>
  publishLive([{ kind: "unit", userId: ownerId, unitId }]);

/**
 * Changes a run that waits. Another name or other parameters raise the unit's version by one.
 * @throws NOT_FOUND; INVALID_QUEUE_STATUS once it has started; PRECONDITION_FAILED when `ifVersion` is not the unit's version any more
 */
export const updateRun = async (
  userId: string,
  input: {
    runId: string;
    name?: string | undefined;
    parameters?: JsonObject | undefined;
    metadata?: JsonObject | undefined;
    ifVersion?: number | undefined;
  },
): Promise<Run> => {
  const { runId } = input;
  const { unit_id: unitId, user_id: ownerId } = await getRunRow(userId, runId);
  await withRetries(() =>
    getSql().begin(async (sql) => {
      const unit = await lockUnit(sql, userId, unitId);
      const [before] = await sql<RunRow[]>`
        SELECT ${runColumns(sql)} FROM runs WHERE id = ${runId} AND deleted_at IS NULL FOR UPDATE`;
      if (!before) throw runNotFound(runId);
      if (before.status !== "pending") throw wrongStatus(runId, before.status, "pending");
      checkVersion(unitId, unit, input.ifVersion);
      const name = input.name ?? before.name;
      const parameters = input.parameters ?? before.parameters;
      const [after] = await sql<{ changed: boolean }[]>`
        UPDATE runs SET name = ${name}, parameters = ${sql.json(parameters as never)}, metadata = ${sql.json((input.metadata ?? before.metadata) as never)},
          misfit = ${fitOf(unit.parametersSchema)(parameters)}, updated_at = now()
        WHERE id = ${runId}
        RETURNING name <> ${before.name} OR parameters <> ${sql.json(before.parameters as never)}::jsonb AS changed`;
      if (after?.changed) await raiseVersion(sql, unitId);
      const details = changedFields(input, "name", "parameters", "metadata");
      const count = after?.changed || input.metadata !== undefined ? 1 : 0;
      const entry = { verb: "run.changed", objectId: runId, ...placeOf(unitId, unit), details, count } as const;
      await recordActivity(sql, userId, entry);
    }),
  );
  tellUnit(ownerId, unitId);
  return getRun(userId, runId);
};

/** Puts a run that does not run into the trash. @throws NOT_FOUND; INVALID_QUEUE_STATUS while it runs */
export const removeRun = async (userId: string, input: { runId: string }): Promise<void> => {
  const { runId } = input;
  const { unit_id: unitId, user_id: ownerId } = await getRunRow(userId, runId);
  await withRetries(() =>
    getSql().begin(async (sql) => {
      const unit = await lockUnit(sql, userId, unitId);
      const gone = await sql`
        UPDATE runs SET deleted_at = now(), updated_at = now() WHERE id = ${runId} AND deleted_at IS NULL AND status <> 'running'`;
      if (gone.count === 0) {
        const { status } = await getRunRow(userId, runId, sql);
        throw wrongStatus(runId, status, "not running");
      }
      await raiseVersion(sql, unitId);
      await recordActivity(sql, userId, { verb: "run.removed", objectId: runId, ...placeOf(unitId, unit) });
    }),
  );
  tellUnit(ownerId, unitId);
};

/**
 * What a driver's parameters must look like. Runs that do not fit wait from now on, and those that fit no longer do.
 *
 * All of the unit's runs are judged, also those that ended or are in the trash: a retry or a restore brings them back to wait.
 *
 * @throws NOT_FOUND
 */
export const publishSchema = async (
  userId: string,
  input: { unitId: string; parametersSchema: JsonObject | null },
): Promise<void> => {
  const { unitId, parametersSchema } = input;
  const { ownerId } = await withRetries(() =>
    getSql().begin(async (sql) => {
      const unit = await lockUnit(sql, userId, unitId);
      await sql`UPDATE units SET parameters_schema = ${parametersSchema === null ? null : sql.json(parametersSchema as never)} WHERE id = ${unitId}`;
      const misfitOf = fitOf(parametersSchema);
      const all = await sql<
        { id: string; parameters: JsonObject }[]
      >`SELECT id, parameters FROM runs WHERE unit_id = ${unitId}`;
      const ids = all.map((run) => run.id);
      const misfits = all.map((run) => misfitOf(run.parameters));
      await sql`
        UPDATE runs SET misfit = n.misfit FROM unnest(${ids}::text[], ${misfits}::text[]) AS n(id, misfit)
        WHERE runs.id = n.id AND runs.misfit IS DISTINCT FROM n.misfit`;
      return unit;
    }),
  );
  tellUnit(ownerId, unitId);
};
