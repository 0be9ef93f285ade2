// Signing in with a password, and the list of sign-ins that a session's `sid` is checked against.
import { recordActivity } from "../activity/record";
import { cameBy } from "../platform/caller";
import { getSql } from "../platform/db";
import { badField, DomainError } from "../platform/errors";
import { newId } from "../platform/ids";
import { BriefCache } from "./brief-cache";
import { MAX_PASSWORD_LENGTH } from "./password-rule";
import { hashPassword, isPassword } from "./passwords";
import { normalEmail } from "./users";

/** A browser stays signed in for this long. */
export const SIGN_IN_DAYS = 30;

/** @returns null for an unknown address and an account that is off as for a wrong password, after the same time */
export const verifyPassword = async (
  email: string,
  password: string,
): Promise<{ userId: string; email: string } | null> => {
  if (password.length > MAX_PASSWORD_LENGTH || `${email}${password}`.includes("\u0000")) return null;
  const [row] = await getSql()<{ id: string; email: string; password_hash: string | null }[]>`
    SELECT id, email, password_hash FROM users WHERE email = ${normalEmail(email)} AND disabled_at IS NULL`;
  const matches = await isPassword(row?.password_hash ?? null, password);
  return row && matches ? { userId: row.id, email: row.email } : null;
};

/**
 * Opens a sign-in. Of a switch-off at the same moment either this sees it, or it ends this: the account's row is locked.
 * @returns the `sid` that the session carries
 * @throws AUTH_REQUIRED for an account that is off or gone
 */
export const createSignIn = async (userId: string): Promise<string> => {
  const sid = newId("sid");
  await cameBy({ via: "browser" }, () =>
    getSql().begin(async (sql) => {
      const made = await sql`
        INSERT INTO sign_ins (id, user_id, expires_at)
        SELECT ${sid}, id, now() + make_interval(days => ${SIGN_IN_DAYS}) FROM users WHERE id = ${userId} AND disabled_at IS NULL FOR SHARE`;
      if (made.count === 0) throw new DomainError("AUTH_REQUIRED", "authRequired");
      await recordActivity(sql, userId, { verb: "account.signedIn", objectId: userId });
    }),
  );
  return sid;
};

/** Sessions with this `sid` are refused from now on, by other processes within 2 s. */
export const endSignIn = async (sid: string): Promise<void> => {
  await getSql().begin(async (sql) => {
    const [ended] = await sql<{ user_id: string }[]>`
      UPDATE sign_ins SET ended_at = now() WHERE id = ${sid} AND ended_at IS NULL RETURNING user_id`;
    if (ended) await recordActivity(sql, ended.user_id, { verb: "account.signedOut", objectId: ended.user_id });
  });
  owners.forget(sid);
};

export type SignIn = { signInId: string; createdAt: string; expiresAt: string };

/** The account's sign-ins that have not ended, newest first. */
export const listSignIns = async (userId: string): Promise<SignIn[]> => {
  const rows = await getSql()<{ id: string; created_at: Date; expires_at: Date }[]>`
    SELECT id, created_at, expires_at FROM sign_ins
    WHERE user_id = ${userId} AND ended_at IS NULL AND expires_at > now() ORDER BY created_at DESC, id DESC LIMIT 200`;
  return rows.map((row) => ({
    signInId: row.id,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }));
};

/** Ends one of the account's sign-ins; one that has ended stays so. @throws NOT_FOUND, also for another account's */
export const endOwnSignIn = async (userId: string, { signInId }: { signInId: string }): Promise<void> => {
  const [row] = await getSql()`SELECT 1 FROM sign_ins WHERE id = ${signInId} AND user_id = ${userId}`;
  if (!row) throw new DomainError("NOT_FOUND", "signInNotFound", { params: { id: signInId } });
  await endSignIn(signInId);
};

/**
 * Sets another password, and ends the account's other sign-ins: whoever knew the old one is out.
 *
 * @param input.keep the sign-in that asks, which goes on
 * @throws INVALID_REQUEST for a wrong current password, or a new one that is too short or too long
 */
export const changePassword = async (
  userId: string,
  input: { current: string; next: string; keep: string | undefined },
): Promise<{ ended: number }> => {
  const sql = getSql();
  const [row] = await sql<{ password_hash: string | null }[]>`SELECT password_hash FROM users WHERE id = ${userId}`;
  if (!(await isPassword(row?.password_hash ?? null, input.current))) throw badField("current", "wrongPassword");
  const passwordHash = await hashPassword(input.next);
  const ended = await sql.begin(async (transaction) => {
    // Of two changes at once the later one must know what the earlier one set.
    const changed = await transaction`
      UPDATE users SET password_hash = ${passwordHash}
      WHERE id = ${userId} AND password_hash IS NOT DISTINCT FROM ${row?.password_hash ?? null}`;
    if (changed.count === 0) throw badField("current", "wrongPassword");
    await recordActivity(transaction, userId, { verb: "account.passwordChanged", objectId: userId });
    return transaction<{ id: string }[]>`
      UPDATE sign_ins SET ended_at = now()
      WHERE user_id = ${userId} AND ended_at IS NULL AND id <> ${input.keep ?? ""} RETURNING id`;
  });
  forgetSignIns(ended.map(({ id }) => id));
  return { ended: ended.length };
};

const owners = new BriefCache<{ userId: string }>(async (sid) => {
  const [row] = await getSql()<{ user_id: string }[]>`
    SELECT user_id FROM sign_ins WHERE id = ${sid} AND ended_at IS NULL AND expires_at > now()`;
  return row ? { userId: row.user_id } : null;
}, 2000);

/** These were ended: this process is to know at once. */
export const forgetSignIns = (sids: string[]): void => {
  for (const sid of sids) owners.forget(sid);
};

/** Whose sign-in this is; null when it was ended, has expired, or never was. */
export const ownerOfSignIn = async (sid: string): Promise<string | null> => (await owners.get(sid))?.userId ?? null;

export const isSignInLive = async (sid: string): Promise<boolean> => (await ownerOfSignIn(sid)) !== null;
