// One HTTP server: the machine routes here, all else to the pages.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";
import { bearerOf } from "../accounts/authenticate";
import { DomainError } from "../platform/errors";
import { requestDuration } from "../platform/prometheus";
import { answerError, answerPreflight, type Exchange } from "./answer";
import { answerDocs } from "./docs";
import { answerHealth, answerReady } from "./health";
import { answerOpenApi } from "./openapi";
import { refuseOverload } from "./overload";
import { answerMetrics } from "./prometheus";
import { refuseSocket, refuseTunnel } from "./refuse-socket";
import { newRequestId } from "./request-id";
import { serveRest } from "./rest";
import { refuseSignIn } from "./sign-in-limit";
import { inTurn } from "./take-turns";
import { serveTrpc, TRPC_PREFIX } from "./trpc-http";

/** What serves the pages; tests have none. */
export type Pages = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The first part of a path that stands for /v1 or /v2, if a bearer is sent along. Those with pages need the bearer to be told apart. */
const MEANT: Record<string, { version: "/v1" | "/v2"; hasPages: boolean }> = {
  tasks: { version: "/v1", hasPages: true },
  queue: { version: "/v1", hasPages: false },
  configs: { version: "/v1", hasPages: false },
  statistics: { version: "/v1", hasPages: false },
  groups: { version: "/v2", hasPages: true },
  units: { version: "/v2", hasPages: true },
  queues: { version: "/v2", hasPages: false },
};

const firstPart = (path: string): string => path.split("/", 2)[1] ?? "";

/** The path of the REST route that is meant; null for a page. */
const restPathOf = (path: string, hasBearer: boolean): string | null => {
  const part = firstPart(path);
  if (part === "v1" || part === "v2") return path;
  const meant = Object.hasOwn(MEANT, part) ? MEANT[part] : undefined;
  return meant && (hasBearer || !meant.hasPages) ? `${meant.version}${path}` : null;
};

const answerOf = (path: string) => {
  switch (path) {
    case "/health":
      return answerHealth;
    case "/ready":
      return answerReady;
    case "/docs":
      return answerDocs;
    case "/openapi.json":
      return answerOpenApi;
    case "/metrics":
      return answerMetrics;
    default:
      return null;
  }
};

const isRead = (method: string) => method === "GET" || method === "HEAD";

const methodNotAllowed = (exchange: Exchange) =>
  answerError(
    exchange,
    new DomainError("METHOD_NOT_ALLOWED", "methodNotAllowed", {
      params: { method: exchange.method, path: exchange.path },
    }),
    {
      Allow: "GET, HEAD, OPTIONS",
    },
  );

/** A proxy's absolute form (`GET http://host/path`) means the path. */
const targetOf = (request: IncomingMessage): string => (request.url ?? "/").replace(/^https?:\/\/[^/?]*/i, "") || "/";

/** A slash behind a path means nothing, and is no reason for a redirect. */
const withoutSlash = (path: string): string => (path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path);

/** nginx's word for a client that went away before it was answered. */
const CLIENT_GONE = 499;

const tellDuration = ({ response, method, route = "unknown" }: Exchange, startedAt: number): void => {
  if (String(response.getHeader("content-type")).startsWith("text/event-stream")) return;
  const code = response.writableFinished ? response.statusCode : CLIENT_GONE;
  requestDuration.observe({ route, method, code }, (performance.now() - startedAt) / 1000);
};

const serve = async (request: IncomingMessage, response: ServerResponse, pages: Pages | null): Promise<void> => {
  const startedAt = performance.now();
  const method = request.method ?? "GET";
  const { origin, "accept-language": acceptLanguage } = request.headers;
  const target = targetOf(request);
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const exchange: Exchange = { response, requestId: newRequestId(), origin, acceptLanguage, method, path };

  response.once("close", () => tellDuration(exchange, startedAt));
  if (method === "OPTIONS") return answerPreflight(exchange);
  if (path.startsWith(TRPC_PREFIX)) return serveTrpc(request, exchange);
  const answer = answerOf(withoutSlash(path));
  if (answer) exchange.route = withoutSlash(path);
  if (answer) return isRead(method) ? answer(exchange, request) : methodNotAllowed(exchange);
  const hasBearer = bearerOf(request.headers.authorization) !== null;
  const restPath = restPathOf(path, hasBearer);
  if (refuseOverload(exchange)) return;
  if (restPath !== null) {
    exchange.path = withoutSlash(restPath);
    return serveRest(request, exchange, mark < 0 ? "" : target.slice(mark + 1));
  }
  if (hasBearer || !pages) return answerError(exchange, new DomainError("NOT_FOUND", "notFound", { params: { path } }));
  exchange.route = "page";
  if (await refuseSignIn(request, exchange)) return;
  await pages(request, response);
};

/** Idle connections are kept at least 65 s (REST contract), also those that never sent anything. */
const KEEP_ALIVE_MS = 72_000;

/** How long a client may take. */
export type TimeLimits = {
  /** between two requests */
  keepAliveTimeout: number;
  /** for the headers, from the connection's beginning or the request's first byte */
  headersTimeout: number;
  /** for headers and body */
  requestTimeout: number;
  /** how often what is too slow is looked for */
  connectionsCheckingInterval: number;
};
const TIME_LIMITS: TimeLimits = {
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: KEEP_ALIVE_MS + 3000,
  // 32 MiB, the largest body, over a line of 1 Mbit/s
  requestTimeout: 300_000,
  connectionsCheckingInterval: 5000,
};

export type HttpServer = {
  server: Server;
  /**
   * Takes no more connections, ends event streams, waits for answers under way at most `drainMs`. Each answer says that its
   * connection closes; one that is idle gets the time for its next request, which may be on its way.
   */
  close: (drainMs: number) => Promise<void>;
};

/**
 * A server that closes counts looks, not time: after a turn that was long there is one look, and what came meanwhile is read after it.
 * Idle connections are kept for so many looks after the last request: a client that meets a closed one must not send again what
 * changes something (RFC 9112 9.3.1). Clients under load have sent their next request by then.
 */
const LINGER_LOOKS = 20;
/** The listener goes when no connection came and nothing was at work between so many looks, or after so many in all. */
const QUIET_LOOKS = 20;
const MOST_LOOKS = 400;
const QUICK_LOOK_MS = 5;
const LOOK_MS = 50;

/** The server, not yet listening. @param pages null: whatever is no machine route is 404 */
export const makeHttpServer = (pages: Pages | null, limits = TIME_LIMITS): HttpServer => {
  const open = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let isClosing = false;
  /** Requests that wait until the listener is gone. */
  let held: (() => void)[] | null = null;
  /** since the last request, and since the last connection */
  const looks = { request: 0, connection: 0 };
  /** Has connections close after the last answer that they wait for. */
  const sayClose = (): void => {
    const lastOf = new Map([...open].map((response) => [response.req.socket, response]));
    for (const response of open)
      if (!response.headersSent) response.shouldKeepAlive = lastOf.get(response.req.socket) !== response;
  };
  const answerRequest = (request: IncomingMessage, response: ServerResponse): void => {
    open.add(response);
    response.once("close", () => open.delete(response));
    looks.request = 0;
    if (isClosing) sayClose();
    const work = (): void => {
      serve(request, response, pages).catch((error: unknown) => {
        const { method = "", url: path = "", headers } = request;
        const { origin, "accept-language": acceptLanguage } = headers;
        answerError({ response, requestId: newRequestId(), origin, acceptLanguage, method, path }, error);
      });
    };
    if (held) held.push(() => inTurn(request.socket, response, work));
    else inTurn(request.socket, response, work);
  };
  const server = createServer({ ...limits, requireHostHeader: false }, answerRequest);
  // node would answer 417 to an expectation that it does not know; one that nobody knows may be passed over.
  server.on("checkExpectation", answerRequest);
  server.on("connect", refuseTunnel);
  server.on("clientError", refuseSocket);

  server.on("connection", (socket) => {
    sockets.add(socket);
    looks.connection = 0;
    socket.once("close", () => sockets.delete(socket));
  });

  /**
   * Connections that the kernel took for us are reset with the listener, and their requests may be sent already; node takes one in a
   * turn of the loop. So the listener stays until none came for a while. Requests wait meanwhile: who is answered comes again.
   */
  const takeWhatWaits = async (): Promise<void> => {
    held = [];
    looks.connection = 0;
    for (let look = 0; look < MOST_LOOKS && looks.connection < QUIET_LOOKS; look++) {
      await wait(QUICK_LOOK_MS);
      looks.connection = open.size > held.length ? 0 : looks.connection + 1;
    }
    await turn();
  };

  const closeUnused = (): void => {
    if (looks.request++ < LINGER_LOOKS) return;
    server.closeIdleConnections();
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };

  const close = async (drainMs: number): Promise<void> => {
    isClosing = true;
    for (const response of open)
      if (String(response.getHeader("content-type")).startsWith("text/event-stream")) response.destroy();
    sayClose();
    const late = setTimeout(() => server.closeAllConnections(), drainMs);
    if (server.listening) await takeWhatWaits();
    // Not `server.close`, which closes idle connections at once.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
    for (const work of held?.splice(0) ?? []) work();
    held = null;
    looks.request = 0;
    const sweep = setInterval(closeUnused, LOOK_MS);
    await closed;
    clearInterval(sweep);
    clearTimeout(late);
    server.close();
  };
  return { server, close };
};
