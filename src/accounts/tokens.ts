// JWTs: what POST /v1/auth/token gives for an API key.
import { errors, jwtVerify, SignJWT } from "jose";
import { getEnv } from "../platform/env";
import type { Actor } from "./actor";
import { isKeyLive } from "./api-keys";
import { BriefCache } from "./brief-cache";
import { findUser } from "./users";

/** What a token says of its caller; the account's role is looked up at each use. */
type Bearer = Pick<Actor, "userId" | "scopes">;

const secret = (): Uint8Array => new TextEncoder().encode(getEnv().JWT_SECRET);

/** A token for the actor, valid for JWT_EXPIRY_HOURS, and no longer than the key that asked for it. */
export const issueToken = async (actor: Bearer, keyId: string): Promise<{ token: string; expiresAt: string }> => {
  const issuedAt = Math.floor(Date.now() / 1000);
  const expiresAt = issuedAt + getEnv().JWT_EXPIRY_HOURS * 3600;
  const token = await new SignJWT({ scopes: actor.scopes, key: keyId })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(actor.userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(secret());
  return { token, expiresAt: new Date(expiresAt * 1000).toISOString() };
};

const scopesOf = (claim: unknown): string[] =>
  Array.isArray(claim) ? claim.filter((scope): scope is string => typeof scope === "string") : [];

type Verified = Bearer & { keyId: string | undefined; expiresAtMs: number };

/** A signature is checked, and its account looked up, once a minute per token. */
const verified = new BriefCache<Verified>(async (token) => {
  try {
    const { payload } = await jwtVerify(token, secret(), { algorithms: ["HS256"], requiredClaims: ["sub", "exp"] });
    if (payload.sub === undefined || payload.exp === undefined || (await findUser(payload.sub)) === null) return null;
    return {
      userId: payload.sub,
      scopes: scopesOf(payload.scopes),
      keyId: typeof payload.key === "string" ? payload.key : undefined,
      expiresAtMs: payload.exp * 1000,
    };
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}, 60_000);

/** @returns null for a token that is not ours, was changed, or has expired */
export const verifyToken = async (token: string): Promise<Bearer | null> => {
  const known = await verified.get(token);
  if (known === null || known.expiresAtMs <= Date.now()) return null;
  // One from before tokens named their key has none.
  if (known.keyId !== undefined && !(await isKeyLive(known.keyId))) return null;
  return { userId: known.userId, scopes: known.scopes };
};
