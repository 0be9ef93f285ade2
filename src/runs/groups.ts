// Groups: what holds units together. Reading and changing them; removal is in trash.ts.
import { getSql, type SqlLike } from "../platform/db";
import { DomainError } from "../platform/errors";
import { newId } from "../platform/ids";
import type { JsonObject } from "../platform/json-safety";
import { publishLive } from "../platform/live";

export type Group = {
  groupId: string;
  name: string;
  description: string | null;
  metadata: JsonObject;
  unitCount: number;
  createdAt: string;
  updatedAt: string;
  userId: string;
};

type GroupRow = {
  id: string;
  name: string;
  description: string | null;
  metadata: JsonObject;
  unit_count: number;
  created_at: Date;
  updated_at: Date;
  user_id: string;
};

const toGroup = (row: GroupRow): Group => ({
  groupId: row.id,
  name: row.name,
  description: row.description,
  metadata: row.metadata,
  unitCount: row.unit_count,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  userId: row.user_id,
});

export const groupNotFound = (id: string) => new DomainError("NOT_FOUND", "groupNotFound", { params: { id } });

const columns = (sql: SqlLike) => sql`
  g.id, g.name, g.description, g.metadata, g.created_at, g.updated_at, g.user_id,
  (SELECT count(*) FROM units u WHERE u.group_id = g.id AND u.deleted_at IS NULL) AS unit_count`;

type NewGroup = { name: string; description?: string | undefined; metadata: JsonObject };

export const tellGroups = (userId: string): void => publishLive([{ kind: "groups", userId }]);

export const createGroup = async (userId: string, input: NewGroup): Promise<Group> => {
  const group = await insertGroup(getSql(), userId, input);
  tellGroups(userId);
  return group;
};

/** In the caller's transaction; tell when that is committed. */
export const insertGroup = async (sql: SqlLike, userId: string, input: NewGroup): Promise<Group> => {
  const [row] = await sql<GroupRow[]>`
    INSERT INTO groups AS g (id, user_id, name, description, metadata)
    VALUES (${newId("group")}, ${userId}, ${input.name}, ${input.description ?? null}, ${sql.json(input.metadata as never)})
    RETURNING g.*, 0 AS unit_count`;
  if (!row) throw new Error("The insert returned no row.");
  return toGroup(row);
};

/** The account's groups, newest first. */
export const listGroups = async (userId: string): Promise<Group[]> => {
  const sql = getSql();
  const rows = await sql<
    GroupRow[]
  >`SELECT ${columns(sql)} FROM groups g WHERE g.user_id = ${userId} AND g.deleted_at IS NULL ORDER BY g.created_at DESC, g.id DESC`;
  return rows.map(toGroup);
};

/** @throws NOT_FOUND, also for another account's group */
export const getGroup = async (userId: string, groupId: string, sql: SqlLike = getSql()): Promise<Group> => {
  const [row] = await sql<
    GroupRow[]
  >`SELECT ${columns(sql)} FROM groups g WHERE g.id = ${groupId} AND g.user_id = ${userId} AND g.deleted_at IS NULL`;
  if (!row) throw groupNotFound(groupId);
  return toGroup(row);
};

/** Changes what is given; `description: null` clears it. @throws NOT_FOUND */
export const updateGroup = async (
  userId: string,
  input: {
    groupId: string;
    name?: string | undefined;
    description?: string | null | undefined;
    metadata?: JsonObject | undefined;
  },
): Promise<Group> => {
  const sql = getSql();
  const changed = await sql`
    UPDATE groups SET name = coalesce(${input.name ?? null}, name),
      description = CASE WHEN ${input.description === undefined} THEN description ELSE ${input.description ?? null} END,
      metadata = coalesce(${input.metadata === undefined ? null : sql.json(input.metadata as never)}, metadata), updated_at = now()
    WHERE id = ${input.groupId} AND user_id = ${userId} AND deleted_at IS NULL`;
  if (changed.count === 0) throw groupNotFound(input.groupId);
  tellGroups(userId);
  return getGroup(userId, input.groupId);
};
