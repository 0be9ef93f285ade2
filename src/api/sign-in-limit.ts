// Guessing passwords is slow: tries to sign in are counted per address, so that nobody elsewhere can lock an account's owner out.
import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import { getEnv } from "../platform/env";
import { DomainError } from "../platform/errors";
import { rateLimited } from "../platform/prometheus";
import { countRequest } from "../platform/rate-limit";
import { answerJson, type Exchange, errorBody, localeOf, varyOf } from "./answer";

const PATH = "/api/auth/callback/credentials";

/** Of a house, not of one of the many addresses that it has: the first 64 bits of IPv6. */
const networkOf = (address: string): string => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  const rest = tail === undefined ? [] : tail.split(":").filter((group) => group !== "");
  const zeros = tail === undefined ? [] : Array(Math.max(0, 8 - groups.length - rest.length)).fill("0");
  return [...groups, ...zeros, ...rest].slice(0, 4).join(":");
};

/** Who sends this: behind a proxy (TRUST_PROXY) what that one saw, which it adds last. */
export const addressOf = (request: IncomingMessage): string => {
  const seen = request.socket.remoteAddress ?? "";
  if (!getEnv().TRUST_PROXY) return networkOf(seen);
  const forwarded = request.headers["x-forwarded-for"]?.toString().split(",").at(-1)?.trim();
  return networkOf(forwarded || seen);
};

/** Counts a try to sign in. @throws RATE_LIMIT_EXCEEDED */
export const countTry = async (request: IncomingMessage): Promise<void> => {
  const limit = getEnv().RATE_LIMIT_SIGN_IN;
  if (limit === 0) return;
  const verdict = await countRequest({ name: `signIn:${addressOf(request)}`, limit });
  if (verdict.isGranted) return;
  rateLimited.inc({ bucket: "signIn" });
  throw new DomainError("RATE_LIMIT_EXCEEDED", "rateLimited", {
    params: { limit, seconds: verdict.resetSeconds },
    retryAfterSeconds: verdict.resetSeconds,
  });
};

/**
 * Answers a try to sign in that is one too many; next-auth's client finds the `url` that it looks for.
 * @returns whether it did; then the pages never see the request
 */
export const refuseSignIn = async (request: IncomingMessage, exchange: Exchange): Promise<boolean> => {
  if (exchange.method !== "POST" || exchange.path !== PATH) return false;
  try {
    await countTry(request);
    return false;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    request.resume();
    const body = errorBody(error, exchange.requestId, localeOf(exchange));
    answerJson(
      exchange,
      error.status,
      { ...body, url: "http://localhost/sign-in?error=RateLimit" },
      { Vary: varyOf(exchange), "Retry-After": String(error.retryAfterSeconds) },
    );
    return true;
  }
};
