// Signing in with a password, and the list of sign-ins that a session's `sid` is checked against.
import { getSql } from "../platform/db";
import { newId } from "../platform/ids";
import { BriefCache } from "./brief-cache";
import { isPassword } from "./passwords";
import { normalEmail } from "./users";

/** A browser stays signed in for this long. */
export const SIGN_IN_DAYS = 30;

/** Long enough for any passphrase; longer texts would only keep argon2 busy. */
const MAX_PASSWORD_LENGTH = 1000;

/** @returns null for an unknown address as for a wrong password, after the same time */
export const verifyPassword = async (
  email: string,
  password: string,
): Promise<{ userId: string; email: string } | null> => {
  if (password.length > MAX_PASSWORD_LENGTH || `${email}${password}`.includes("\u0000")) return null;
  const [row] = await getSql()<{ id: string; email: string; password_hash: string | null }[]>`
    SELECT id, email, password_hash FROM users WHERE email = ${normalEmail(email)}`;
  const matches = await isPassword(row?.password_hash ?? null, password);
  return row && matches ? { userId: row.id, email: row.email } : null;
};

/** @returns the `sid` that the session carries */
export const createSignIn = async (userId: string): Promise<string> => {
  const sid = newId("sid");
  await getSql()`
    INSERT INTO sign_ins (id, user_id, expires_at) VALUES (${sid}, ${userId}, now() + make_interval(days => ${SIGN_IN_DAYS}))`;
  return sid;
};

/** Sessions with this `sid` are refused from now on, by other processes within 2 s. */
export const endSignIn = async (sid: string): Promise<void> => {
  await getSql()`UPDATE sign_ins SET ended_at = now() WHERE id = ${sid} AND ended_at IS NULL`;
  owners.forget(sid);
};

const owners = new BriefCache<{ userId: string }>(async (sid) => {
  const [row] = await getSql()<{ user_id: string }[]>`
    SELECT user_id FROM sign_ins WHERE id = ${sid} AND ended_at IS NULL AND expires_at > now()`;
  return row ? { userId: row.user_id } : null;
}, 2000);

/** Whose sign-in this is; null when it was ended, has expired, or never was. */
export const ownerOfSignIn = async (sid: string): Promise<string | null> => (await owners.get(sid))?.userId ?? null;

export const isSignInLive = async (sid: string): Promise<boolean> => (await ownerOfSignIn(sid)) !== null;
