// GET /metrics, for Prometheus.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Gauge } from "prom-client";
import { version } from "../../package.json";
import { bearerOf } from "../accounts/authenticate";
import { getEnv } from "../platform/env";
import { DomainError } from "../platform/errors";
import { countListeners } from "../platform/live-hub";
import { log } from "../platform/log";
import { measureProcess, registry } from "../platform/prometheus";
import { totalsText } from "../platform/totals";
import { driverGauges, etaErrorRatio, oldestPendingRun, unendedRuns } from "../runs/gauges";
import { gpuBusyRatio, oldestWaitingTask, tasksByQueue, workerGauges } from "../tasks/gauges";
import { answerError, answerText, type Exchange } from "./answer";

const gauge = (name: string, help: string, labelNames: string[] = []) =>
  new Gauge({ name, help, labelNames, registers: [registry] });

const tasks = gauge(
  "mlqueue_tasks",
  "Tasks by status and queue; the empty queue stands for all those beyond the hundred with the most to do",
  ["queue", "status"],
);
const runs = gauge("mlqueue_runs", "Runs that wait or run", ["status"]);
const workers = gauge("mlqueue_workers", "Workers that are alive", ["state"]);
const slots = gauge("mlqueue_worker_slots", "Programs that live workers run, and could run besides", ["state"]);
const drivers = gauge("mlqueue_drivers", "Units whose driver is heard, and those whose driver fell silent", ["state"]);
const oldest = gauge(
  "mlqueue_oldest_pending_seconds",
  "Age of the oldest task that waits to be run, and of the oldest run that is next in its unit; 0 when none waits",
  ["kind"],
);
const gpuBusy = gauge(
  "mlqueue_gpu_busy_ratio",
  "Share of the GPUs of live workers that an attempt holds; left out without GPUs",
);
const etaError = gauge(
  "mlqueue_eta_error_ratio",
  "Median of |said - true| / true over the newest estimates of each unit whose runs completed; left out without any",
);
const reached = gauge("mlqueue_database_up", "Whether PostgreSQL answered; if not, what is read from it is left out");
const listeners = gauge("mlqueue_sse_clients", "Open event streams of this process");
gauge("mlqueue_build_info", "The version that runs, as a label; always 1", ["version"]).set({ version }, 1);

const read = async (): Promise<void> => {
  const stored = [tasks, runs, workers, slots, drivers, oldest, gpuBusy, etaError];
  try {
    const [byQueue, byStatus, ofWorkers, ofDrivers, oldestTask, oldestRun, gpuRatio, etaRatio] = await Promise.all([
      tasksByQueue(),
      unendedRuns(),
      workerGauges(),
      driverGauges(),
      oldestWaitingTask(),
      oldestPendingRun(),
      gpuBusyRatio(),
      etaErrorRatio(),
    ]);
    for (const one of stored) one.reset();
    for (const { queue, status, count } of byQueue) tasks.set({ queue, status }, count);
    for (const { status, count } of byStatus) runs.set({ status }, count);
    workers.set({ state: "live" }, ofWorkers.live);
    workers.set({ state: "draining" }, ofWorkers.draining);
    slots.set({ state: "busy" }, ofWorkers.busySlots);
    slots.set({ state: "free" }, ofWorkers.freeSlots);
    drivers.set({ state: "connected" }, ofDrivers.connected);
    drivers.set({ state: "disconnected" }, ofDrivers.disconnected);
    oldest.set({ kind: "task" }, oldestTask);
    oldest.set({ kind: "run" }, oldestRun);
    if (gpuRatio === null) gpuBusy.remove();
    else gpuBusy.set(gpuRatio);
    if (etaRatio === null) etaError.remove();
    else etaError.set(etaRatio);
    reached.set(1);
  } catch (error) {
    // An operator needs the process's own figures most when the database is away.
    log.warn({ err: error }, "the figures for /metrics were not read");
    for (const one of stored) one.reset();
    reached.set(0);
  }
};

/** Several scrapers, or somebody who calls it in a loop, cost PostgreSQL no more than one. */
const READ_EVERY_MS = 2000;
let latest: { done: Promise<void>; at: number } | undefined;

const readSometimes = (): Promise<void> => {
  if (!latest || performance.now() - latest.at > READ_EVERY_MS) latest = { done: read(), at: performance.now() };
  return latest.done;
};

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** @throws AUTH_REQUIRED, INVALID_TOKEN where METRICS_TOKEN is set and another one, or none, was sent */
const checkToken = (authorization: string | undefined): void => {
  const wanted = getEnv().METRICS_TOKEN;
  if (wanted === undefined) return;
  const given = bearerOf(authorization);
  if (given === null) throw new DomainError("AUTH_REQUIRED", "authRequired");
  if (!timingSafeEqual(digest(given), digest(wanted))) throw new DomainError("INVALID_TOKEN", "invalidToken");
};

export const answerMetrics = async (exchange: Exchange, request: IncomingMessage): Promise<void> => {
  try {
    checkToken(request.headers.authorization);
  } catch (error) {
    return answerError(exchange, error);
  }
  measureProcess();
  await readSometimes();
  listeners.set(countListeners());
  answerText(exchange, 200, registry.contentType, `${await registry.metrics()}\n${await totalsText()}`);
};
