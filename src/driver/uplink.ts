// The main thread's end of the uplink: posts records, hears aborts.
//
// A training loop that never gives the event loop a turn hears nothing by itself. So every call of it that comes by here
// also looks into the port: a cancel is known at the next ctx.log or ctx.progress even then.
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { AbortKind } from "./errors";
import { keyText, type RunKey, type SpoolRecord } from "./records";
import type { Progress } from "./server-api";
import type { FromUplink, ToUplink, UplinkSettings } from "./uplink-messages";

/** Records of a busy loop are handed over together; the timer is for what comes last. */
const POST_MS = 50;
const POST_RECORDS = 200;

type Run = { key: RunKey; abort: (kind: AbortKind) => void; settled: () => void; waiting: string[] };

export class Uplink {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #runs = new Map<string, Run>();
  readonly #say: (text: string) => void;
  #postedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #closed: (left: number) => void = () => {};
  #isDead = false;

  constructor(settings: UplinkSettings, say: (text: string) => void) {
    const { port1, port2 } = new MessageChannel();
    this.#say = say;
    this.#port = port1;
    this.#port.on("message", (message: FromUplink) => this.#hear(message));
    this.#worker = new Worker(new URL("./uplink-thread.js", import.meta.url), {
      workerData: { port: port2, settings },
      transferList: [port2],
      name: "mlqueue-uplink",
    });
    this.#worker.on("error", (error) => {
      say(`the uplink broke, and nothing more is sent; what was spooled is sent by the next driver (${error.stack})`);
      this.#isDead = true;
      this.#closed(this.#runs.size);
      for (const run of this.#runs.values()) run.abort("lost");
    });
  }

  /** @param on abort: the run must stop; settled: its end is with the server, or nobody wants it */
  start(key: RunKey, on: { abort: (kind: AbortKind) => void; settled: () => void }): void {
    this.#runs.set(keyText(key), { key, ...on, waiting: [] });
    this.#post({ type: "start", key });
  }

  add(key: RunKey, record: SpoolRecord): void {
    const run = this.#runs.get(keyText(key));
    if (!run) return;
    run.waiting.push(JSON.stringify(record));
    if (record.t === "end" || run.waiting.length >= POST_RECORDS || performance.now() - this.#postedAt >= POST_MS)
      this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), POST_MS);
    this.poll();
  }

  progress(key: RunKey, progress: Progress): void {
    this.#post({ type: "progress", key, progress });
    this.poll();
  }

  /** Hands over what waits in this thread. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#postedAt = performance.now();
    for (const { key, waiting } of this.#runs.values())
      if (waiting.length > 0) this.#post({ type: "add", key, records: waiting.splice(0) });
  }

  /** Hears what came, without waiting for the event loop. */
  poll(): void {
    for (let one = receiveMessageOnPort(this.#port); one; one = receiveMessageOnPort(this.#port))
      this.#hear(one.message as FromUplink);
  }

  /** Sends for at most so long. @returns how many runs have records left on disk */
  async close(withinMs: number): Promise<number> {
    this.flush();
    const closed = new Promise<number>((resolve) => {
      this.#closed = resolve;
    });
    if (!this.#isDead) this.#post({ type: "close", withinMs });
    const left = this.#isDead ? this.#runs.size : await closed;
    this.#port.close();
    await this.#worker.terminate();
    return left;
  }

  #post(message: ToUplink): void {
    this.#port.postMessage(message);
  }

  #hear(message: FromUplink): void {
    switch (message.type) {
      case "abort":
        this.#runs.get(keyText(message.key))?.abort(message.kind);
        return;
      case "settled": {
        const run = this.#runs.get(keyText(message.key));
        this.#runs.delete(keyText(message.key));
        run?.settled();
        return;
      }
      case "say":
        this.#say(message.text);
        return;
      case "closed":
        this.#closed(message.left);
    }
  }
}
