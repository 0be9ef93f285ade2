// Server-sent events of the REST routes.
import type { ServerResponse } from "node:http";
import { log } from "../platform/log";
import type { EventStream } from "../platform/route";
import { baseHeaders, type Exchange } from "./answer";

/** Proxies and browsers give up on a stream that is silent for 30 to 60 s. */
const HEARTBEAT_MS = 15_000;

/** Resolves when the connection took what was written, or is gone. */
const drained = (response: ServerResponse, ended: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      ended.removeEventListener("abort", done);
      resolve();
    };
    response.on("drain", done);
    ended.addEventListener("abort", done);
  });

/** A reader that cannot keep up pauses the source: `send` resolves once its connection took what was written. */
export const answerEvents = async (exchange: Exchange, stream: (out: EventStream) => Promise<void>): Promise<void> => {
  const { response, requestId } = exchange;
  const ended = new AbortController();
  response.once("close", () => ended.abort());
  // Set, so that it can be read back: a server that closes ends its streams, and their duration is no request's.
  response.setHeader("Content-Type", "text/event-stream");
  response.writeHead(200, {
    ...baseHeaders(exchange),
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
  });
  if (exchange.method === "HEAD") return void response.end();
  response.write(": here it starts\n\n");
  const heartbeat = setInterval(() => response.write(": still here\n\n"), HEARTBEAT_MS);
  try {
    await stream({
      ended: ended.signal,
      send: async ({ id, event, data }) => {
        if (ended.signal.aborted) return;
        const taken = response.write(
          `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
        );
        if (!taken) await drained(response, ended.signal);
      },
    });
  } catch (error) {
    // The headers are gone, so there is no status to answer with: the client comes back with Last-Event-ID.
    log.warn({ request_id: requestId, path: exchange.path, err: error }, "event stream broke off");
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
};
