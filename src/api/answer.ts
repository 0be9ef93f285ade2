// How every machine answer is written: headers for browsers of other origins, JSON bodies, the contract's error body.
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { chooseLocale, type Locale } from "../i18n/locale";
import { getEnv } from "../platform/env";
import { DomainError, toDomainError } from "../platform/errors";
import type { JsonObject } from "../platform/json-safety";
import { log } from "../platform/log";
import type { LimitHeaders } from "./admit";

const EXPOSED =
  "X-Request-Id, Retry-After, RateLimit, RateLimit-Limit, RateLimit-Policy, RateLimit-Remaining, RateLimit-Reset, ETag";

/** No credentials: a page of another origin has to send a key of its own. */
export const corsHeaders = (origin: string | undefined): OutgoingHttpHeaders => {
  const allowed = getEnv().CORS_ORIGINS;
  if (allowed.includes("*")) return { "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED };
  const granted = origin !== undefined && allowed.includes(origin) ? origin : (allowed[0] ?? "null");
  return { "Access-Control-Allow-Origin": granted, "Access-Control-Expose-Headers": EXPOSED, Vary: "Origin" };
};

/** A request as its answer needs it. */
export type Exchange = {
  response: ServerResponse;
  requestId: string;
  origin: string | undefined;
  acceptLanguage: string | undefined;
  method: string;
  path: string;
  /** the route's name for monitoring, once it is known */
  route?: string;
  /** once the request was counted */
  limitHeaders?: LimitHeaders;
};

/** What every answer carries. */
export const baseHeaders = ({ requestId, origin, limitHeaders }: Exchange): OutgoingHttpHeaders => ({
  ...corsHeaders(origin),
  "X-Request-Id": requestId,
  ...limitHeaders,
});

export const answerPreflight = (exchange: Exchange): void => {
  exchange.response.writeHead(204, {
    ...baseHeaders(exchange),
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers":
      "Authorization, Content-Type, Idempotency-Key, Accept-Language, If-Match, If-None-Match",
    "Access-Control-Max-Age": "86400",
  });
  exchange.response.end();
};

export const answerText = (
  exchange: Exchange,
  status: number,
  type: string,
  text: string,
  headers: OutgoingHttpHeaders = {},
): void => {
  exchange.response.writeHead(status, {
    ...baseHeaders(exchange),
    ...headers,
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
  });
  exchange.response.end(text);
};

export const answerJson = (exchange: Exchange, status: number, body: JsonObject, headers?: OutgoingHttpHeaders): void =>
  answerText(exchange, status, "application/json", JSON.stringify(body), headers);

export const errorBody = (refusal: DomainError, requestId: string, locale: Locale): JsonObject => ({
  success: false,
  error: refusal.sentenceIn(locale),
  code: refusal.code,
  request_id: requestId,
  details: refusal.detailsIn(locale),
});

/** The language of a refusal: as `Accept-Language` asks, else English. */
export const localeOf = ({ acceptLanguage }: Exchange): Locale => chooseLocale(undefined, acceptLanguage ?? null);

/** For an answer that is worded in the language that was asked for. */
export const varyOf = ({ origin }: Exchange): string =>
  [corsHeaders(origin).Vary, "Accept-Language"].filter((name) => name !== undefined).join(", ");

/** Answers anything that was thrown. What nobody planned is logged with its cause, and answered without it. */
export const answerError = (exchange: Exchange, error: unknown, headers: OutgoingHttpHeaders = {}): void => {
  const { requestId: request_id, method, path } = exchange;
  const refusal = toDomainError(error) ?? new DomainError("INTERNAL_ERROR", "internal", { cause: error });
  const line = { request_id, method, path, status: refusal.status, code: refusal.code };
  if (refusal.code === "INTERNAL_ERROR") log.error({ ...line, err: error }, "request failed");
  else log.warn(refusal.cause === undefined ? line : { ...line, err: refusal.cause }, "request refused");
  if (exchange.response.headersSent) {
    exchange.response.destroy();
    return;
  }
  answerJson(exchange, refusal.status, errorBody(refusal, request_id, localeOf(exchange)), {
    ...headers,
    Vary: varyOf(exchange),
    ...(refusal.retryAfterSeconds !== undefined && { "Retry-After": String(refusal.retryAfterSeconds) }),
    ...(refusal.status === 401 && { "WWW-Authenticate": "Bearer" }),
  });
};
