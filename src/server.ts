// The web server: one process, one port. Machine routes never pass through Next.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import next from "next";
import { withoutBadCallbackCookie, withoutBadCallbackUrl } from "./accounts/callback-url";
import { isSetUp, setUpToken } from "./accounts/first-account";
import { type HttpServer, makeHttpServer, type Pages } from "./api/http";
import { closeDb } from "./platform/db";
import { EnvError, getEnv } from "./platform/env";
import { closeLiveHub } from "./platform/live-hub";
import { log } from "./platform/log";
import { closeRedis } from "./platform/redis";
import { waitForSchema } from "./platform/schema-version";
import { sendTotals } from "./platform/totals";
import { startStallSweep } from "./runs/stall-sweep";

const DRAIN_MS = 5000;

const SECURITY_HEADERS: [string, string][] = [
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "DENY"],
  ["Referrer-Policy", "same-origin"],
  ["Permissions-Policy", "camera=(), geolocation=(), microphone=()"],
];

const cleanSignInRequest = (request: IncomingMessage): void => {
  request.url = withoutBadCallbackUrl(request.url ?? "/");
  if (request.headers.cookie !== undefined) request.headers.cookie = withoutBadCallbackCookie(request.headers.cookie);
};

/** Next in this process. Requests for pages that come while it prepares wait for it. */
const makePages = (): { serve: Pages; prepare: (http: HttpServer) => Promise<void> } => {
  let ready: Promise<(request: IncomingMessage, response: ServerResponse) => Promise<void>> | undefined;
  const isDev = process.env.MLQUEUE_DEV === "1";
  const prepare = async ({ server }: HttpServer): Promise<void> => {
    const { port } = server.address() as AddressInfo;
    const app = next({
      dev: isDev,
      dir: process.env.MLQUEUE_ROOT || process.cwd(),
      hostname: getEnv().SERVER_HOST,
      port,
      // Next listens for upgrades here: those of its reload socket in development. Otherwise it gets a server that nobody
      // calls, since clients that offer h2c with every request (Java's, `curl --http2`) would end up there.
      httpServer: isDev ? server : createServer(),
    });
    ready = app.prepare().then(() => app.getRequestHandler());
    await ready;
  };
  const serve: Pages = async (request, response) => {
    for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
    if (request.url?.startsWith("/api/auth/")) cleanSignInRequest(request);
    const handle = await ready;
    if (!handle) throw new Error("Pages were asked for before the server listened.");
    await handle(request, response);
  };
  return { serve, prepare };
};

/**
 * Connections that wait to be taken, as many as Linux allows by default. With node's 511 the kernel resets some of those that come
 * while one turn of the loop is long, as when a lab's drivers come back together.
 */
const BACKLOG = 4096;

const listen = ({ server }: HttpServer, host: string, port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off("error", reject);
      const address = server.address() as AddressInfo;
      resolve(`http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`);
    });
  });

const stopOnSignals = (http: HttpServer, stopSweep: () => Promise<void>): void => {
  let isStopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    log.info({ signal }, "web stopping");
    await Promise.all([http.close(DRAIN_MS), stopSweep()]);
    closeLiveHub();
    await sendTotals();
    closeRedis();
    await closeDb();
    log.info("web stopped");
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void stop(signal));
};

/** Who reads this log may make the owner of a server that has no account. `npm start` makes one itself meanwhile. */
const tellSetUp = async (): Promise<void> => {
  if (process.env.MLQUEUE_SERVICE === "web" || (await isSetUp())) return;
  log.warn(
    { page: "/setup", setUpToken: setUpToken() },
    "there is no account yet: make the owner's at /setup with this token",
  );
};

const run = async (): Promise<void> => {
  const env = getEnv();
  await waitForSchema(env.DATABASE_URL);
  const pages = makePages();
  const http = makeHttpServer(pages.serve);
  const address = await listen(http, env.SERVER_HOST, env.SERVER_PORT);
  stopOnSignals(http, startStallSweep());
  log.info({ address }, "web ready");
  await tellSetUp();
  await pages.prepare(http);
};

const explain = (error: unknown): string => {
  if (error instanceof EnvError) return error.message;
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE")
    return `Port ${getEnv().SERVER_PORT} is taken: set SERVER_PORT to another one.`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};

run().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});
