// One claimed run as the training sees it. Nothing here throws because the server is away.
import { formatWithOptions } from "node:util";
import { systemClock, untilAnswered } from "./backoff";
import type { Client } from "./client";
import { type AbortKind, MLQueueError, RunAborted } from "./errors";
import { type ExecOptions, execProgram } from "./exec";
import { asResult, keepablePoints, linesOf } from "./printable";
import type { RunEnd, RunKey, Stream } from "./records";
import type { Uplink } from "./uplink";

/** What `run` is given as `ctx`. */
export interface RunContext {
  readonly runId: string;
  /** 1 at the first start of the run */
  readonly attempt: number;
  readonly name: string;
  /** Aborted when the run must stop; its reason is a `RunAborted`. */
  readonly signal: AbortSignal;
  /** The driver takes no more runs. This one may go on. */
  readonly isDraining: boolean;
  /**
   * Points of a chart. Buffered, sent in batches, kept on disk while the server is away; never throws.
   *
   * @param step such as the epoch; a point of the same name and step is overwritten
   */
  log(metrics: Record<string, number | undefined>, at: { step: number }): void;
  /** A line of the run's log, formatted like `console.log`. */
  print(...values: unknown[]): void;
  progress(done: number, total: number): void;
  /**
   * Keeps a state to resume from, at most 900 kB as JSON: put weights into a file and give its `uri`.
   * It is on its way when this returns, in order with everything else.
   */
  checkpoint(checkpoint: { state: Record<string, unknown>; step?: number; uri?: string }): void;
  /** The state of the last checkpoint of an earlier attempt, null without one. Waits for a server that is away. */
  resume<State = unknown>(): Promise<State | null>;
  /**
   * Runs a program: its output becomes the run's log, lines such as `{"step": 3, "loss": 0.2}` become points.
   * It and all that it started end with the run.
   *
   * @throws ProgramError unless it exits with 0; the signal's reason when the run was aborted
   */
  exec(program: string, args?: string[], options?: ExecOptions): Promise<void>;
}

const MAX_CHECKPOINT_BYTES = 900_000;
/** So long `complete` and `fail` wait for the server; then the spool has it. */
const END_WAIT_MS = 5000;

export type RunFacts = RunKey & { name: string };

/** A run that was claimed. Exactly one of `complete`, `fail` and an abort ends it; what comes after that is ignored. */
export class ClaimedRun<Params> implements RunContext {
  readonly runId: string;
  readonly attempt: number;
  readonly name: string;
  readonly params: Params;
  readonly #abort = new AbortController();
  readonly #uplink: Uplink;
  readonly #client: Client;
  readonly #isDraining: () => boolean;
  /** Resolves when the server has the end, or the run is not ours any more. */
  readonly settled: Promise<void>;
  #isEnded = false;

  constructor(facts: RunFacts, params: Params, parts: { uplink: Uplink; client: Client; isDraining: () => boolean }) {
    this.runId = facts.runId;
    this.attempt = facts.attempt;
    this.name = facts.name;
    this.params = params;
    this.#uplink = parts.uplink;
    this.#client = parts.client;
    this.#isDraining = parts.isDraining;
    this.settled = new Promise((settled) => {
      this.#uplink.start(this.#key, { abort: (kind) => this.abort(kind), settled });
    });
  }

  get #key(): RunKey {
    return { runId: this.runId, attempt: this.attempt };
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isDraining(): boolean {
    return this.#isDraining();
  }

  /** Whether it was completed, failed, cancelled or lost. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Why it must stop, null while it may go on. */
  get abortedAs(): AbortKind | null {
    return this.signal.reason instanceof RunAborted ? this.signal.reason.kind : null;
  }

  log(metrics: Record<string, number | undefined>, { step }: { step: number }): void {
    const { values, refused } = keepablePoints(metrics);
    if (!Number.isFinite(step)) return void this.#warn(`a step must be a finite number, got ${step}`);
    if (refused.length > 0) this.#warn(`at step ${step} there are no points for ${refused.join(", ")}`);
    if (Object.keys(values).length > 0) this.#uplink.add(this.#key, { t: "points", at: Date.now(), step, values });
  }

  print(...values: unknown[]): void {
    for (const line of linesOf(formatWithOptions({ colors: false }, ...values))) this.line("stdout", line);
  }

  /** One line as it is. */
  line(stream: Stream, line: string): void {
    for (const message of linesOf(line)) this.#uplink.add(this.#key, { t: "line", at: Date.now(), stream, message });
  }

  #warn(text: string): void {
    this.line("stderr", `WARN mlqueue: ${text}`);
  }

  progress(done: number, total: number): void {
    if (done >= 0 && total > 0 && Number.isFinite(done + total)) this.#uplink.progress(this.#key, { done, total });
  }

  checkpoint(checkpoint: { state: Record<string, unknown>; step?: number; uri?: string }): void {
    const { state, step, uri } = checkpoint;
    const isState = typeof state === "object" && state !== null && !Array.isArray(state);
    if (!isState) return void this.#warn("a checkpoint was not kept: its state must be an object");
    const kept = asJson(state);
    if ("problem" in kept) return void this.#warn(`a checkpoint was not kept: ${kept.problem}`);
    this.#uplink.add(this.#key, {
      t: "checkpoint",
      state: kept.json,
      ...(step !== undefined && Number.isFinite(step) && { step }),
      ...(uri !== undefined && { uri }),
    });
  }

  async resume<State = unknown>(): Promise<State | null> {
    const { checkpoint } = await untilAnswered(() => this.#client.runs.checkpoint.query({ runId: this.runId }), {
      clock: systemClock,
      isAgain: (error) => (error instanceof MLQueueError && error.retryable ? error : null),
      signal: this.signal,
    });
    // What was given to checkpoint() comes back; its type is the caller's to know.
    return checkpoint === null ? null : (checkpoint.state as State);
  }

  exec(program: string, args: string[] = [], options: ExecOptions = {}): Promise<void> {
    return execProgram(program, args, {
      ...options,
      env: { MLQUEUE_RUN_ID: this.runId, MLQUEUE_ATTEMPT: String(this.attempt), ...options.env },
      signal: this.signal,
      sink: {
        line: (stream, line) => this.line(stream, line),
        points: (points) => {
          for (const { key, step, value } of points) this.log({ [key]: value }, { step });
        },
      },
    });
  }

  /** The run succeeded. Resolves when the server knows, or after 5 s without one, since the disk has it then. */
  complete(outcome: { result?: Record<string, unknown>; metrics?: Record<string, number> } = {}): Promise<void> {
    const checked = asResult(outcome.result);
    if ("problem" in checked) return this.fail(checked.problem);
    return this.#end({
      kind: "complete",
      ...(checked.result && { result: checked.result }),
      ...(outcome.metrics && { metrics: outcome.metrics }),
    });
  }

  /** The run failed. @param reason a sentence, or what was thrown: then with its stack */
  fail(reason: unknown): Promise<void> {
    const message = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    return this.#end({ kind: "fail", errorMessage: message.slice(0, 10_000).replaceAll("\0", "\u2400") });
  }

  abort(kind: AbortKind): void {
    // A cancelled or lost run is not told of again.
    if (kind !== "drain") this.#isEnded = true;
    this.#abort.abort(new RunAborted(kind));
  }

  async #end(end: RunEnd): Promise<void> {
    this.#uplink.poll();
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#uplink.add(this.#key, { t: "end", end });
    const late = new AbortController();
    await Promise.race([this.settled, systemClock.wait(END_WAIT_MS, late.signal)]);
    late.abort();
  }

  /** A run that is left without an end has failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.fail("The driver left the run without an end.");
  }
}

const asJson = (state: Record<string, unknown>): { json: Record<string, unknown> } | { problem: string } => {
  try {
    const text = JSON.stringify(state);
    const bytes = Buffer.byteLength(text);
    return bytes > MAX_CHECKPOINT_BYTES
      ? {
          problem: `it has ${bytes} bytes, and at most ${MAX_CHECKPOINT_BYTES} are; put the weights into a file and give its uri`,
        }
      : { json: JSON.parse(text) as Record<string, unknown> };
  } catch (error) {
    return { problem: `it cannot be written as JSON (${error instanceof Error ? error.message : String(error)})` };
  }
};
