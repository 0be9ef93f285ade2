// Identities at providers that people sign in with: which account one is, and how it comes to be that one's.
import { getSql, type SqlLike } from "../platform/db";
import { getEnv } from "../platform/env";
import { hasAccount } from "./first-account";
import { addUser, findByEmail, findUser, isEmail, normalEmail, type User } from "./users";

/** Who somebody is, as a provider says. */
export type Identity = {
  /** `github`, or `oidc:` and the issuer */
  provider: string;
  /** what never changes about them there */
  subject: string;
  email: string | null;
  /** whether the provider has seen that the address is theirs */
  isVerified: boolean;
};

/** Why nobody is signed in; the sign-in page words it. */
export type IdentityRefusal = "NotVerified" | "UnknownEmail" | "AccountOff";

export type IdentityOutcome = { kind: "account"; user: User } | { kind: "refused"; why: IdentityRefusal };

const refused = (why: IdentityRefusal): IdentityOutcome => ({ kind: "refused", why });
const asOutcome = (user: User): IdentityOutcome =>
  user.offSince === null ? { kind: "account", user } : refused("AccountOff");

/** The account that an identity was bound to. */
export const accountOfIdentity = async (
  { provider, subject }: Pick<Identity, "provider" | "subject">,
  sql: SqlLike = getSql(),
): Promise<User | null> => {
  const [row] = await sql<{ user_id: string }[]>`
    SELECT user_id FROM identities WHERE provider = ${provider} AND subject = ${subject}`;
  return row ? findUser(row.user_id, sql) : null;
};

/**
 * The account of somebody who comes from a provider.
 *
 * An identity that is known is its account, whatever address it has by now. Else a verified address binds it to the account with
 * that address; where there is none, one is made if SIGN_UP_DOMAINS has its domain. An address that is not verified is anybody's: it
 * never binds. Of two first sign-ins at once both end at the same account.
 */
export const accountOf = (identity: Identity): Promise<IdentityOutcome> =>
  getSql().begin(async (sql) => {
    const bound = await accountOfIdentity(identity, sql);
    if (bound) return asOutcome(bound);
    const { email } = identity;
    if (email === null || !identity.isVerified || !isEmail(email)) return refused("NotVerified");
    const user = (await findByEmail(email, sql)) ?? (maySignUp(email) ? await signUp(email, sql) : null);
    if (!user) return refused("UnknownEmail");
    if (user.offSince !== null) return refused("AccountOff");
    await sql`
      INSERT INTO identities (provider, subject, user_id) VALUES (${identity.provider}, ${identity.subject}, ${user.userId})
      ON CONFLICT (provider, subject) DO NOTHING`;
    // Another sign-in may have bound it first, to an account with another address.
    const winner = await accountOfIdentity(identity, sql);
    return winner ? asOutcome(winner) : refused("UnknownEmail");
  });

const maySignUp = (email: string): boolean =>
  getEnv().SIGN_UP_DOMAINS.includes(normalEmail(email).slice(normalEmail(email).lastIndexOf("@") + 1));

/** A member; but the first account of a server is made by its owner. */
const signUp = async (email: string, sql: SqlLike): Promise<User | null> => {
  if (!(await hasAccount(sql))) return null;
  const made = await addUser({ email, password: null, tier: "standard", role: "member" }, sql);
  return made ?? findByEmail(email, sql);
};
