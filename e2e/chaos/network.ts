// A TCP proxy before PostgreSQL or Redis, which does to connections what networks do to them.
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { pause } from "./seeded";

type Link = { client: Socket; server: Socket; isFrozen: boolean };

/**
 * Looks at what goes to the server. `then cut`: it arrives, and the connection is reset before an answer comes.
 * `cut`: it never arrives.
 */
export type Watch = (bytes: Buffer) => "pass" | "cut" | "then cut";

export class Network {
  readonly #links = new Set<Link>();
  readonly #server: Server;
  #refuses = false;
  #freezesNew = false;
  #delayMs = 0;
  #watch: Watch | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param target port on 127.0.0.1, asked for each connection */
  static async open(target: () => number): Promise<Network> {
    const server = createServer({ noDelay: true });
    const network = new Network(server);
    server.on("connection", (client) => network.#link(client, target()));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return network;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#links.size;
  }

  /** Resets all connections; new ones are taken. */
  cut(): void {
    for (const link of this.#links) reset(link);
  }

  /** Resets the clients' side of all connections; the server notices only after a while, and keeps their sessions until then. */
  lose(ms: number): void {
    for (const link of [...this.#links]) {
      link.isFrozen = true;
      link.client.resetAndDestroy();
      setTimeout(() => link.server.resetAndDestroy(), ms);
    }
  }

  /** Resets all connections and each new one at once. */
  refuse(): void {
    this.#refuses = true;
    this.cut();
  }

  /** From now on nothing comes through any connection, and none is closed: half-open. */
  freeze({ newOnes }: { newOnes: boolean }): void {
    this.#freezesNew = newOnes;
    for (const link of this.#links) link.isFrozen = true;
  }

  /** Each piece takes so long. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  watch(watch: Watch | undefined): void {
    this.#watch = watch;
  }

  /** As a good network again. What was frozen is reset: its pieces are lost. */
  heal(): void {
    this.#refuses = false;
    this.#freezesNew = false;
    this.#delayMs = 0;
    this.#watch = undefined;
    for (const link of this.#links) if (link.isFrozen) reset(link);
  }

  async close(): Promise<void> {
    this.refuse();
    await new Promise((done) => this.#server.close(done));
  }

  #link(client: Socket, port: number): void {
    // Errors end in `close`, which ends the other side.
    client.on("error", () => {});
    if (this.#refuses) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ host: "127.0.0.1", port, noDelay: true });
    server.on("error", () => {});
    const link = { client, server, isFrozen: this.#freezesNew };
    this.#links.add(link);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const)
      one.once("close", () => {
        // A frozen network tells nobody that the other side is gone.
        if (link.isFrozen && !other.destroyed) return;
        this.#links.delete(link);
        other.destroy();
      });
    void this.#pump(link, client, server, true);
    void this.#pump(link, server, client, false);
  }

  async #pump(link: Link, from: Socket, to: Socket, isUp: boolean): Promise<void> {
    try {
      for await (const bytes of from) {
        if (this.#delayMs > 0) await pause(this.#delayMs);
        while (link.isFrozen && !to.destroyed) await pause(50);
        const verdict = (isUp && this.#watch?.(bytes as Buffer)) || "pass";
        if (verdict === "cut") return reset(link);
        if (!to.write(bytes)) await new Promise((done) => to.once("drain", done).once("close", done));
        if (verdict === "then cut") {
          // Its answer is swallowed; the reset comes when the server has surely read it.
          link.isFrozen = true;
          await pause(30);
          return reset(link);
        }
      }
      if (!link.isFrozen) to.end();
    } catch {
      // Reset by one of the two: `close` has told the other.
    }
  }
}

const reset = ({ client, server }: Link): void => {
  client.resetAndDestroy();
  server.resetAndDestroy();
};
