// The accounts of the server, as owners see and make them.
import { recordActivity } from "../activity/record";
import { getSql } from "../platform/db";
import { badField, DomainError } from "../platform/errors";
import { makeInvitation } from "./invitations";
import type { Role } from "./roles";
import { addUser, isEmail, type Tier, toUser, type User, type UserRow, userColumns } from "./users";

export type AccountOverview = User & {
  lastSignInAt: string | null;
  /** the latest of its keys, to the minute */
  lastKeyUseAt: string | null;
  keys: number;
  hasPassword: boolean;
  /** until when its invitation can be used; null without one */
  invitedUntil: string | null;
};

type Row = UserRow & {
  last_sign_in_at: Date | null;
  last_key_use_at: Date | null;
  keys: number;
  has_password: boolean;
  invited_until: Date | null;
};

/** All accounts, the first one first. */
export const listAccounts = async (): Promise<AccountOverview[]> => {
  const sql = getSql();
  const rows = await sql<Row[]>`
    SELECT ${userColumns(sql)}, password_hash IS NOT NULL AS has_password,
      (SELECT max(s.created_at) FROM sign_ins s WHERE s.user_id = users.id) AS last_sign_in_at,
      (SELECT max(k.last_used_at) FROM api_keys k WHERE k.user_id = users.id) AS last_key_use_at,
      (SELECT count(*) FROM api_keys k WHERE k.user_id = users.id) AS keys,
      (SELECT i.expires_at FROM invitations i WHERE i.user_id = users.id AND i.expires_at > now()) AS invited_until
    FROM users ORDER BY created_at, id`;
  return rows.map((row) => ({
    ...toUser(row),
    lastSignInAt: row.last_sign_in_at?.toISOString() ?? null,
    lastKeyUseAt: row.last_key_use_at?.toISOString() ?? null,
    keys: row.keys,
    hasPassword: row.has_password,
    invitedUntil: row.invited_until?.toISOString() ?? null,
  }));
};

export type NewAccount = { email: string; role: Role; tier: Tier; password?: string | undefined };

/**
 * Makes an account: with a password, or with an invitation for whoever it is for.
 * @param by the owner who does
 * @throws INVALID_REQUEST for what is no address; CONFLICT when there is an account with this address already
 */
export const addAccount = async (
  { password, ...account }: NewAccount,
  by: string,
): Promise<{ user: User; invitation: { token: string; expiresAt: string } | null }> => {
  if (!isEmail(account.email.trim())) throw badField("email", "email");
  return getSql().begin(async (sql) => {
    const user = await addUser({ ...account, password: password ?? null }, sql);
    if (!user) throw new DomainError("CONFLICT", "emailTaken", { params: { email: account.email } });
    const { userId, role } = user;
    await recordActivity(sql, by, { verb: "account.added", objectId: userId, ownerId: userId, details: { role } });
    return { user, invitation: password === undefined ? await makeInvitation(userId, sql) : null };
  });
};

/** Addresses of accounts by id; one that is gone has none. */
export const emailsOf = async (userIds: string[]): Promise<Map<string, string>> => {
  if (userIds.length === 0) return new Map();
  const rows = await getSql()<{ id: string; email: string }[]>`SELECT id, email FROM users WHERE id = ANY(${userIds})`;
  return new Map(rows.map(({ id, email }) => [id, email]));
};
