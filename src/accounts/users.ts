// Accounts: what `user_id` names everywhere.
import type postgres from "postgres";
import { getSql, type SqlLike } from "../platform/db";
import { newId } from "../platform/ids";
import { BriefCache } from "./brief-cache";
import { hashPassword } from "./passwords";
import type { Role } from "./roles";

export const TIERS = ["standard", "premium"] as const;
export type Tier = (typeof TIERS)[number];
export type User = {
  userId: string;
  email: string;
  tier: Tier;
  role: Role;
  createdAt: string;
  /** null while the account is on */
  offSince: string | null;
};

/** How schema.ts stores a role. */
export const STORED_ROLE = { owner: "admin", member: "member", viewer: "viewer" } as const satisfies Record<
  Role,
  string
>;
type StoredRole = (typeof STORED_ROLE)[Role];
const roleOf = (stored: StoredRole): Role => (stored === "admin" ? "owner" : stored);

export type UserRow = {
  id: string;
  email: string;
  tier: Tier;
  role: StoredRole;
  created_at: Date;
  disabled_at: Date | null;
};

export const userColumns = (sql: SqlLike): postgres.Fragment => sql`id, email, tier, role, created_at, disabled_at`;

export const toUser = (row: UserRow): User => ({
  userId: row.id,
  email: row.email,
  tier: row.tier,
  role: roleOf(row.role),
  createdAt: row.created_at.toISOString(),
  offSince: row.disabled_at?.toISOString() ?? null,
});

/** Addresses are compared without regard to case. */
export const normalEmail = (email: string): string => email.trim().toLowerCase();

/** Local addresses such as admin@localhost are fine: no mail is ever sent. */
export const isEmail = (text: string): boolean => /^[^\s@\p{Cc}]{1,64}@[^\s@\p{Cc}]{1,189}$/u.test(text);

/** @returns null when there is an account with this address already */
export const addUser = async (
  input: { email: string; password: string | null; tier: Tier; role: Role },
  sql: SqlLike = getSql(),
): Promise<User | null> => {
  const passwordHash = input.password === null ? null : await hashPassword(input.password);
  const [row] = await sql<UserRow[]>`
    INSERT INTO users (id, email, tier, role, password_hash)
    VALUES (${newId("user")}, ${normalEmail(input.email)}, ${input.tier}, ${STORED_ROLE[input.role]}, ${passwordHash})
    ON CONFLICT (email) DO NOTHING RETURNING ${userColumns(sql)}`;
  return row ? toUser(row) : null;
};

/** All accounts, the first one first. */
export const listUsers = async (sql: SqlLike = getSql()): Promise<User[]> => {
  const rows = await sql<UserRow[]>`SELECT ${userColumns(sql)} FROM users ORDER BY created_at, id`;
  return rows.map(toUser);
};

export const findByEmail = async (email: string, sql: SqlLike = getSql()): Promise<User | null> => {
  const [row] = await sql<UserRow[]>`SELECT ${userColumns(sql)} FROM users WHERE email = ${normalEmail(email)}`;
  return row ? toUser(row) : null;
};

export const findUser = async (userId: string, sql: SqlLike = getSql()): Promise<User | null> => {
  const [row] = await sql<UserRow[]>`SELECT ${userColumns(sql)} FROM users WHERE id = ${userId}`;
  return row ? toUser(row) : null;
};

export type Standing = { tier: Tier; role: Role };

const standings = new BriefCache<Standing>(async (userId) => {
  const user = await findUser(userId);
  return user && user.offSince === null ? { tier: user.tier, role: user.role } : null;
}, 2000);

/** What the account is; null when it is switched off or gone. A change counts within 2 s, in this process at once. */
export const standingOf = (userId: string): Promise<Standing | null> => standings.get(userId);

export const forgetStanding = (userId: string): void => standings.forget(userId);

/** The account's tier; that of one which is gone is of no use: `standard`. */
export const tierOf = async (userId: string): Promise<Tier> => (await standingOf(userId))?.tier ?? "standard";
