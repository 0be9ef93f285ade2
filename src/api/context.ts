// A request to /api/trpc → what its procedures are given.
import type { IncomingMessage } from "node:http";
import { authenticate, isCrossSite } from "../accounts/authenticate";
import { DomainError } from "../platform/errors";
import type { RequestContext } from "../platform/request-context";

/**
 * Nobody is looked up before a procedure asks.
 *
 * A browser sends its session cookie along with whatever page makes it call: with a cookie, only our own pages may change things.
 */
export const requestContext = (request: IncomingMessage, requestId: string): RequestContext => ({
  requestId,
  locale: "en",
  authenticate: async () => {
    const { actor, proof } = await authenticate(request.headers);
    if (proof === "session" && request.method !== "GET" && isCrossSite(request.headers))
      throw new DomainError("FORBIDDEN", "crossSite");
    return actor;
  },
});
