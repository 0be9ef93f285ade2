// /api/trpc on node's HTTP.
import type { IncomingMessage } from "node:http";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import { DomainError } from "../platform/errors";
import { log } from "../platform/log";
import { MIB } from "../platform/route";
import { corsHeaders, type Exchange } from "./answer";
import { requestContext } from "./context";
import { appRouter } from "./root";

export const TRPC_PREFIX = "/api/trpc/";

/** Batch procedures take as much as the batch routes of REST. */
const bodyLimit = (procedures: string): number => (/\bcreateMany\b/.test(procedures) ? 32 * MIB : MIB);

export const serveTrpc = async (
  request: IncomingMessage,
  { response, requestId, origin, path }: Exchange,
): Promise<void> => {
  for (const [name, value] of Object.entries(corsHeaders(origin)))
    if (value !== undefined) response.setHeader(name, value);
  response.setHeader("X-Request-Id", requestId);
  const procedures = path.slice(TRPC_PREFIX.length);
  await nodeHTTPRequestHandler({
    req: request,
    res: response,
    path: procedures,
    router: appRouter,
    maxBodySize: bodyLimit(procedures),
    createContext: () => requestContext(request, requestId),
    onError: ({ error, path: procedure }) => {
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
  });
};
