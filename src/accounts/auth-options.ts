// next-auth for browsers: a password opens a sign-in, whose id the session token carries as `sid`.
import type { NextAuthOptions } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { cameBy } from "../platform/caller";
import { getEnv } from "../platform/env";
import { log } from "../platform/log";
import { sameOriginUrl } from "./callback-url";
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
  providers: [withPassword],
  callbacks: {
    redirect: ({ url, baseUrl }) => sameOriginUrl(url, baseUrl),
    jwt: async ({ token, user }) => {
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
