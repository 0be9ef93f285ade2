// /api/trpc on node's HTTP.
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { TRPCError } from "@trpc/server";
import { resolveResponse } from "@trpc/server/http";
import { DomainError } from "../platform/errors";
import { log } from "../platform/log";
import { MIB } from "../platform/route";
import { corsHeaders, type Exchange } from "./answer";
import { RequestAborted, readBody } from "./body";
import { requestContext } from "./context";
import { beginWork } from "./overload";
import { appRouter } from "./root";
import { whileStillIn } from "./watch-caller";

export const TRPC_PREFIX = "/api/trpc/";

/** Batch procedures take as much as the batch routes of REST. */
const bodyLimit = (procedures: string): number => (/\bcreateMany\b/.test(procedures) ? 32 * MIB : MIB);

const bodyOf = async (incoming: IncomingMessage, limit: number): Promise<unknown> => {
  const bytes = await readBody(incoming, limit).catch((error: unknown) => {
    throw error instanceof DomainError ? new TRPCError({ code: "PAYLOAD_TOO_LARGE", cause: error }) : error;
  });
  return JSON.parse(bytes.toString("utf8"));
};

const noForms = (): never => {
  throw new TRPCError({ code: "UNSUPPORTED_MEDIA_TYPE" });
};

/**
 * What tRPC reads of a request: method, URL, headers, a JSON body, and a signal that its client has gone.
 * tRPC's own adapter makes a `Request` with streams of it: six tenths of the time from a call's arrival to its first wait, in a profile.
 */
const requestOf = (
  incoming: IncomingMessage,
  response: ServerResponse,
  limit: number,
  body: { begins: () => void; ended: () => void },
): Request => {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  const headerOf = (name: string): string | null => {
    const value = incoming.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(", ") : (value ?? null);
  };
  const request = {
    method: incoming.method ?? "GET",
    // A proxy may send the absolute form.
    url: incoming.url?.startsWith("/") ? `http://localhost${incoming.url}` : (incoming.url ?? ""),
    headers: { get: headerOf, has: (name: string) => headerOf(name) !== null },
    signal: gone.signal,
    json: () => {
      body.begins();
      return bodyOf(incoming, limit).finally(body.ended);
    },
    formData: noForms,
    get body() {
      return noForms();
    },
  };
  // The rest of a Request is never read: resolveResponse is given no middleware that would.
  return request as unknown as Request;
};

const isStream = (answer: Response): boolean => answer.headers.get("content-type")?.includes("json") === false;

/** A whole body goes out at once with its head; a stream piece by piece, until its client has gone. */
const send = async (answer: Response, response: ServerResponse): Promise<void> => {
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) response.appendHeader(name, value);
  if (!answer.body || !isStream(answer)) {
    const text = await answer.text();
    response.setHeader("Content-Length", Buffer.byteLength(text));
    response.end(text);
    return;
  }
  response.flushHeaders();
  await pipeline(Readable.fromWeb(answer.body as ReadableStream), response).catch((error: unknown) => {
    if (!response.destroyed) throw error;
  });
};

const known = new Set(Object.keys(appRouter._def.procedures));

/** Hints name only what the caller owned, and a thousand streams are open at once. */
const WATCH_MS = 10_000;

/** Several in one request are told together: any of them may be what took the time. */
const routeOf = (procedures: string): string => {
  if (procedures.includes(",")) return `${TRPC_PREFIX}(several)`;
  return known.has(procedures) ? `${TRPC_PREFIX}${procedures}` : "unknown";
};

export const serveTrpc = async (incoming: IncomingMessage, exchange: Exchange): Promise<void> => {
  const { response, requestId, origin, path } = exchange;
  for (const [name, value] of Object.entries(corsHeaders(origin)))
    if (value !== undefined) response.setHeader(name, value);
  response.setHeader("X-Request-Id", requestId);
  const procedures = path.slice(TRPC_PREFIX.length);
  exchange.route = routeOf(procedures);
  let endWork = beginWork();
  const body = {
    begins: () => endWork(),
    ended: () => {
      endWork = beginWork();
    },
  };
  const answer = await resolveResponse({
    req: requestOf(incoming, response, bodyLimit(procedures), body),
    path: procedures,
    router: appRouter,
    error: null,
    responseMeta: ({ errors }) => {
      const waits = errors.flatMap(({ cause }) =>
        cause instanceof DomainError ? (cause.retryAfterSeconds ?? []) : [],
      );
      return waits.length > 0 ? { headers: { "Retry-After": String(Math.max(...waits)) } } : {};
    },
    createContext: async () => requestContext(incoming, response, requestId),
    onError: ({ error, path: procedure }) => {
      if (error.cause instanceof RequestAborted) return;
      if (error.cause instanceof DomainError && error.cause.key === "overloaded") return;
      const line = {
        request_id: requestId,
        procedure,
        code: error.cause instanceof DomainError ? error.cause.code : error.code,
      };
      if (error.code === "INTERNAL_SERVER_ERROR") log.error({ ...line, err: error.cause ?? error }, "procedure failed");
      else if (error.code === "SERVICE_UNAVAILABLE")
        log.warn({ ...line, err: error.cause?.cause }, "procedure refused");
      else log.warn(line, "procedure refused");
    },
  }).finally(() => endWork());
  // Those of a batch of which some were refused, too (207).
  if (answer.status >= 207) response.appendHeader("Vary", "Accept-Language, Cookie");
  if (isStream(answer)) await whileStillIn(incoming.headers, response, WATCH_MS, () => send(answer, response));
  else await send(answer, response);
};
