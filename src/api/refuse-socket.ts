// What never became a request of node's is answered in the contract's shape, too: written by hand, then the connection is closed.
import type { OutgoingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import type { ErrorKey } from "../i18n/errors";
import { DomainError } from "../platform/errors";
import { log } from "../platform/log";
import { corsHeaders, errorBody } from "./answer";
import { newRequestId } from "./request-id";

const badRequest = (key: ErrorKey) => new DomainError("INVALID_REQUEST", key);
const badMethod = (method: string, path: string) =>
  new DomainError("METHOD_NOT_ALLOWED", "methodNotAllowed", { params: { method, path } });

/** A whole request line with a method that node's parser does not know. */
const REQUEST_LINE = /^([A-Za-z][\w-]{0,30}) (\S{1,2000}) HTTP\/1\.[01]\r?\n/;

const refusalOf = (error: { code?: string; rawPacket?: unknown }): [status: string, refusal: DomainError] => {
  if (error.code === "HPE_HEADER_OVERFLOW")
    return ["431 Request Header Fields Too Large", badRequest("headersTooLarge")];
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return ["408 Request Timeout", badRequest("tooSlow")];
  const packet = error.code === "HPE_INVALID_METHOD" && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : null;
  const [, method, path] = REQUEST_LINE.exec(packet?.toString("latin1", 0, 2100) ?? "") ?? [];
  if (method !== undefined && path !== undefined) return ["405 Method Not Allowed", badMethod(method, path)];
  return ["400 Bad Request", badRequest("notHttp")];
};

const write = (socket: Duplex, status: string, refusal: DomainError): void => {
  const requestId = newRequestId();
  const body = JSON.stringify(errorBody(refusal, requestId, "en"));
  const headers: OutgoingHttpHeaders = {
    ...corsHeaders(undefined),
    "X-Request-Id": requestId,
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    Connection: "close",
    ...(refusal.status === 405 && { Allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" }),
  };
  log.warn({ request_id: requestId, status: Number(status.slice(0, 3)), code: refusal.code }, "request refused");
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\n${head.join("")}\r\n${body}`);
};

/** For `clientError`: what is no HTTP, too large, too slow, or has a method that nobody knows. */
export const refuseSocket = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
  else write(socket, ...refusalOf(error));
};

/** For `connect`: this is no proxy. */
export const refuseTunnel = ({ url = "" }: { url?: string | undefined }, socket: Duplex): void => {
  socket.on("error", () => socket.destroy());
  write(socket, "405 Method Not Allowed", badMethod("CONNECT", url));
};
