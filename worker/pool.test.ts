// When a slot is free: the pool over real claims, with programs that are only promises.
import { beforeEach, expect, test } from "vitest";
import type { ClaimedTask, ClaimingWorker } from "../src/tasks/claim";
import { createTasks } from "../src/tasks/create";
import { registerWorker } from "../src/tasks/worker-registry";
import { aTask, makeUserId } from "../src/testing/engine";
import { useTestServices } from "../src/testing/services";
import { Pool } from "./pool";
import type { RunningTask } from "./running-task";

useTestServices({ ALLOW_COMMANDS: "true" });

const here = { bootId: "boot", pidNamespace: "pids", pid: process.pid, pidStartTime: 1 };

/** A program that ends, and whose end is recorded, when the test says so. */
type Run = { task: ClaimedTask; over: () => void; done: () => void };

let n = 0;
let queue = "";
beforeEach(() => {
  queue = `p${n++}`;
});

const openPool = async (slots: number, gpus = 0) => {
  const totals = { gpus, cpus: 8, memoryMb: 1024 };
  const workerId = `worker-${queue}`;
  const epoch = await registerWorker({
    ...{ workerId, host: "host", ...here, version: "test", slots, cpus: 8, memoryMb: 1024 },
    gpus: Array.from({ length: gpus }, (_, at) => String(at)),
    queues: [queue],
    entrypoints: [],
    allowsCommands: true,
  });
  const worker: ClaimingWorker = { workerId, epoch, ...here, queues: [queue], totals };
  const runs: Run[] = [];
  const start = (task: ClaimedTask): RunningTask => {
    const run: Run = { task, over: () => {}, done: () => {} };
    runs.push(run);
    return {
      task,
      stop: () => {},
      over: new Promise((resolve) => {
        run.over = resolve;
      }),
      done: new Promise((resolve) => {
        run.done = resolve;
      }),
    };
  };
  const pool = new Pool({
    ...{ worker, slots, running: new Map<string, RunningTask>(), claimsUnderWay: new Set<string>() },
    presence: { mayClaim: true },
    start,
  });
  pool.start();
  return { pool, runs };
};

const queued = (count: number, gpus = 0) =>
  createTasks(
    makeUserId(),
    Array.from({ length: count }, () => aTask({ queue, command: ["true"], resources: { gpus, cpus: 0, memoryMb: 0 } })),
  );

test("the next program starts once the one before is dead, while that one's end is still being recorded", async () => {
  const ids = await queued(3);
  const { pool, runs } = await openPool(1);
  await expect.poll(() => runs.length).toBe(1);
  runs[0]?.over();
  await expect.poll(() => runs.length).toBe(2);
  expect(runs.map((run) => run.task.taskId)).toEqual(ids.slice(0, 2));
  await pool.stopClaiming();
});

test("no more than a round of ends waits for PostgreSQL: then slots stay taken", async () => {
  await queued(4);
  const { pool, runs } = await openPool(1);
  await expect.poll(() => runs.length).toBe(1);
  runs[0]?.over();
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.over();
  // Long enough for a poll of the queue, which would have taken the third.
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(runs).toHaveLength(2);
  runs[0]?.done();
  await expect.poll(() => runs.length).toBe(3);
  await pool.stopClaiming();
});

test("a GPU is free only once the end is recorded, since it is leased until then", async () => {
  await queued(2, 1);
  const { pool, runs } = await openPool(2, 1);
  await expect.poll(() => runs.length).toBe(1);
  runs[0]?.over();
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(runs).toHaveLength(1);
  runs[0]?.done();
  await expect.poll(() => runs.length).toBe(2);
  await pool.stopClaiming();
});
