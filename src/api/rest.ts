// The REST routes: caller, path, body, verb, answer, in this order. Straight on node's HTTP, since this is the hot path.
import type { IncomingMessage } from "node:http";
import { authenticateBearer } from "../accounts/authenticate";
import { accountRoutes } from "../accounts/rest";
import { activityRoutes } from "../activity/rest";
import { cameBy, isRecorded, viaOf } from "../platform/caller";
import type { SqlLike } from "../platform/db";
import { DomainError } from "../platform/errors";
import { answerOnce, checkIdempotencyKey, requestHash } from "../platform/idempotency";
import type { JsonObject } from "../platform/json-safety";
import { log } from "../platform/log";
import { type Answer, type Call, MIB, needsOfRoute, type Route } from "../platform/route";
import { runRoutes } from "../runs/rest";
import { taskRoutes } from "../tasks/rest";
import { webhookRoutes } from "../webhooks/rest";
import { admit } from "./admit";
import { answerError, answerText, type Exchange } from "./answer";
import { parseBody, RequestAborted, readBody } from "./body";
import { answerEvents } from "./event-stream";
import { beginWork } from "./overload";
import { makeRouteTable } from "./route-table";
import { whileStillIn } from "./watch-caller";

export const routes: Route[] = [...taskRoutes, ...accountRoutes, ...webhookRoutes, ...activityRoutes, ...runRoutes];

const findRoute = makeRouteTable(routes);

const NO_BYTES = Buffer.alloc(0);
const hasBody = (route: Route) => route.method !== "GET" && route.method !== "DELETE";
const succeeded = (fields: JsonObject): string => JSON.stringify({ success: true, ...fields });

const notFound = (path: string) => new DomainError("NOT_FOUND", "notFound", { params: { path } });

/** Serves a request whose path begins with /v1 or /v2, written out or meant. */
export const serveRest = async (request: IncomingMessage, exchange: Exchange, search: string): Promise<void> => {
  const { method, path } = exchange;
  let endWork = beginWork();
  try {
    const caller = await authenticateBearer(request.headers.authorization);
    const { actor, proof, keyId, keyPrefix } = caller;
    const match = findRoute(method, path);
    if (match.kind === "unknown") throw notFound(path);
    if (match.kind === "otherMethods")
      return answerError(
        exchange,
        new DomainError("METHOD_NOT_ALLOWED", "methodNotAllowed", { params: { method, path } }),
        { Allow: match.allow.join(", ") },
      );
    const { route, params } = match;
    exchange.route = route.path;
    const needs = needsOfRoute(route);
    await admit(caller, needs, (headers) => {
      exchange.limitHeaders = headers;
    });
    endWork();
    const bytes = hasBody(route) ? await readBody(request, route.maxBodyBytes ?? MIB) : NO_BYTES;
    endWork = beginWork();
    const call: Call = {
      userId: actor.userId,
      scopes: actor.scopes,
      proof: proof === "key" ? "key" : "token",
      keyId,
      params,
      query: new URLSearchParams(search),
      body: parseBody(bytes),
      lastEventId: request.headers["last-event-id"]?.toString(),
      ifMatch: request.headers["if-match"]?.toString(),
    };
    const key = request.headers["idempotency-key"]?.toString();
    const answer = async (): Promise<void> => {
      if (key && route.create) return serveOnce(exchange, route, call, checkIdempotencyKey(key), bytes);
      const handled = await route.handle(call);
      if ("stream" in handled) endWork();
      await serve(request, exchange, route, handled);
    };
    if (route.isUnrecorded || !isRecorded(needs)) await answer();
    else await cameBy({ via: viaOf(proof), keyPrefix, requestId: exchange.requestId }, answer);
    log.debug(
      { request_id: exchange.requestId, method, path, status: exchange.response.statusCode },
      "request answered",
    );
  } catch (error) {
    if (error instanceof RequestAborted)
      log.debug({ request_id: exchange.requestId, method, path }, "client went away");
    else answerError(exchange, error);
  } finally {
    endWork();
  }
};

/** Lines of a log are not told for longer than 5 s to who may not read them; what is known of a caller may be 2 s old. */
const WATCH_MS = 2500;

const serve = async (request: IncomingMessage, exchange: Exchange, route: Route, answer: Answer): Promise<void> => {
  if ("fields" in answer)
    answerText(
      exchange,
      route.status ?? 200,
      "application/json",
      succeeded(answer.fields),
      answer.etag === undefined ? {} : { ETag: `"${answer.etag}"` },
    );
  else if ("text" in answer) answerText(exchange, 200, "text/plain; charset=utf-8", answer.text);
  else await whileStillIn(request.headers, exchange.response, WATCH_MS, () => answerEvents(exchange, answer.stream));
};

const serveOnce = async (exchange: Exchange, route: Route, call: Call, key: string, bytes: Buffer): Promise<void> => {
  const hash = requestHash(exchange.method, exchange.path, bytes);
  const { create, keep } = route;
  if (!create) throw new Error(`${route.path} creates nothing.`);
  const make = async (sql: SqlLike) => {
    const { fields, announce } = await create(call, sql);
    return { answer: { status: route.status ?? 200, text: succeeded(fields) }, announce };
  };
  const { status, text } = await answerOnce({ userId: call.userId, key, hash }, make, keep);
  answerText(exchange, status, "application/json", text);
};
