// What every tRPC procedure is given. Without imports, so that the types of the API carry neither Drizzle nor Next.

import type { CameBy } from "./caller";

/**
 * Which of an account's limits a request counts against (REST contract, "Rate limits"): `write` for changes, `batch` for the
 * creation of many at once, `traffic` for reads and for what drivers and running programs send.
 */
export type Bucket = "write" | "batch" | "traffic";

/**
 * What a key must be allowed for it: `read`; `run` for what drivers and clients that run tasks send; `write` for changes that people
 * and scripts make; `admin` for the account's keys.
 */
export type Scope = "read" | "run" | "write" | "admin";

/**
 * What a route or procedure needs its caller to be allowed. Two needs take the scope `admin`, and differ in who has them:
 * `profile`, for what everybody may do to their own account, and `server`, for owners alone.
 */
export type Need = Scope | "profile" | "server";

/** What a route or procedure asks of its caller. */
export interface Needs {
  bucket: Bucket;
  scope: Need;
}

export interface RequestContext {
  /** the same as in the header X-Request-Id and in the log */
  requestId: string;
  /** of refusals */
  locale: "en" | "zh";
  /**
   * Who calls; the call is counted.
   * @throws AUTH_REQUIRED, INVALID_TOKEN; FORBIDDEN when another site's page made the browser call; RATE_LIMIT_EXCEEDED;
   *   FORBIDDEN when its account's role or its key does not allow it
   */
  authenticate: (needs: Needs) => Promise<{ userId: string; scopes: string[]; sid?: string; by?: CameBy }>;
  /**
   * Counts the call of somebody who is not signed in, by address, as a try to sign in.
   * @throws RATE_LIMIT_EXCEEDED
   */
  countTry: () => Promise<void>;
}
