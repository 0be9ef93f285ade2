// What this process counts and measures for Prometheus. Base units, and no ids as labels: they would never stop growing.
import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";

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

export const runEnds = new Counter({
  name: "mlqueue_run_ends_total",
  help: "Runs that ended by a call to this process, by outcome: completed, failed, cancelled, or lost for those whose driver fell silent",
  labelNames: ["outcome"],
  registers: [registry],
});

let isMeasured = false;

/** Memory, processor time and event-loop lag of this process; measuring starts with the first call. */
export const measureProcess = (): void => {
  if (isMeasured) return;
  isMeasured = true;
  collectDefaultMetrics({ register: registry });
};
