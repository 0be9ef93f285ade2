// Who may do what with a group and all that is in it. The one place that decides; every verb of V2 puts it into its WHERE.
import type postgres from "postgres";
import type { SqlLike } from "../platform/db";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

export const SHARE_ROLES = ["viewer", "editor"] as const;
export type ShareRole = (typeof SHARE_ROLES)[number];
/** What an account is to a group that it sees. */
export type Role = "owner" | ShareRole;

/** `view`: all that is inside; `edit`: change it; `own`: rename, share and delete the group itself. */
export type Access = "view" | "edit" | "own";

/** Where a row names the owner of its group, and the group. */
export type Belonging = { owner: Fragment; groupId: Fragment };

/**
 * For a WHERE: whether an account may do this with what belongs to a group.
 *
 * The owner is looked at first, so that only those with whom a group is shared cost a look at the shares.
 * Who changes something locks his share until the transaction is over: a share is withdrawn after the changes that are under
 * way, and once that was answered none of his is committed any more.
 *
 * @param userId a text, or a column that holds it
 */
export const may = (
  sql: SqlLike,
  userId: string | Fragment,
  access: Access,
  { owner, groupId }: Belonging,
): Fragment =>
  access === "own"
    ? sql`${owner} = ${userId}`
    : sql`(${owner} = ${userId} OR EXISTS (
        SELECT 1 FROM group_shares s WHERE s.group_id = ${groupId} AND s.user_id = ${userId}
          ${access === "edit" ? sql`AND s.role = 'editor' FOR SHARE` : sql``}))`;

/** For a list: the ids of the groups of others that the account may see, or change. An array, so that they are found by their keys. */
export const sharedGroups = (sql: SqlLike, userId: string, access: "view" | "edit"): Fragment => sql`
  ARRAY(SELECT s.group_id FROM group_shares s
    WHERE s.user_id = ${userId} ${access === "edit" ? sql`AND s.role = 'editor'` : sql``})`;

/** What the account is to it; for rows that it may see. */
export const roleIn = (sql: SqlLike, userId: string, { owner, groupId }: Belonging): Fragment => sql`
  CASE WHEN ${owner} = ${userId} THEN 'owner'
    ELSE (SELECT s.role FROM group_shares s WHERE s.group_id = ${groupId} AND s.user_id = ${userId}) END`;
