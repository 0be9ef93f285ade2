// Units: a queue of runs for one training program. Reading and changing them; removal is in trash.ts.
import { changedFields, recordActivity } from "../activity/record";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { newId } from "../platform/ids";
import type { JsonObject } from "../platform/json-safety";
import { publishLive } from "../platform/live";
import { type Role, roleIn, sharedGroups } from "../sharing/access";
import { groupNotFound, groupOfUnit, groupRefusal, mayGroup, mayUnit, unitNotFound } from "./access";
import { ownerEmail, tellGroups } from "./groups";
import { checkVersion, lockUnit, raiseVersion } from "./unit-lock";

export type Unit = {
  unitId: string;
  groupId: string;
  groupName: string;
  name: string;
  description: string | null;
  config: JsonObject;
  metadata: JsonObject;
  version: number;
  /** `running` while a run runs, `completed` when it has runs and all ended, else `idle` */
  status: "idle" | "running" | "completed";
  /** `connected` while the last heartbeat is at most 10 s old */
  connectionStatus: "connected" | "disconnected";
  lastHeartbeat: string | null;
  runCount: number;
  counts: RunCounts;
  stallTimeoutSeconds: number | null;
  paused: boolean;
  pausedReason: string | null;
  parametersSchema: JsonObject | null;
  createdAt: string;
  updatedAt: string;
  /** the owner of its group */
  userId: string;
  ownerEmail: string;
  /** what the account that asks is to its group */
  role: Role;
};

export type RunCounts = {
  pending: number;
  running: number;
  completed: number;
  failed: number;
  cancelled: number;
};

type UnitRow = {
  id: string;
  group_id: string;
  group_name: string;
  name: string;
  description: string | null;
  config: JsonObject;
  metadata: JsonObject;
  version: number;
  connected: boolean;
  last_heartbeat_at: Date | null;
  stall_timeout_seconds: number | null;
  paused: boolean;
  paused_reason: string | null;
  parameters_schema: JsonObject | null;
  created_at: Date;
  updated_at: Date;
  user_id: string;
  owner_email: string;
  role: Role;
} & RunCounts;

const toUnit = (row: UnitRow): Unit => {
  const { pending, running, completed, failed, cancelled } = row;
  const runCount = pending + running + completed + failed + cancelled;
  return {
    unitId: row.id,
    groupId: row.group_id,
    groupName: row.group_name,
    name: row.name,
    description: row.description,
    config: row.config,
    metadata: row.metadata,
    version: row.version,
    status: running > 0 ? "running" : runCount > 0 && pending === 0 ? "completed" : "idle",
    connectionStatus: row.connected ? "connected" : "disconnected",
    lastHeartbeat: row.last_heartbeat_at?.toISOString() ?? null,
    runCount,
    counts: { pending, running, completed, failed, cancelled },
    stallTimeoutSeconds: row.stall_timeout_seconds,
    paused: row.paused,
    pausedReason: row.paused_reason,
    parametersSchema: row.parameters_schema,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    userId: row.user_id,
    ownerEmail: row.owner_email,
    role: row.role,
  };
};

/** A unit is connected while its last heartbeat is at most this old (REST contract, V2). */
export const CONNECTED_SECONDS = 10;

/** For a CROSS JOIN LATERAL beside `u`: how many runs it has in each status. */
export const countsOfUnit = (sql: SqlLike) => sql`
  SELECT count(*) FILTER (WHERE r.status = 'pending') AS pending, count(*) FILTER (WHERE r.status = 'running') AS running,
    count(*) FILTER (WHERE r.status = 'completed') AS completed, count(*) FILTER (WHERE r.status = 'failed') AS failed,
    count(*) FILTER (WHERE r.status = 'cancelled') AS cancelled
  FROM runs r WHERE r.unit_id = u.id AND r.deleted_at IS NULL`;

const unitsFrom = (sql: SqlLike, userId: string) => sql`
  SELECT u.*, g.name AS group_name, p.last_heartbeat_at, ${ownerEmail(sql, sql`u.user_id`)} AS owner_email,
    ${roleIn(sql, userId, groupOfUnit(sql))} AS role,
    coalesce(p.last_heartbeat_at >= now() - make_interval(secs => ${CONNECTED_SECONDS}), false) AS connected, c.*
  FROM units u JOIN groups g ON g.id = u.group_id LEFT JOIN unit_presence p ON p.unit_id = u.id
  CROSS JOIN LATERAL (${countsOfUnit(sql)}) c`;

/** @throws NOT_FOUND, also for another account's unit */
export const getUnit = async (userId: string, unitId: string, sql: SqlLike = getSql()): Promise<Unit> => {
  const [row] = await sql<
    UnitRow[]
  >`${unitsFrom(sql, userId)} WHERE u.id = ${unitId} AND u.deleted_at IS NULL AND ${mayUnit(sql, userId, "view")}`;
  if (!row) throw unitNotFound(unitId);
  return toUnit(row);
};

/** The units of a group, in the order of their creation. @throws NOT_FOUND for the group */
export const listUnits = async (userId: string, input: { groupId: string }): Promise<Unit[]> => {
  const sql = getSql();
  const [group] = await sql`
    SELECT 1 FROM groups g WHERE g.id = ${input.groupId} AND g.deleted_at IS NULL AND ${mayGroup(sql, userId, "view")}`;
  if (!group) throw groupNotFound(input.groupId);
  const rows = await sql<UnitRow[]>`
    ${unitsFrom(sql, userId)} WHERE u.group_id = ${input.groupId} AND u.deleted_at IS NULL AND ${mayUnit(sql, userId, "view")}
    ORDER BY u.created_at, u.id`;
  return rows.map(toUnit);
};

/**
 * A unit by its group's and its own name: one of the account's own before one that is shared with it, and of several the newest.
 * So nobody can put himself in the way of a name by sharing a group.
 * @throws NOT_FOUND
 */
export const findUnit = async (userId: string, input: { group: string; unit: string }): Promise<Unit> => {
  const sql = getSql();
  const [row] = await sql<UnitRow[]>`
    ${unitsFrom(sql, userId)}
    WHERE (g.user_id = ${userId} OR g.id = ANY(${sharedGroups(sql, userId, "view")}))
      AND g.name = ${input.group} AND u.name = ${input.unit} AND u.deleted_at IS NULL AND g.deleted_at IS NULL
    ORDER BY g.user_id = ${userId} DESC, u.created_at DESC, u.id DESC LIMIT 1`;
  if (!row) throw unitNotFound(`${input.group}/${input.unit}`);
  return toUnit(row);
};

/** 0 is the contract's other way to say: never. */
const stallOf = (seconds: number | null): number | null => (seconds === 0 ? null : seconds);

type NewUnit = {
  groupId: string;
  name: string;
  config: JsonObject;
  description?: string | undefined;
  metadata: JsonObject;
  stallTimeoutSeconds: number | null;
};

/** It belongs to the group's owner, whoever makes it. @throws NOT_FOUND for the group; FORBIDDEN for one that the account only sees */
export const createUnit = async (userId: string, input: NewUnit): Promise<Unit> => {
  const unit = await getSql().begin((sql) => insertUnit(sql, userId, input));
  tellGroups(unit.userId, unit.groupId);
  return unit;
};

/** As createUnit, in the caller's transaction; tell when that is committed. */
export const insertUnit = async (sql: SqlLike, userId: string, input: NewUnit): Promise<Unit> => {
  const id = newId("unit");
  // The lock keeps the group from going to the trash meanwhile.
  const made = await sql`
    WITH home AS (
      SELECT g.id, g.user_id FROM groups g
      WHERE g.id = ${input.groupId} AND g.deleted_at IS NULL AND ${mayGroup(sql, userId, "edit")} FOR SHARE)
    INSERT INTO units (id, group_id, user_id, name, description, config, metadata, stall_timeout_seconds)
    SELECT ${id}, home.id, home.user_id, ${input.name}, ${input.description ?? null}, ${sql.json(input.config as never)}, ${sql.json(input.metadata as never)},
      ${stallOf(input.stallTimeoutSeconds)} FROM home`;
  if (made.count === 0) throw await groupRefusal(userId, input.groupId, "edit", sql);
  const unit = await getUnit(userId, id, sql);
  await recordActivity(sql, userId, { verb: "unit.created", objectId: id, ...placeOf(unit) });
  return unit;
};

/** For the record: whose a unit is, and where. */
const placeOf = ({ unitId, groupId, userId }: Unit) => ({ unitId, groupId, ownerId: userId });

/**
 * Changes what is given; `description: null` clears it. A change of name, description, config or metadata raises the version
 * by one; what changes nothing does not.
 *
 * @throws NOT_FOUND; PRECONDITION_FAILED when `ifVersion` is not the unit's version any more
 */
export const updateUnit = async (
  userId: string,
  input: {
    unitId: string;
    name?: string | undefined;
    config?: JsonObject | undefined;
    description?: string | null | undefined;
    metadata?: JsonObject | undefined;
    stallTimeoutSeconds?: number | null | undefined;
    ifVersion?: number | number[] | undefined;
  },
): Promise<Unit> => {
  const { unitId } = input;
  const { ownerId } = await withRetries(() =>
    getSql().begin(async (sql) => {
      const unit = await lockUnit(sql, userId, unitId);
      checkVersion(unitId, unit, input.ifVersion);
      if (input.stallTimeoutSeconds !== undefined)
        await sql`UPDATE units SET stall_timeout_seconds = ${stallOf(input.stallTimeoutSeconds)}, updated_at = now() WHERE id = ${unitId}`;
      const description = input.description === undefined ? sql`description` : sql`${input.description}::text`;
      const config = input.config === undefined ? sql`config` : sql`${sql.json(input.config as never)}::jsonb`;
      const metadata = input.metadata === undefined ? sql`metadata` : sql`${sql.json(input.metadata as never)}::jsonb`;
      const name = input.name === undefined ? sql`name` : sql`${input.name}::text`;
      const changed = await sql`
        UPDATE units SET name = ${name}, description = ${description}, config = ${config}, metadata = ${metadata}
        WHERE id = ${unitId} AND (name, description, config, metadata) IS DISTINCT FROM (${name}, ${description}, ${config}, ${metadata})`;
      if (changed.count > 0) await raiseVersion(sql, unitId);
      const details = changedFields(input, "name", "description", "config", "metadata", "stallTimeoutSeconds");
      const count = changed.count > 0 || input.stallTimeoutSeconds !== undefined ? 1 : 0;
      const place = { unitId, groupId: unit.groupId, ownerId: unit.ownerId };
      await recordActivity(sql, userId, { verb: "unit.changed", objectId: unitId, ...place, details, count });
      return unit;
    }),
  );
  publishLive([{ kind: "unit", userId: ownerId, unitId }]);
  return getUnit(userId, unitId);
};

/** Nothing is claimed while a unit is paused; running runs go on. @throws NOT_FOUND */
export const pauseUnit = async (
  userId: string,
  input: { unitId: string; reason?: string | undefined },
): Promise<Unit> => setPaused(userId, input.unitId, true, input.reason ?? null);

/** @throws NOT_FOUND */
export const resumeUnit = async (userId: string, input: { unitId: string }): Promise<Unit> =>
  setPaused(userId, input.unitId, false, null);

const setPaused = async (userId: string, unitId: string, paused: boolean, reason: string | null): Promise<Unit> => {
  // The claim locks the same row: one that began before is over when this returns.
  const { ownerId } = await withRetries(() =>
    getSql().begin(async (sql) => {
      const unit = await lockUnit(sql, userId, unitId);
      await sql`UPDATE units SET paused = ${paused}, paused_reason = ${reason}, updated_at = now() WHERE id = ${unitId}`;
      const verb = paused ? "unit.paused" : "unit.resumed";
      await recordActivity(sql, userId, {
        verb,
        objectId: unitId,
        unitId,
        groupId: unit.groupId,
        ownerId: unit.ownerId,
      });
      return unit;
    }),
  );
  publishLive([{ kind: "unit", userId: ownerId, unitId }]);
  return getUnit(userId, unitId);
};

/** What the client needs to catch up. @throws NOT_FOUND */
export const syncUnit = async (
  userId: string,
  input: { unitId: string; clientVersion: number },
): Promise<{ needSync: boolean; cloudVersion: number; unit: Unit }> => {
  const unit = await getUnit(userId, input.unitId);
  return { needSync: unit.version > input.clientVersion, cloudVersion: unit.version, unit };
};
