// Groups: what holds units together. Reading and changing them; removal is in trash.ts.
import { changedFields, recordActivity } from "../activity/record";
import { getSql, type SqlLike } from "../platform/db";
import { newId } from "../platform/ids";
import type { JsonObject } from "../platform/json-safety";
import { publishLive } from "../platform/live";
import { type Role, roleIn, sharedGroups } from "../sharing/access";
import { groupNotFound, groupOf, groupRefusal, mayGroup } from "./access";

export type Group = {
  groupId: string;
  name: string;
  description: string | null;
  metadata: JsonObject;
  unitCount: number;
  createdAt: string;
  updatedAt: string;
  /** its owner */
  userId: string;
  ownerEmail: string;
  /** what the account that asks is to it */
  role: Role;
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
  owner_email: string;
  role: Role;
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
  ownerEmail: row.owner_email,
  role: row.role,
});

/** The owner's address is told to those with whom he shares the group. */
export const ownerEmail = (sql: SqlLike, owner: ReturnType<SqlLike>) =>
  sql`coalesce((SELECT users.email FROM users WHERE users.id = ${owner}), '')`;

const columns = (sql: SqlLike, userId: string) => sql`
  g.id, g.name, g.description, g.metadata, g.created_at, g.updated_at, g.user_id,
  ${ownerEmail(sql, sql`g.user_id`)} AS owner_email, ${roleIn(sql, userId, groupOf(sql))} AS role,
  (SELECT count(*) FROM units u WHERE u.group_id = g.id AND u.deleted_at IS NULL) AS unit_count`;

type NewGroup = { name: string; description?: string | undefined; metadata: JsonObject };

/** @param userId the owner @param groupId where it is told to those with whom the group is shared, too */
export const tellGroups = (userId: string, groupId?: string): void =>
  publishLive([{ kind: "groups", userId, ...(groupId !== undefined && { groupId }) }]);

export const createGroup = async (userId: string, input: NewGroup): Promise<Group> => {
  const group = await getSql().begin((sql) => insertGroup(sql, userId, input));
  tellGroups(userId);
  return group;
};

/** In the caller's transaction; tell when that is committed. */
export const insertGroup = async (sql: SqlLike, userId: string, input: NewGroup): Promise<Group> => {
  const [row] = await sql<GroupRow[]>`
    INSERT INTO groups AS g (id, user_id, name, description, metadata)
    VALUES (${newId("group")}, ${userId}, ${input.name}, ${input.description ?? null}, ${sql.json(input.metadata as never)})
    RETURNING ${columns(sql, userId)}`;
  if (!row) throw new Error("The insert returned no row.");
  await recordActivity(sql, userId, { verb: "group.created", objectId: row.id, groupId: row.id });
  return toGroup(row);
};

/** The account's groups and those that are shared with it, newest first. */
export const listGroups = async (userId: string): Promise<Group[]> => {
  const sql = getSql();
  const rows = await sql<GroupRow[]>`
    SELECT ${columns(sql, userId)} FROM groups g
    WHERE g.deleted_at IS NULL AND (
      g.user_id = ${userId} OR g.id = ANY(${sharedGroups(sql, userId, "view")}))
    ORDER BY g.created_at DESC, g.id DESC`;
  return rows.map(toGroup);
};

/** @throws NOT_FOUND, also for another account's group */
export const getGroup = async (userId: string, groupId: string, sql: SqlLike = getSql()): Promise<Group> => {
  const [row] = await sql<GroupRow[]>`
    SELECT ${columns(sql, userId)} FROM groups g
    WHERE g.id = ${groupId} AND g.deleted_at IS NULL AND ${mayGroup(sql, userId, "view")}`;
  if (!row) throw groupNotFound(groupId);
  return toGroup(row);
};

/** Changes what is given; `description: null` clears it. @throws NOT_FOUND; FORBIDDEN for one that is another account's */
export const updateGroup = async (
  userId: string,
  input: {
    groupId: string;
    name?: string | undefined;
    description?: string | null | undefined;
    metadata?: JsonObject | undefined;
  },
): Promise<Group> => {
  await getSql().begin(async (sql) => {
    const changed = await sql`
    UPDATE groups g SET name = coalesce(${input.name ?? null}, name),
      description = CASE WHEN ${input.description === undefined} THEN description ELSE ${input.description ?? null} END,
      metadata = coalesce(${input.metadata === undefined ? null : sql.json(input.metadata as never)}, metadata), updated_at = now()
    WHERE g.id = ${input.groupId} AND g.deleted_at IS NULL AND ${mayGroup(sql, userId, "own")}`;
    if (changed.count === 0) throw await groupRefusal(userId, input.groupId, "own", sql);
    const { groupId } = input;
    const details = changedFields(input, "name", "description", "metadata");
    const count = details.fields.length > 0 ? 1 : 0;
    await recordActivity(sql, userId, { verb: "group.changed", objectId: groupId, groupId, details, count });
  });
  tellGroups(userId, input.groupId);
  return getGroup(userId, input.groupId);
};
