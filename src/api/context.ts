// A request to /api/trpc → what its procedures are given.
import type { IncomingMessage, ServerResponse } from "node:http";
import { authenticate, isCrossSite } from "../accounts/authenticate";
import { chooseLocale, LOCALE_COOKIE } from "../i18n/locale";
import { viaOf } from "../platform/caller";
import { DomainError } from "../platform/errors";
import type { RequestContext } from "../platform/request-context";
import { admit, type LimitHeaders } from "./admit";
import { checkOverload } from "./overload";
import { countTry } from "./sign-in-limit";

/** The reader's choice: a page's requests ask for its language, but its event stream can send no headers of its own. */
const chosenIn = (cookies: string | undefined): string | undefined =>
  new RegExp(`(?:^|;\\s*)${LOCALE_COOKIE}=(\\w+)`).exec(cookies ?? "")?.[1];

/** Of the calls that one request makes together, the one nearest to its limit is told. */
const tellNearest = (response: ServerResponse, headers: LimitHeaders): void => {
  const told = response.getHeader("RateLimit-Remaining");
  if (response.headersSent || (told !== undefined && Number(told) < headers["RateLimit-Remaining"])) return;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
};

/**
 * Nobody is looked up before a procedure asks.
 *
 * A browser sends its session cookie along with whatever page makes it call: with a cookie, only our own pages may change things.
 */
export const requestContext = (
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): RequestContext => ({
  requestId,
  locale: chooseLocale(chosenIn(request.headers.cookie), request.headers["accept-language"] ?? null),
  authenticate: async (needs) => {
    checkOverload();
    const caller = await authenticate(request.headers);
    const { actor, proof, keyPrefix } = caller;
    if (proof === "session" && request.method !== "GET" && isCrossSite(request.headers))
      throw new DomainError("FORBIDDEN", "crossSite");
    await admit(caller, needs, (headers) => tellNearest(response, headers));
    return { ...actor, by: { via: viaOf(proof), keyPrefix, requestId } };
  },
  countTry: () => countTry(request),
});
