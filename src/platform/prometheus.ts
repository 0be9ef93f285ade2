// What this process counts and measures for Prometheus. Base units, and no ids as labels: they would never stop growing.
import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";
import { totalCounter, totalHistogram } from "./totals";

export const registry = new Registry();

/** From a plain create (1 ms) to the slowest query that a page waits for. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** `route` as the table of routes writes it, `/api/trpc/tasks.create`, `page`, or `unknown`; `code` 499 when the client went away. */
export const requestDuration = new Histogram({
  name: "http_request_duration_seconds",
  help: "Time from a request's head to the end of its answer; event streams are left out",
  labelNames: ["route", "method", "code"],
  buckets: SECONDS,
  registers: [registry],
});

export const rateLimited = new Counter({
  name: "mlqueue_rate_limited_total",
  help: "Requests that were refused since their account sent too many",
  labelNames: ["bucket"],
  registers: [registry],
});

export const overloadRefused = new Counter({
  name: "mlqueue_overload_refused_total",
  help: "Requests that this process refused since it had too much to do",
  registers: [registry],
});

const outcomeOfRuns = totalCounter(
  "mlqueue_run_ends_total",
  "Runs that ended by outcome: completed, failed, cancelled, or lost for those whose driver fell silent",
);
export const lost = totalCounter(
  "mlqueue_lost_total",
  "Attempts that were given up, by reason: the worker died, it shut down, or the driver fell silent",
);
/** Ends of runs; a run that is lost is also one of what was lost. */
export const runEnds = {
  inc: (labels: { outcome: string }, by = 1): void => {
    outcomeOfRuns.inc(labels, by);
    if (labels.outcome === "lost") lost.inc({ reason: "driver_silent" }, by);
  },
};

export const claims = totalCounter("mlqueue_claims_total", "What a worker or driver took to run it, by kind");
export const runWait = totalHistogram(
  "mlqueue_run_wait_seconds",
  "Time from being queued to the start of an attempt, by kind",
);
export const runDuration = totalHistogram(
  "mlqueue_run_duration_seconds",
  "How long an attempt ran, by kind and outcome",
);
export const webhookDeliveries = totalCounter(
  "mlqueue_webhook_deliveries_total",
  "Tries to deliver an event, by outcome: delivered, retried, or failed for good",
);

let isMeasured = false;

/** Memory, processor time and event-loop lag of this process; measuring starts with the first call. */
export const measureProcess = (): void => {
  if (isMeasured) return;
  isMeasured = true;
  collectDefaultMetrics({ register: registry });
};
