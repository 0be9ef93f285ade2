// Accounts: what `user_id` names everywhere.
import { getSql, type SqlLike } from "../platform/db";
import { newId } from "../platform/ids";
import { BriefCache } from "./brief-cache";
import { hashPassword } from "./passwords";

export type Tier = "standard" | "premium";
export type Role = "admin" | "member";
export type User = { userId: string; email: string; tier: Tier; role: Role; createdAt: string };

type Row = { id: string; email: string; tier: Tier; role: Role; created_at: Date };

const toUser = (row: Row): User => ({
  userId: row.id,
  email: row.email,
  tier: row.tier,
  role: row.role,
  createdAt: row.created_at.toISOString(),
});

/** Addresses are compared without regard to case. */
export const normalEmail = (email: string): string => email.trim().toLowerCase();

/** Local addresses such as admin@localhost are fine: no mail is ever sent. */
export const isEmail = (text: string): boolean => /^[^\s@\p{Cc}]{1,64}@[^\s@\p{Cc}]{1,189}$/u.test(text);

/** @returns null when there is an account with this address already */
export const addUser = async (
  input: { email: string; password: string; tier: Tier; role: Role },
  sql: SqlLike = getSql(),
): Promise<User | null> => {
  const passwordHash = await hashPassword(input.password);
  const [row] = await sql<Row[]>`
    INSERT INTO users (id, email, tier, role, password_hash)
    VALUES (${newId("user")}, ${normalEmail(input.email)}, ${input.tier}, ${input.role}, ${passwordHash})
    ON CONFLICT (email) DO NOTHING RETURNING id, email, tier, role, created_at`;
  return row ? toUser(row) : null;
};

/** All accounts, the first one first. */
export const listUsers = async (sql: SqlLike = getSql()): Promise<User[]> => {
  const rows = await sql<Row[]>`SELECT id, email, tier, role, created_at FROM users ORDER BY created_at, id`;
  return rows.map(toUser);
};

export const findByEmail = async (email: string): Promise<User | null> => {
  const [row] = await getSql()<
    Row[]
  >`SELECT id, email, tier, role, created_at FROM users WHERE email = ${normalEmail(email)}`;
  return row ? toUser(row) : null;
};

export const findUser = async (userId: string): Promise<User | null> => {
  const [row] = await getSql()<Row[]>`SELECT id, email, tier, role, created_at FROM users WHERE id = ${userId}`;
  return row ? toUser(row) : null;
};

const tiers = new BriefCache<Tier>(async (userId) => (await findUser(userId))?.tier ?? null, 5000);

/** The account's tier; a new one counts within 5 s. That of an account which is gone is of no use: `standard`. */
export const tierOf = async (userId: string): Promise<Tier> => (await tiers.get(userId)) ?? "standard";
