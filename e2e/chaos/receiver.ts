// A receiver of webhooks that is now and then bad: every tenth answer is 500. It keeps what came.
import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** `isSigned` is known once the secret is: it is asked at the end. */
export type Received = { id: string; timestamp: string; signatures: string; text: string };

export class Receiver {
  readonly received: Received[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      // A sender that broke off sends again.
      request.on("error", () => response.destroy());
      request.on("end", () => {
        const header = (name: string) => String(request.headers[name] ?? "");
        receiver.received.push({
          id: header("webhook-id"),
          timestamp: header("webhook-timestamp"),
          signatures: header("webhook-signature"),
          text: Buffer.concat(chunks).toString("utf8"),
        });
        response.writeHead(receiver.received.length % 10 === 0 ? 500 : 200).end();
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

/** As the Standard Webhooks say. */
export const isSigned = (one: Received, secret: string): boolean => {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signed = createHmac("sha256", key).update(`${one.id}.${one.timestamp}.${one.text}`).digest("base64");
  return one.signatures.split(" ").includes(`v1,${signed}`);
};
