// The one place where a request becomes an Actor.
import { decode } from "next-auth/jwt";
import { getEnv } from "../platform/env";
import { DomainError } from "../platform/errors";
import { log } from "../platform/log";
import type { Actor } from "./actor";
import { findKey } from "./api-keys";
import { BriefCache } from "./brief-cache";
import { ALL } from "./scopes";
import { ownerOfSignIn } from "./sign-in";
import { verifyToken } from "./tokens";
import { type Standing, standingOf } from "./users";

/** The headers of a request that say who calls, lower-case as node gives them. */
export type CallerHeaders = { authorization?: string | undefined; cookie?: string | undefined };

/** How the caller proved who it is. */
export type Proof = "key" | "token" | "session";
export type Authenticated = { actor: Actor; proof: Proof; keyId?: string; keyPrefix?: string };

/** The text behind `Bearer`; null without that scheme. */
export const bearerOf = (authorization: string | undefined): string | null => {
  const match = authorization === undefined ? null : /^bearer +(.*)$/i.exec(authorization);
  return match?.[1]?.trim() || null;
};

const authRequired = () => new DomainError("AUTH_REQUIRED", "authRequired");
const invalidToken = () => new DomainError("INVALID_TOKEN", "invalidToken");

/**
 * Who sends this `Authorization: Bearer`: looked up as a key, then read as a JWT.
 * @throws AUTH_REQUIRED without one, INVALID_TOKEN for one that is not known, has expired, or whose account is switched off
 */
export const authenticateBearer = async (authorization: string | undefined): Promise<Authenticated> => {
  const bearer = bearerOf(authorization);
  if (bearer === null) throw authRequired();
  const key = await findKey(bearer);
  const caller = key ?? (await verifyToken(bearer));
  const standing = caller && (await standingOf(caller.userId));
  if (!standing) throw invalidToken();
  const actor = actorOf(caller, standing);
  return key ? { actor, proof: "key", keyId: key.id, keyPrefix: key.prefix } : { actor, proof: "token" };
};

const actorOf = ({ userId, scopes }: Pick<Actor, "userId" | "scopes">, { role }: Standing): Actor => ({
  userId,
  scopes,
  role,
});

/**
 * Who sends this request: its bearer decides; without one, the session cookie of a browser.
 * @throws AUTH_REQUIRED, INVALID_TOKEN
 */
export const authenticate = async (headers: CallerHeaders): Promise<Authenticated> => {
  if (bearerOf(headers.authorization) !== null) return authenticateBearer(headers.authorization);
  const session = sessionTokenOf(headers.cookie);
  const signIn = session === null ? null : await signInOf(session);
  const standing = signIn && (await standingOf(signIn.userId));
  if (!standing) throw authRequired();
  return { actor: { ...actorOf({ ...signIn, scopes: [ALL] }, standing), sid: signIn.sid }, proof: "session" };
};

const SESSION_COOKIE = /^(?:__Secure-)?next-auth\.session-token(?:\.(\d+))?$/;

/** The session cookie's value; next-auth splits a long one into numbered parts. */
const sessionTokenOf = (cookies: string | undefined): string | null => {
  if (cookies === undefined) return null;
  const parts: { at: number; text: string }[] = [];
  for (const pair of cookies.split(";")) {
    const equals = pair.indexOf("=");
    const match = SESSION_COOKIE.exec(pair.slice(0, equals).trim());
    if (equals > 0 && match) parts.push({ at: Number(match[1] ?? 0), text: pair.slice(equals + 1).trim() });
  }
  return parts.length === 0
    ? null
    : parts
        .sort((a, b) => a.at - b.at)
        .map((part) => part.text)
        .join("");
};

const signInOf = async (token: string): Promise<{ userId: string; sid: string } | null> => {
  const session = await sessions.get(token);
  if (session === null || session.expiresAtMs <= Date.now()) return null;
  const owner = await ownerOfSignIn(session.sid);
  return owner === session.userId ? { userId: owner, sid: session.sid } : null;
};

/** Decrypting a session takes 0.2 ms; what it says never changes. */
const sessions = new BriefCache<{ userId: string; sid: string; expiresAtMs: number }>(async (token) => {
  try {
    const claims = await decode({ token, secret: getEnv().NEXTAUTH_SECRET });
    if (typeof claims?.sub !== "string" || typeof claims.sid !== "string" || typeof claims.exp !== "number")
      return null;
    return { userId: claims.sub, sid: claims.sid, expiresAtMs: claims.exp * 1000 };
  } catch (error) {
    // Not encrypted with our secret, damaged, or expired: as if there were none.
    log.debug({ error: error instanceof Error ? error.message : String(error) }, "a session cookie was refused");
    return null;
  }
}, 60_000);

/** The headers by which a browser says from which site a request comes. */
export type OriginHeaders = {
  origin?: string | undefined;
  host?: string | undefined;
  "sec-fetch-site"?: string | string[] | undefined;
};

/**
 * Whether a page of another site may have made the browser send this. Programs send none of these headers.
 *
 * `Origin` is compared by host alone: behind a proxy that ends TLS our scheme differs.
 */
export const isCrossSite = (headers: OriginHeaders): boolean => {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  if (headers.origin === undefined) return false;
  return !URL.canParse(headers.origin) || new URL(headers.origin).host !== headers.host;
};
