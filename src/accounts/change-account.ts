// What an owner changes about an account: its role, its tier, whether it is on.
import { recordActivity } from "../activity/record";
import { getSql } from "../platform/db";
import { DomainError } from "../platform/errors";
import type { Role } from "./roles";
import { forgetSignIns } from "./sign-in";
import { forgetStanding, STORED_ROLE, type Tier, toUser, type User, type UserRow, userColumns } from "./users";

export type AccountChange = { role?: Role | undefined; tier?: Tier | undefined; isOff?: boolean | undefined };

/**
 * Changes an account. Switched off, its sign-ins end for good, and its keys and tokens are refused until it is on again; every
 * process knows within 2 s. What it has made stays, and what runs runs on.
 *
 * Of two owners who demote each other at once one is refused: owners are locked first, in one order, so that the second looks
 * when the first is done.
 *
 * @param by the owner who does; none: the command line
 * @throws NOT_FOUND; CONFLICT when no owner that is on would be left
 */
export const changeAccount = async (
  userId: string,
  { role, tier, isOff }: AccountChange,
  by?: string,
): Promise<User> => {
  const { user, ended } = await getSql().begin(async (sql) => {
    const owners = await sql<{ id: string }[]>`
      SELECT id FROM users WHERE role = ${STORED_ROLE.owner} AND disabled_at IS NULL ORDER BY id FOR UPDATE`;
    const [row] = await sql<UserRow[]>`
      UPDATE users SET role = coalesce(${role === undefined ? null : STORED_ROLE[role]}, role), tier = coalesce(${tier ?? null}, tier),
        disabled_at = CASE ${isOff ?? null}::boolean WHEN true THEN coalesce(disabled_at, now()) WHEN false THEN NULL ELSE disabled_at END
      WHERE id = ${userId} RETURNING ${userColumns(sql)}`;
    if (!row) throw new DomainError("NOT_FOUND", "accountNotFound", { params: { id: userId } });
    const changed = toUser(row);
    const isOwner = changed.role === "owner" && changed.offSince === null;
    const [last, another] = owners;
    if (last?.id === userId && another === undefined && !isOwner)
      throw new DomainError("CONFLICT", "lastOwner", { params: { email: changed.email } });
    const signIns =
      changed.offSince === null
        ? []
        : await sql<{ id: string }[]>`
            UPDATE sign_ins SET ended_at = now() WHERE user_id = ${userId} AND ended_at IS NULL RETURNING id`;
    if (by !== undefined)
      await recordActivity(sql, by, {
        ...{ verb: "account.changed", objectId: userId, ownerId: userId },
        details: {
          ...(role !== undefined && { role }),
          ...(tier !== undefined && { tier }),
          ...(isOff !== undefined && { state: isOff ? "off" : "on" }),
        },
      });
    return { user: changed, ended: signIns };
  });
  forgetStanding(userId);
  forgetSignIns(ended.map(({ id }) => id));
  return user;
};
