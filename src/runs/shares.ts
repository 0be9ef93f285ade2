// Sharing a group: by whom it can be seen or worked in besides its owner. What a role allows is in sharing/access.ts.

import { normalEmail } from "../accounts/users";
import { recordActivity } from "../activity/record";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { badField, DomainError } from "../platform/errors";
import { publishLive } from "../platform/live";
import type { ShareRole } from "../sharing/access";
import { groupRefusal, mayGroup } from "./access";
import { tellGroups } from "./groups";

export type Share = {
  userId: string;
  email: string;
  role: ShareRole;
  createdAt: string;
  /** who shared it */
  createdBy: string;
};

export const shareNotFound = (id: string) => new DomainError("NOT_FOUND", "shareNotFound", { params: { id } });

type ShareRow = { user_id: string; email: string; role: ShareRole; created_at: Date; created_by: string };

const toShare = (row: ShareRow): Share => ({
  userId: row.user_id,
  email: row.email,
  role: row.role,
  createdAt: row.created_at.toISOString(),
  createdBy: row.created_by,
});

/** Locked against its removal. @throws NOT_FOUND; FORBIDDEN for a group that is only shared with the account */
const ownGroup = async (sql: SqlLike, userId: string, groupId: string): Promise<void> => {
  const [group] = await sql`
    SELECT 1 FROM groups g WHERE g.id = ${groupId} AND g.deleted_at IS NULL AND ${mayGroup(sql, userId, "own")} FOR SHARE`;
  if (!group) throw await groupRefusal(userId, groupId, "own", sql);
};

const tellShared = (ownerId: string, groupId: string, userId: string): void => {
  tellGroups(ownerId, groupId);
  publishLive([{ kind: "shares", userId }]);
};

/** With whom a group is shared, by address. Only its owner is told. @throws NOT_FOUND; FORBIDDEN */
export const listShares = async (userId: string, { groupId }: { groupId: string }): Promise<Share[]> => {
  const sql = getSql();
  await ownGroup(sql, userId, groupId);
  const rows = await sql<ShareRow[]>`
    SELECT s.user_id, users.email, s.role, s.created_at, s.created_by FROM group_shares s JOIN users ON users.id = s.user_id
    WHERE s.group_id = ${groupId} ORDER BY users.email`;
  return rows.map(toShare);
};

/**
 * Shares a group with the account that has this address, or changes its role; it counts at once.
 *
 * That an address has no account is said, since else a slip of the pen would look like success. So whoever has an account here
 * can ask for an address; such calls are counted as the creation of many, ten a minute, and accounts are told nothing else.
 *
 * @throws NOT_FOUND; FORBIDDEN for another account's group; INVALID_REQUEST for an address without account, or the owner's own
 */
export const shareGroup = async (
  userId: string,
  input: { groupId: string; email: string; role: ShareRole },
): Promise<Share> => {
  const { groupId, role } = input;
  const share = await withRetries(() =>
    getSql().begin(async (sql) => {
      await ownGroup(sql, userId, groupId);
      const [found] = await sql<
        { id: string }[]
      >`SELECT id FROM users WHERE email = ${normalEmail(input.email)} FOR KEY SHARE`;
      if (!found) throw badField("email", "noAccount");
      if (found.id === userId) throw badField("email", "ownAddress");
      const [row] = await sql<ShareRow[]>`
        INSERT INTO group_shares AS s (group_id, user_id, role, created_by) VALUES (${groupId}, ${found.id}, ${role}, ${userId})
        ON CONFLICT (group_id, user_id) DO UPDATE SET role = excluded.role
        RETURNING s.*, (SELECT users.email FROM users WHERE users.id = s.user_id)`;
      if (!row) throw new Error("The insert returned no row.");
      const details = { with: found.id, role };
      await recordActivity(sql, userId, { verb: "share.given", objectId: groupId, groupId, details });
      return toShare(row);
    }),
  );
  tellShared(userId, groupId, share.userId);
  return share;
};

/**
 * Withdraws a share; whom it was given to may give it back himself. Changes of his that are under way are over when this returns, and
 * from then on he sees and changes nothing of the group.
 *
 * @throws NOT_FOUND, also where nothing is shared with that account; FORBIDDEN for another one's share
 */
export const unshareGroup = async (userId: string, input: { groupId: string; userId: string }): Promise<void> => {
  const { groupId, userId: sharedWith } = input;
  const ownerId = await withRetries(() =>
    getSql().begin(async (sql) => {
      const [gone] = await sql<{ owner_id: string }[]>`
        DELETE FROM group_shares s USING groups g
        WHERE s.group_id = ${groupId} AND s.user_id = ${sharedWith} AND g.id = s.group_id AND g.deleted_at IS NULL
          AND (s.user_id = ${userId} OR ${mayGroup(sql, userId, "own")})
        RETURNING g.user_id AS owner_id`;
      if (gone) {
        const entry = { objectId: groupId, groupId, ownerId: gone.owner_id, details: { with: sharedWith } };
        await recordActivity(sql, userId, { verb: "share.withdrawn", ...entry });
        return gone.owner_id;
      }
      await ownGroup(sql, userId, groupId);
      throw shareNotFound(sharedWith);
    }),
  );
  tellShared(ownerId, groupId, sharedWith);
};
