// next-auth for browsers: a password, or who somebody is at a provider, opens a sign-in, whose id the session token carries as `sid`.
import type { NextAuthOptions } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { cameBy } from "../platform/caller";
import { getEnv } from "../platform/env";
import { log } from "../platform/log";
import { sameOriginUrl } from "./callback-url";
import { accountOf, accountOfIdentity } from "./identities";
import { configuredProviders, identityFrom, providerKey } from "./providers";
import { createSignIn, endSignIn, isSignInLive, SIGN_IN_DAYS, verifyPassword } from "./sign-in";

declare module "next-auth" {
  interface Session {
    user: { id: string; email: string };
  }
}

declare module "next-auth/jwt" {
  interface JWT {
    /** a row of sign_ins */
    sid?: string;
  }
}

const withPassword = Credentials({
  credentials: { email: { type: "email" }, password: { type: "password" } },
  authorize: async (given) => {
    if (!given?.email || !given.password) return null;
    const account = await verifyPassword(given.email, given.password);
    return account && { id: account.userId, email: account.email };
  },
});

export const authOptions: NextAuthOptions = {
  // Read when first asked for: `next build` imports this file without an environment.
  get secret() {
    return getEnv().NEXTAUTH_SECRET;
  },
  session: { strategy: "jwt", maxAge: SIGN_IN_DAYS * 86_400 },
  pages: { signIn: "/sign-in", error: "/sign-in" },
  get providers() {
    return [withPassword, ...configuredProviders()];
  },
  callbacks: {
    redirect: ({ url, baseUrl }) => sameOriginUrl(url, baseUrl),
    signIn: async ({ account, profile }) => {
      if (account?.type !== "oauth") return true;
      const outcome = await accountOf(identityFrom(account, profile));
      if (outcome.kind === "account") return true;
      log.info({ provider: account.provider, why: outcome.why }, "a sign-in with a provider was refused");
      return `/sign-in?error=${outcome.why}`;
    },
    jwt: async ({ token, user, account }) => {
      if (account?.type === "oauth") {
        // Bound a moment ago, in signIn.
        const identity = { provider: providerKey(account.provider), subject: account.providerAccountId };
        const known = await accountOfIdentity(identity);
        if (!known) throw new Error("This identity was bound to no account.");
        return { sub: known.userId, email: known.email, sid: await createSignIn(known.userId) };
      }
      if (user) return { sub: user.id, email: user.email, sid: await createSignIn(user.id) };
      if (typeof token.sid === "string" && (await isSignInLive(token.sid))) return token;
      // next-auth takes this as "not signed in" and clears the cookie.
      throw new Error("This sign-in was ended.");
    },
    session: ({ session, token }) => ({ ...session, user: { id: token.sub ?? "", email: token.email ?? "" } }),
  },
  events: {
    signOut: async ({ token }) => {
      const { sid } = token ?? {};
      if (typeof sid === "string") await cameBy({ via: "browser" }, () => endSignIn(sid));
    },
  },
  logger: {
    error: (code, metadata) => {
      if (code === "JWT_SESSION_ERROR") log.debug({ code }, "a session was refused");
      else log.error({ code, error: String("message" in metadata ? metadata.message : code) }, "next-auth failed");
    },
    warn: (code) => log.debug({ code }, "next-auth warned"),
    debug: (code) => log.debug({ code }, "next-auth said"),
  },
};
