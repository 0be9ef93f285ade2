// Which group a row of V2 belongs to, and how a verb refuses: 404 for what the caller does not see, 403 for what he only sees.
import { getSql, type SqlLike } from "../platform/db";
import { DomainError } from "../platform/errors";
import { type Access, may } from "../sharing/access";

export const groupNotFound = (id: string) => new DomainError("NOT_FOUND", "groupNotFound", { params: { id } });
export const unitNotFound = (id: string) => new DomainError("NOT_FOUND", "unitNotFound", { params: { id } });
export const runNotFound = (id: string) => new DomainError("NOT_FOUND", "runNotFound", { params: { id } });

type UserId = Parameters<typeof may>[1];

/** For a WHERE over `groups` under the name g. */
export const mayGroup = (sql: SqlLike, userId: UserId, access: Access) => may(sql, userId, access, groupOf(sql));
export const groupOf = (sql: SqlLike) => ({ owner: sql`g.user_id`, groupId: sql`g.id` });

/** For a WHERE over `units` under the name u. */
export const mayUnit = (sql: SqlLike, userId: UserId, access: Access) => may(sql, userId, access, groupOfUnit(sql));
export const groupOfUnit = (sql: SqlLike) => ({ owner: sql`u.user_id`, groupId: sql`u.group_id` });

/** For a WHERE over `runs` under the name runs. A run carries the owner of its unit. */
export const mayRun = (sql: SqlLike, userId: UserId, access: Access) =>
  may(sql, userId, access, {
    owner: sql`runs.user_id`,
    groupId: sql`(SELECT units.group_id FROM units WHERE units.id = runs.unit_id)`,
  });

const onlySees = () => new DomainError("FORBIDDEN", "onlyViewer");

/** Why a group may not be changed or had: FORBIDDEN for one that the caller sees, else NOT_FOUND. */
export const groupRefusal = async (
  userId: string,
  groupId: string,
  access: "edit" | "own",
  sql: SqlLike = getSql(),
): Promise<DomainError> => {
  const [seen] = await sql`
    SELECT 1 FROM groups g WHERE g.id = ${groupId} AND g.deleted_at IS NULL AND ${mayGroup(sql, userId, "view")}`;
  if (!seen) return groupNotFound(groupId);
  return access === "own" ? new DomainError("FORBIDDEN", "onlyOwner", { params: { id: groupId } }) : onlySees();
};

/** Why a unit may not be changed: FORBIDDEN for one that the caller sees, else NOT_FOUND. */
export const unitRefusal = async (userId: string, unitId: string, sql: SqlLike = getSql()): Promise<DomainError> => {
  const [seen] = await sql`
    SELECT 1 FROM units u WHERE u.id = ${unitId} AND u.deleted_at IS NULL AND ${mayUnit(sql, userId, "view")}`;
  return seen ? onlySees() : unitNotFound(unitId);
};

/** For a verb whose statement found no run to change: it goes on where the caller may change it. @throws FORBIDDEN, NOT_FOUND */
export const checkMayEditRun = async (userId: string, runId: string, sql: SqlLike = getSql()): Promise<void> => {
  const [run] = await sql<{ may_edit: boolean }[]>`
    SELECT ${mayRun(sql, userId, "edit")} AS may_edit FROM runs
    WHERE runs.id = ${runId} AND runs.deleted_at IS NULL AND ${mayRun(sql, userId, "view")}`;
  if (!run) throw runNotFound(runId);
  if (!run.may_edit) throw onlySees();
};
