// A receiver of webhooks on this machine: keeps what came, and answers as it is told.
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";
import type { JsonObject } from "../platform/json-safety";

export type Received = {
  /** of the request line */
  path: string;
  id: string;
  headers: IncomingMessage["headers"];
  /** as it came */
  text: string;
  body: JsonObject;
  at: number;
};

/** A status, with a body, after a while; or nothing at all. */
export type Reply =
  | { status: number; body?: string | Buffer; headers?: Record<string, string>; afterMs?: number }
  | "hang";

export type Receiver = {
  url: string;
  port: number;
  received: Received[];
  /** most requests that were open at once */
  peak: () => number;
  reply: (to: (request: Received) => Reply) => void;
};

/** As a receiver checks it. @returns how many of the signatures are made with the secret */
export const verified = ({ headers, text, id }: Received, secret: string): number => {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signed = createHmac("sha256", key).update(`${id}.${headers["webhook-timestamp"]}.${text}`).digest("base64");
  return String(headers["webhook-signature"])
    .split(" ")
    .filter((one) => one === `v1,${signed}`).length;
};

const wholeBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

/** Call at the top of a test file; what it makes is closed after the file's tests. */
export const useReceivers = () => {
  const servers: Server[] = [];
  afterAll(async () => {
    await Promise.all(
      servers.map(
        (server) =>
          new Promise((closed) => {
            server.close(closed);
            server.closeAllConnections();
          }),
      ),
    );
  });

  /** @param host 127.0.0.1, unless the test is about others */
  return async (
    reply: (request: Received) => Reply = () => ({ status: 200 }),
    host = "127.0.0.1",
  ): Promise<Receiver> => {
    let answer = reply;
    let open = 0;
    let peak = 0;
    const received: Received[] = [];
    const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      open++;
      peak = Math.max(peak, open);
      response.once("close", () => open--);
      const text = await wholeBody(request);
      const { headers, url: path = "" } = request;
      const one = {
        path,
        id: String(headers["webhook-id"]),
        headers,
        text,
        body: JSON.parse(text || "{}"),
        at: Date.now(),
      };
      received.push(one);
      const said = answer(one);
      if (said === "hang") return;
      if (said.afterMs) await new Promise((done) => setTimeout(done, said.afterMs));
      response.writeHead(said.status, said.headers);
      response.end(said.body ?? "ok");
    };
    const server = createServer((request, response) => {
      // A sender that broke off in the middle of its body is no concern of the receiver's.
      serve(request, response).catch(() => response.destroy());
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, host, done));
    const { port } = server.address() as AddressInfo;
    return {
      url: `http://${host}:${port}/hook`,
      port,
      received,
      peak: () => peak,
      reply: (to) => {
        answer = to;
      },
    };
  };
};
