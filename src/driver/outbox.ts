// Brings one run's records from its spool to the server: in order, in batches, for as long as it takes.
import { backoffMs, type Clock } from "./backoff";
import { MLQueueError } from "./errors";
import type { CheckpointRecord, LineRecord, RunEnd, RunKey } from "./records";
import type { Point, ServerApi } from "./server-api";
import type { Spool, Stored } from "./spool";

/** What became of it: `delivered` with its end, or not ours any more (and then nothing more is told). */
export type Settled = "delivered" | "cancelled" | "lost";

/** The server takes 1 MiB a call; JSON of lines and points is at most twice what the spool holds of them. */
export const LIMITS = { bytes: 256 * 1024, lines: 1000, points: 5000, gatherMs: 200 };

/** More than this waits on disk only for ends and checkpoints. */
const MAX_WAITING_BYTES = 512 * 2 ** 20;

/** A fault of the server's own may be one of the day, or of this very batch: after so many it is taken for the latter. */
const MAX_SERVER_FAULTS = 8;

type Verdict = "again" | "stopped" | "refused";

const verdictOn = (error: unknown): Verdict => {
  if (!(error instanceof MLQueueError)) return "again";
  if (error.retryable) return "again";
  if (error.code === "INVALID_QUEUE_STATUS" || error.code === "NOT_FOUND") return "stopped";
  // A key that was revoked may be put right; the training goes on meanwhile.
  if (["AUTH_REQUIRED", "INVALID_TOKEN", "FORBIDDEN"].includes(error.code)) return "again";
  return ["INVALID_REQUEST", "INVALID_CONFIG", "PAYLOAD_TOO_LARGE"].includes(error.code) ? "refused" : "again";
};

export type OutboxOptions = {
  key: RunKey;
  spool: Spool;
  api: ServerApi;
  clock: Clock;
  /** its end is in the spool already */
  isEnding?: boolean;
  limits?: Partial<typeof LIMITS>;
  /** Something was not accepted, or the server is away: for the driver's own log. */
  say?: (text: string) => void;
};

/** Lines and points up to the next checkpoint or end, which stands alone. */
export type Batch = { lines: LineRecord[]; points: Point[]; last: CheckpointRecord | RunEnd | null; end: number };

/** The next call's worth of records. */
export const nextBatch = (stored: Stored[], limits: { lines: number; points: number }): Batch | null => {
  const batch: Batch = { lines: [], points: [], last: null, end: 0 };
  for (const { record, end } of stored) {
    const isEmpty = batch.end === 0;
    if (record.t === "checkpoint" || record.t === "end") {
      if (!isEmpty) break;
      return { ...batch, last: record.t === "end" ? record.end : record, end };
    }
    if (record.t === "line") {
      if (batch.lines.length >= limits.lines) break;
      batch.lines.push(record);
    } else {
      const values = Object.entries(record.values);
      if (!isEmpty && batch.points.length + values.length > limits.points) break;
      for (const [key, value] of values) batch.points.push({ key, value, step: record.step, at: record.at });
    }
    batch.end = end;
  }
  return batch.end === 0 ? null : batch;
};

export class Outbox {
  readonly key: RunKey;
  readonly #options: OutboxOptions;
  readonly #limits: typeof LIMITS;
  readonly #stopped = new AbortController();
  /** The end came: nothing is gathered any more. */
  readonly #hurried = new AbortController();
  #delivering: Promise<void> | null = null;
  #isClosed = false;
  #isAway = false;
  #isEnding: boolean;
  #hasSaidFull = false;
  #settle: (settled: Settled) => void = () => {};
  /** Resolves once; the spool is gone by then. */
  readonly settled: Promise<Settled>;

  constructor(options: OutboxOptions) {
    this.key = options.key;
    this.#options = options;
    this.#isEnding = options.isEnding ?? false;
    this.#limits = { ...LIMITS, ...options.limits };
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Its end is on the way: it will settle. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** @param records as JSON */
  add(records: string[]): void {
    if (this.#isClosed) return;
    const { spool, say } = this.#options;
    const isFull = spool.waitingBytes > MAX_WAITING_BYTES;
    const kept = isFull ? records.filter((record) => !IS_OUTPUT.test(record)) : records;
    if (records.some(isEnd)) {
      this.#isEnding = true;
      this.#hurried.abort();
    }
    if (kept.length < records.length) this.#sayFull();
    if (kept.length === 0) return;
    try {
      spool.append(kept);
    } catch (error) {
      say?.(`${kept.length} records of ${this.key.runId} were lost: ${messageOf(error)}`);
    }
    this.kick();
  }

  /** Sends what there is, unless that is under way. */
  kick(): void {
    if (this.#isClosed) return;
    this.#delivering ??= this.#deliver().finally(() => {
      this.#delivering = null;
    });
  }

  /** Nothing more is told, for the run is somebody else's or ended. */
  stop(as: "cancelled" | "lost"): void {
    if (this.#isClosed) return;
    this.#stopped.abort();
    this.#hurried.abort();
    this.#finish(as);
  }

  /** Leaves the rest in the spool, for the next driver. */
  leave(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopped.abort();
    this.#hurried.abort();
    this.#options.spool.close();
  }

  async #deliver(): Promise<void> {
    // What a training loop says in one breath goes in one call.
    await this.#options.clock.wait(this.#limits.gatherMs, this.#hurried.signal);
    while (!this.#isClosed) {
      const batch = nextBatch(this.#options.spool.read(this.#limits.bytes), this.#limits);
      if (batch === null) return;
      await this.#send(batch);
      if (this.#isClosed) return;
      this.#options.spool.ack(batch.end, batch.lines.length);
      if (batch.last !== null && "kind" in batch.last) this.#finish("delivered");
    }
  }

  #finish(settled: Settled): void {
    this.#isClosed = true;
    this.#options.spool.remove();
    this.#settle(settled);
  }

  async #send(batch: Batch): Promise<void> {
    const { api } = this.#options;
    const { last } = batch;
    await this.#sendPoints(batch.points);
    await this.#sendLines(this.#isClosed ? [] : batch.lines, this.#isClosed ? 0 : this.#options.spool.ackedLines);
    if (last === null || this.#isClosed) return;
    if ("kind" in last) return this.#sendEnd(last);
    const refusal = await this.#untilTaken(() => api.saveCheckpoint(this.key, last));
    if (refusal !== null) this.#options.say?.(`a checkpoint of ${this.key.runId} was refused: ${refusal}`);
  }

  /** The batch that is refused is halved, until only what is at fault is left out. */
  async #sendPoints(points: Point[]): Promise<void> {
    if (points.length === 0 || this.#isClosed) return;
    const refusal = await this.#untilTaken(() => this.#options.api.appendPoints(this.key, points));
    if (refusal === null) return;
    if (points.length === 1)
      return this.#options.say?.(`a point of ${points[0]?.key} of ${this.key.runId} was refused: ${refusal}`);
    const half = points.length >> 1;
    await this.#sendPoints(points.slice(0, half));
    await this.#sendPoints(points.slice(half));
  }

  /** Likewise; a line that is at fault leaves a note in its place, so that the numbers of those after it hold. */
  async #sendLines(lines: LineRecord[], firstLine: number): Promise<void> {
    const [first] = lines;
    if (first === undefined || this.#isClosed) return;
    const refusal = await this.#untilTaken(() => this.#options.api.appendLines(this.key, firstLine, lines));
    if (refusal === null) return;
    if (lines.length === 1) {
      const note = { ...first, message: "WARN mlqueue: the server did not accept this line" };
      this.#options.say?.(`a line of ${this.key.runId} was refused: ${refusal}`);
      await this.#untilTaken(() => this.#options.api.appendLines(this.key, firstLine, [note]));
      return;
    }
    const half = lines.length >> 1;
    await this.#sendLines(lines.slice(0, half), firstLine);
    await this.#sendLines(lines.slice(half), firstLine + half);
  }

  /** A result that cannot be kept must not leave the run running for ever. */
  async #sendEnd(end: RunEnd): Promise<void> {
    const refusal = await this.#untilTaken(() => this.#options.api.end(this.key, end));
    if (refusal === null) return;
    this.#options.say?.(`the end of ${this.key.runId} was refused: ${refusal}`);
    const instead: RunEnd = { kind: "fail", errorMessage: `The run's ${end.kind} was not accepted: ${refusal}` };
    await this.#untilTaken(() => this.#options.api.end(this.key, instead));
  }

  /** @returns null when the server took it or nobody wants it any more, else its refusal */
  async #untilTaken(call: () => Promise<void>): Promise<string | null> {
    for (let tries = 1, faults = 0; !this.#isClosed; tries++) {
      try {
        await call();
        this.#setAway(null);
        return null;
      } catch (error) {
        const verdict = verdictOn(error);
        if (verdict === "refused") return messageOf(error);
        if (verdict === "stopped") {
          await this.#stopForGood();
          return null;
        }
        if (error instanceof MLQueueError && error.code === "INTERNAL_ERROR" && ++faults >= MAX_SERVER_FAULTS)
          return messageOf(error);
        this.#setAway(error);
        const askedMs = (error instanceof MLQueueError ? (error.retryAfterSeconds ?? 0) : 0) * 1000;
        await this.#options.clock.wait(Math.max(backoffMs(tries), askedMs), this.#stopped.signal);
      }
    }
    return null;
  }

  async #stopForGood(): Promise<void> {
    const { api, clock } = this.#options;
    for (let tries = 1; !this.#isClosed; tries++) {
      try {
        return this.stop(await api.whyStopped(this.key));
      } catch (error) {
        if (verdictOn(error) !== "again") return this.stop("lost");
        await clock.wait(backoffMs(tries), this.#stopped.signal);
      }
    }
  }

  #sayFull(): void {
    if (this.#hasSaidFull) return;
    this.#hasSaidFull = true;
    this.#options.say?.(
      `so much of ${this.key.runId} waits on disk that lines and points are left out until the server is back`,
    );
  }

  #setAway(error: unknown): void {
    const isAway = error !== null;
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.#options.say?.(
      isAway
        ? `the server does not take records; they wait on disk (${messageOf(error)})`
        : "the server takes records again",
    );
  }
}

/** Records come as JSON, and are told apart by how they begin (records.ts). */
const isEnd = (record: string): boolean => record.startsWith('{"t":"end"');
const IS_OUTPUT = /^\{"t":"(line|points)"/;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
