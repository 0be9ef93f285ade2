// The loop: claims runs, trains n of them at a time, and stops well.
import { captureOutput } from "./capture-output";
import type { ClaimedRun, RunContext } from "./claimed-run";
import type { ParamsOf, ParamsSchema } from "./params";
import { openUnit, type Unit, type UnitOptions } from "./unit";

// biome-ignore lint/suspicious/noConfusingVoidType: a training function without a return statement is a Promise<void>
export type RunResult = Record<string, unknown> | undefined | void;

export type DriverDefinition<S extends ParamsSchema | undefined> = UnitOptions<S> & {
  /**
   * Trains one run. What it returns is the result; what it throws is the failure.
   *
   * `signal` is aborted when the run was cancelled, lost, or the driver was stopped twice: `signal.reason.kind` says which.
   */
  run: (run: { params: ParamsOf<S>; ctx: RunContext; signal: AbortSignal }) => Promise<RunResult> | RunResult;
  /** runs at a time, default 1 */
  concurrency?: number | undefined;
  /** console output inside `run` also goes to the run's log; default true */
  captureOutput?: boolean | undefined;
  /** after an abort a run has this long to return, default 10,000 ms */
  graceMs?: number | undefined;
};

export type StartOptions = {
  /** End when no run is pending, rather than wait for more. */
  untilEmpty?: boolean | undefined;
  /** SIGTERM and SIGINT: the first drains, the second aborts. Default true */
  handleSignals?: boolean | undefined;
};

/** How the runs of a driver ended. `stopped`: cancelled or lost. */
export type Tally = { completed: number; failed: number; stopped: number };

export type Driver = {
  /** Runs until it was drained. @throws what cannot be mended by waiting: no such unit, a wrong key */
  start: (options?: StartOptions) => Promise<Tally>;
  /** Claims no more; runs under way go on to their end. */
  drain: () => void;
  /** Drains, and aborts the runs under way with the reason `drain`. They are failed. */
  abort: () => void;
};

const STOPPED = "The driver was stopped before the run ended.";

/** A driver of one unit. Nothing happens before `start`. */
export const defineDriver = <const S extends ParamsSchema | undefined = undefined>(
  definition: DriverDefinition<S>,
): Driver => {
  const draining = new AbortController();
  const aborting = new AbortController();
  const drain = () => draining.abort();
  const abort = () => {
    drain();
    aborting.abort();
  };
  const onSignal = () => {
    if (aborting.signal.aborted) process.exit(143);
    if (draining.signal.aborted) abort();
    else drain();
  };

  const start = async ({ untilEmpty = false, handleSignals = true }: StartOptions = {}): Promise<Tally> => {
    const unhandle = handleSignals ? handle(onSignal) : () => {};
    try {
      const unit = await openUnit({ ...definition, slots: slotsOf(definition) });
      draining.signal.addEventListener("abort", () => unit.drain(), { once: true });
      try {
        return await loop(unit, definition, { draining: draining.signal, aborting: aborting.signal, untilEmpty });
      } finally {
        await unit.close(aborting.signal.aborted ? 5000 : undefined);
      }
    } finally {
      unhandle();
    }
  };
  return { start, drain, abort };
};

const handle = (listener: () => void): (() => void) => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, listener);
  return () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.off(signal, listener);
  };
};

type Control = { draining: AbortSignal; aborting: AbortSignal; untilEmpty: boolean };

const loop = async <S extends ParamsSchema | undefined>(
  unit: Unit<S>,
  definition: DriverDefinition<S>,
  { draining, aborting, untilEmpty }: Control,
): Promise<Tally> => {
  const tally: Tally = { completed: 0, failed: 0, stopped: 0 };
  const active = new Set<Promise<void>>();
  const slots = slotsOf(definition);
  for await (const run of unit.claim({ signal: draining, untilEmpty })) {
    const ended = train(run, definition, aborting, tally).finally(() => active.delete(ended));
    active.add(ended);
    if (active.size >= slots) await Promise.race(active);
  }
  await Promise.all(active);
  return tally;
};

const slotsOf = ({ concurrency = 1 }: { concurrency?: number | undefined }): number =>
  Math.max(1, Math.floor(concurrency));

/** One run from claim to end. Never rejects. */
const train = async <S extends ParamsSchema | undefined>(
  run: ClaimedRun<ParamsOf<S>>,
  definition: DriverDefinition<S>,
  aborting: AbortSignal,
  tally: Tally,
): Promise<void> => {
  const abort = () => run.abort("drain");
  if (aborting.aborted) abort();
  aborting.addEventListener("abort", abort, { once: true });
  const capture = definition.captureOutput ?? true;
  const body = async () => definition.run({ params: run.params, ctx: run, signal: run.signal });
  const training = capture ? captureOutput((stream, line) => run.line(stream, line), body) : body();
  const outcome = await Promise.race([
    training.then(
      (result) => ({ kind: "returned", result }) as const,
      (error: unknown) => ({ kind: "threw", error }) as const,
    ),
    graceOver(run.signal, definition.graceMs ?? 10_000),
  ]);
  aborting.removeEventListener("abort", abort);
  // The end is on its way: the slot is free for the next run.
  if (outcome.kind === "returned") void run.complete({ ...(outcome.result && { result: outcome.result }) });
  else if (run.abortedAs === "drain") void run.fail(STOPPED);
  else if (outcome.kind === "threw") void run.fail(outcome.error);
  count(run, outcome.kind, tally);
};

const count = (run: ClaimedRun<unknown>, kind: "returned" | "threw" | "late", tally: Tally): void => {
  if (run.abortedAs === "cancelled" || run.abortedAs === "lost") tally.stopped++;
  else if (kind === "returned") tally.completed++;
  else tally.failed++;
};

/** A training that does not heed its signal must not hold its slot for ever, though it goes on burning CPU. */
const graceOver = (signal: AbortSignal, graceMs: number): Promise<{ kind: "late" }> =>
  new Promise((resolve) => {
    const onAbort = () => setTimeout(() => resolve({ kind: "late" }), graceMs).unref();
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
