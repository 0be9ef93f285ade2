// Invitations: a link, used once, with which somebody sets the password of an account that an owner made.
import { createHash, randomBytes } from "node:crypto";
import { recordActivity } from "../activity/record";
import { getSql, type SqlLike } from "../platform/db";
import { DomainError } from "../platform/errors";
import { hashPassword } from "./passwords";
import { forgetSignIns } from "./sign-in";
import { findUser } from "./users";

export const INVITATION_DAYS = 7;

/** Nobody guesses 256 bits, so that a plain hash keeps them. */
const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/**
 * Makes the account's invitation; one from before is worth nothing from then on. The password stays until it is used, so that
 * an owner can also help somebody who forgot theirs.
 *
 * @returns the token, which is kept nowhere
 * @throws NOT_FOUND; CONFLICT for an account that is off
 */
export const makeInvitation = async (userId: string, sql: SqlLike): Promise<{ token: string; expiresAt: string }> => {
  const user = await findUser(userId, sql);
  if (!user) throw new DomainError("NOT_FOUND", "accountNotFound", { params: { id: userId } });
  if (user.offSince !== null) throw new DomainError("CONFLICT", "accountOff", { params: { email: user.email } });
  const token = randomBytes(32).toString("base64url");
  const [row] = await sql<{ expires_at: Date }[]>`
    INSERT INTO invitations (user_id, hash, expires_at) VALUES (${userId}, ${hashOf(token)}, now() + make_interval(days => ${INVITATION_DAYS}))
    ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at RETURNING expires_at`;
  if (!row) throw new Error("The insert returned no row.");
  return { token, expiresAt: row.expires_at.toISOString() };
};

/** makeInvitation, by an owner. @param by the owner */
export const invite = (userId: string, by: string): Promise<{ token: string; expiresAt: string }> =>
  getSql().begin(async (sql) => {
    const made = await makeInvitation(userId, sql);
    await recordActivity(sql, by, { verb: "account.invited", objectId: userId, ownerId: userId });
    return made;
  });

/**
 * Sets the password of the account that the link is for, and ends its sign-ins. Of two at once one wins: the link is gone.
 * @throws NOT_FOUND for a link that is not known, was used, has expired, or whose account is off
 */
export const acceptInvitation = async (input: { token: string; password: string }): Promise<{ email: string }> => {
  const hash = hashOf(input.token);
  const [known] = await getSql()`SELECT 1 FROM invitations WHERE hash = ${hash} AND expires_at > now()`;
  if (!known) throw new DomainError("NOT_FOUND", "invitationGone");
  // Only now: a hash takes 30 ms of a core.
  const passwordHash = await hashPassword(input.password);
  const { email, ended } = await getSql().begin(async (sql) => {
    const [row] = await sql<{ id: string; email: string }[]>`
      WITH used AS (DELETE FROM invitations WHERE hash = ${hash} AND expires_at > now() RETURNING user_id)
      UPDATE users SET password_hash = ${passwordHash} FROM used WHERE id = used.user_id AND disabled_at IS NULL RETURNING id, email`;
    if (!row) throw new DomainError("NOT_FOUND", "invitationGone");
    const signIns = await sql<{ id: string }[]>`
      UPDATE sign_ins SET ended_at = now() WHERE user_id = ${row.id} AND ended_at IS NULL RETURNING id`;
    return { email: row.email, ended: signIns };
  });
  forgetSignIns(ended.map(({ id }) => id));
  return { email };
};
