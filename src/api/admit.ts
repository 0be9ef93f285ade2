// Counts a request against its account's limit, tells so in the headers of the answer, and asks whether its role and its key allow that.
import type { Authenticated } from "../accounts/authenticate";
import { type Role, roleAllows } from "../accounts/roles";
import { allows, scopeFor } from "../accounts/scopes";
import { tierOf } from "../accounts/users";
import { DomainError } from "../platform/errors";
import { rateLimited } from "../platform/prometheus";
import { countRequest, limitOf, type Verdict } from "../platform/rate-limit";
import type { Bucket, Need, Needs } from "../platform/request-context";

/** What an answer tells of its account's limit. */
export type LimitHeaders = { "RateLimit-Limit": number; "RateLimit-Remaining": number; "RateLimit-Reset": number };

const headersOf = ({ limit, remaining, resetSeconds }: Verdict): LimitHeaders => ({
  "RateLimit-Limit": limit,
  "RateLimit-Remaining": remaining,
  "RateLimit-Reset": resetSeconds,
});

/**
 * Lets a caller in, counted: also the repeat of an idempotent request, and also one that is refused later for what it asks.
 *
 * What people do on the pages counts in windows of its own, as long and as wide as those of the account's keys: pages read
 * again with each hint, and would use up what drivers need; and a script that has used up its minute must not keep its
 * owner from cancelling what it made. 6,000 reads a minute are some ten open pages that all change each second.
 *
 * @param tell is given the headers for the answer, also when it is a refusal; is not called where there is no limit
 * @throws RATE_LIMIT_EXCEEDED with the seconds until there is room again; FORBIDDEN when the caller's role or key does not allow it
 */
export const admit = async (
  { actor, proof }: Authenticated,
  { bucket, scope }: Needs,
  tell: (headers: LimitHeaders) => void,
): Promise<void> => {
  await countOrRefuse({ actor, proof }, bucket, tell);
  const { role, scopes } = actor;
  if (!roleAllows(role, scope)) throw roleLacks(role, scope);
  if (!allows(scopes, scope)) throw new DomainError("FORBIDDEN", "scopeLacks", { params: { scope: scopeFor(scope) } });
};

/** Which role lacks what; `server` is no scope of a key's, but an owner's alone. */
const roleLacks = (role: Role, need: Need): DomainError =>
  need === "server"
    ? new DomainError("FORBIDDEN", "ownersOnly", { params: { role } })
    : new DomainError("FORBIDDEN", "roleLacks", { params: { role, scope: scopeFor(need) } });

const countOrRefuse = async (
  { actor, proof }: Pick<Authenticated, "actor" | "proof">,
  bucket: Bucket,
  tell: (headers: LimitHeaders) => void,
): Promise<void> => {
  const limit = limitOf(bucket, bucket === "write" ? await tierOf(actor.userId) : "standard");
  if (limit === 0) return;
  const name = `${bucket}:${actor.userId}${proof === "session" ? ":pages" : ""}`;
  const verdict = await countRequest({ name, limit });
  tell(headersOf(verdict));
  if (verdict.isGranted) return;
  rateLimited.inc({ bucket });
  const { resetSeconds } = verdict;
  throw new DomainError("RATE_LIMIT_EXCEEDED", "rateLimited", {
    params: { limit, seconds: resetSeconds },
    retryAfterSeconds: resetSeconds,
  });
};
