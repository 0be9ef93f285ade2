// Removal: groups and units go to the trash with all they hold, can be restored for TRASH_DAYS, and are then purged.
import { recordActivity } from "../activity/record";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { getEnv } from "../platform/env";
import { DomainError } from "../platform/errors";
import { publishLive } from "../platform/live";
import { sharedGroups } from "../sharing/access";
import { groupNotFound, groupRefusal, mayGroup, mayRun, mayUnit, runNotFound, unitNotFound } from "./access";
import { placeOf, tellUnit } from "./edit-runs";
import { type Group, getGroup, tellGroups } from "./groups";
import { deleteRuns } from "./purge";
import { getRun } from "./read-runs";
import type { Run } from "./run";
import { lockUnit, raiseVersion } from "./unit-lock";
import { getUnit, type Unit } from "./units";

const inUse = (what: "group" | "unit", id: string) =>
  new DomainError("CONFLICT", what === "group" ? "groupRuns" : "unitRuns", { params: { id } });

const refuseWhileRunning = async (sql: SqlLike, unitIds: string[], refusal: () => DomainError): Promise<void> => {
  const [running] = await sql`
    SELECT 1 FROM runs WHERE unit_id = ANY(${unitIds}) AND status = 'running' AND deleted_at IS NULL LIMIT 1`;
  if (running) throw refusal();
};

/** What goes together carries the same time, so that it comes back together. */
const removeUnits = async (sql: SqlLike, unitIds: string[]): Promise<void> => {
  await sql`UPDATE units SET deleted_at = now() WHERE id = ANY(${unitIds}) AND deleted_at IS NULL`;
  await sql`UPDATE runs SET deleted_at = now() WHERE unit_id = ANY(${unitIds}) AND deleted_at IS NULL`;
};

/** @throws NOT_FOUND; CONFLICT while one of its runs runs and no force */
export const removeUnit = async (userId: string, input: { unitId: string; force: boolean }): Promise<void> => {
  const { unitId, force } = input;
  const { ownerId, groupId } = await withRetries(() =>
    getSql().begin(async (sql) => {
      const unit = await lockUnit(sql, userId, unitId);
      if (!force) await refuseWhileRunning(sql, [unitId], () => inUse("unit", unitId));
      await removeUnits(sql, [unitId]);
      await recordActivity(sql, userId, { verb: "unit.removed", objectId: unitId, ...placeOf(unitId, unit) });
      return unit;
    }),
  );
  publishLive([
    { kind: "unit", userId: ownerId, unitId },
    { kind: "groups", userId: ownerId, groupId },
  ]);
};

/** @throws NOT_FOUND; FORBIDDEN for one that is another account's; CONFLICT while one of its runs runs and no force */
export const removeGroup = async (userId: string, input: { groupId: string; force: boolean }): Promise<void> => {
  const { groupId, force } = input;
  await withRetries(() =>
    getSql().begin(async (sql) => {
      const gone = await sql`
        UPDATE groups g SET deleted_at = now() WHERE g.id = ${groupId} AND g.deleted_at IS NULL AND ${mayGroup(sql, userId, "own")}`;
      if (gone.count === 0) throw await groupRefusal(userId, groupId, "own", sql);
      const units = await sql<
        { id: string }[]
      >`SELECT id FROM units WHERE group_id = ${groupId} AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE`;
      const unitIds = units.map((unit) => unit.id);
      if (!force) await refuseWhileRunning(sql, unitIds, () => inUse("group", groupId));
      await removeUnits(sql, unitIds);
      await recordActivity(sql, userId, { verb: "group.removed", objectId: groupId, groupId });
    }),
  );
  tellGroups(userId, groupId);
};

export type Removed = {
  kind: "group" | "unit" | "run";
  id: string;
  name: string;
  deletedAt: string;
  /** when it is purged */
  purgedAt: string;
};

/**
 * What the account can restore by itself, also in groups that others share with it: not what went along with its group or unit.
 * Newest first, at most 1,000.
 */
export const listTrash = async (userId: string): Promise<Removed[]> => {
  const days = getEnv().TRASH_DAYS;
  const sql = getSql();
  const edited = sharedGroups(sql, userId, "edit");
  const rows = await sql<{ kind: Removed["kind"]; id: string; name: string; deleted_at: Date }[]>`
    SELECT 'group' AS kind, id, name, deleted_at FROM groups WHERE user_id = ${userId} AND deleted_at IS NOT NULL
    UNION ALL
    SELECT 'unit', u.id, g.name || ' / ' || u.name, u.deleted_at FROM units u JOIN groups g ON g.id = u.group_id
    WHERE (u.user_id = ${userId} OR u.group_id = ANY(${edited}) AND g.deleted_at IS NULL)
      AND u.deleted_at IS NOT NULL AND u.deleted_at IS DISTINCT FROM g.deleted_at
    UNION ALL
    SELECT 'run', r.id, u.name || ' / ' || r.name, r.deleted_at FROM runs r JOIN units u ON u.id = r.unit_id
    WHERE (u.user_id = ${userId} OR u.group_id = ANY(${edited}) AND u.deleted_at IS NULL)
      AND r.deleted_at IS NOT NULL AND r.deleted_at IS DISTINCT FROM u.deleted_at
    ORDER BY 4 DESC LIMIT 1000`;
  return rows.map(({ kind, id, name, deleted_at: at }) => ({
    kind,
    id,
    name,
    deletedAt: at.toISOString(),
    purgedAt: new Date(at.getTime() + days * 86_400_000).toISOString(),
  }));
};

const restoreUnits = async (sql: SqlLike, units: { id: string; deleted_at: Date }[]): Promise<void> => {
  for (const unit of units) {
    // The time as PostgreSQL has it: a Date would cut its microseconds.
    await sql`
      UPDATE runs SET deleted_at = NULL FROM units u WHERE u.id = ${unit.id} AND runs.unit_id = u.id AND runs.deleted_at = u.deleted_at`;
    await sql`UPDATE units SET deleted_at = NULL, updated_at = now() WHERE id = ${unit.id}`;
  }
};

/** Brings a group back with the units and runs that went along. @throws NOT_FOUND when it is not in the trash */
export const restoreGroup = async (userId: string, input: { groupId: string }): Promise<Group> => {
  const { groupId } = input;
  await withRetries(() =>
    getSql().begin(async (sql) => {
      const [group] = await sql`
        SELECT 1 FROM groups WHERE id = ${groupId} AND user_id = ${userId} AND deleted_at IS NOT NULL FOR UPDATE`;
      if (!group) throw groupNotFound(groupId);
      const units = await sql<{ id: string; deleted_at: Date }[]>`
        SELECT u.id, u.deleted_at FROM units u JOIN groups g ON g.id = u.group_id
        WHERE u.group_id = ${groupId} AND u.deleted_at = g.deleted_at ORDER BY u.id FOR UPDATE OF u`;
      await restoreUnits(sql, units);
      await sql`UPDATE groups SET deleted_at = NULL, updated_at = now() WHERE id = ${groupId}`;
      await recordActivity(sql, userId, { verb: "group.restored", objectId: groupId, groupId });
    }),
  );
  tellGroups(userId, groupId);
  return getGroup(userId, groupId);
};

/** Brings a unit back with the runs that went along. @throws NOT_FOUND when it is not in a trash that the account may change; CONFLICT while its group is */
export const restoreUnit = async (userId: string, input: { unitId: string }): Promise<Unit> => {
  const { unitId } = input;
  await withRetries(() =>
    getSql().begin(async (sql) => {
      const [unit] = await sql<
        { id: string; deleted_at: Date; group_id: string; user_id: string; group_gone: boolean }[]
      >`
        SELECT u.id, u.deleted_at, u.group_id, u.user_id, g.deleted_at IS NOT NULL AS group_gone FROM units u JOIN groups g ON g.id = u.group_id
        WHERE u.id = ${unitId} AND u.deleted_at IS NOT NULL AND ${mayUnit(sql, userId, "edit")}
          AND (g.deleted_at IS NULL OR g.user_id = ${userId}) FOR UPDATE OF u, g`;
      if (!unit) throw unitNotFound(unitId);
      if (unit.group_gone) throw new DomainError("CONFLICT", "inTrash", { params: { id: unitId } });
      await restoreUnits(sql, [unit]);
      const place = { unitId, groupId: unit.group_id, ownerId: unit.user_id };
      await recordActivity(sql, userId, { verb: "unit.restored", objectId: unitId, ...place });
    }),
  );
  const unit = await getUnit(userId, unitId);
  tellGroups(unit.userId, unit.groupId);
  return unit;
};

/** Brings a run back in its place. @throws NOT_FOUND when it is not in a trash that the account may change; CONFLICT while its unit is */
export const restoreRun = async (userId: string, input: { runId: string }): Promise<Run> => {
  const { runId } = input;
  const sql = getSql();
  const [found] = await sql<{ unit_id: string; user_id: string; unit_gone: boolean }[]>`
    SELECT runs.unit_id, runs.user_id, u.deleted_at IS NOT NULL AS unit_gone FROM runs JOIN units u ON u.id = runs.unit_id
    WHERE runs.id = ${runId} AND runs.deleted_at IS NOT NULL AND ${mayRun(sql, userId, "edit")}
      AND (u.deleted_at IS NULL OR u.user_id = ${userId})`;
  if (!found) throw runNotFound(runId);
  if (found.unit_gone) throw new DomainError("CONFLICT", "inTrash", { params: { id: runId } });
  await withRetries(() =>
    sql.begin(async (transaction) => {
      const unit = await lockUnit(transaction, userId, found.unit_id);
      const back =
        await transaction`UPDATE runs SET deleted_at = NULL, updated_at = now() WHERE id = ${runId} AND deleted_at IS NOT NULL`;
      if (back.count === 0) return;
      await raiseVersion(transaction, found.unit_id);
      const place = placeOf(found.unit_id, unit);
      await recordActivity(transaction, userId, { verb: "run.restored", objectId: runId, ...place });
    }),
  );
  tellUnit(found.user_id, found.unit_id);
  return getRun(userId, runId);
};

const PURGE_AT_ONCE = 1000;

/** Deletes for good what has been in the trash for TRASH_DAYS, with logs, metrics and checkpoints. @returns how many runs */
export const purgeTrash = async (): Promise<number> => {
  const isOld = (sql: SqlLike) => sql`deleted_at < now() - make_interval(days => ${getEnv().TRASH_DAYS})`;
  let purged = 0;
  for (;;) {
    const count = await getSql().begin(async (sql) => {
      const old = await sql<
        { id: string }[]
      >`SELECT id FROM runs WHERE ${isOld(sql)} ORDER BY id LIMIT ${PURGE_AT_ONCE} FOR UPDATE SKIP LOCKED`;
      const ids = old.map((run) => run.id);
      await deleteRuns(sql, ids);
      return ids.length;
    });
    purged += count;
    if (count < PURGE_AT_ONCE) break;
  }
  await getSql().begin(async (sql) => {
    const gone = await sql<{ id: string }[]>`
      DELETE FROM units u WHERE ${isOld(sql)} AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.unit_id = u.id) RETURNING id`;
    const ids = gone.map((unit) => unit.id);
    await sql`DELETE FROM unit_presence WHERE unit_id = ANY(${ids})`;
    await sql`DELETE FROM unit_drivers WHERE unit_id = ANY(${ids})`;
    await sql`
      WITH gone AS (
        DELETE FROM groups g WHERE ${isOld(sql)} AND NOT EXISTS (SELECT 1 FROM units u WHERE u.group_id = g.id) RETURNING g.id)
      DELETE FROM group_shares s USING gone WHERE s.group_id = gone.id`;
  });
  return purged;
};
