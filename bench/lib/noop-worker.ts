// The worker's own pool with programs that do nothing: what claim and finish cost by themselves.
import { getEnv } from "../../src/platform/env";
import { openRedis } from "../../src/platform/redis";
import type { ClaimedTask, ClaimingWorker } from "../../src/tasks/claim";
import { finishIfCurrent } from "../../src/tasks/finish";
import { markStopped, registerWorker } from "../../src/tasks/worker-registry";
import { Pool } from "../../worker/pool";
import { Presence, WorkerName } from "../../worker/presence";
import type { RunningTask } from "../../worker/running-task";

const here = { bootId: "bench", pidNamespace: "bench", pid: process.pid, pidStartTime: 1 };
const totals = { gpus: 0, cpus: 1024, memoryMb: 1_048_576 };

export type NoopWorker = { start: () => void; stop: () => Promise<void> };

/** A worker's row, as claims need it; nothing runs under it. */
export const registerBenchWorker = async (slots: number, workerId = `bench-bare-${slots}`): Promise<ClaimingWorker> => {
  const epoch = await registerWorker({
    workerId,
    host: "bench",
    ...here,
    version: "bench",
    slots,
    cpus: totals.cpus,
    memoryMb: totals.memoryMb,
    gpus: [],
    queues: null,
    entrypoints: [],
    allowsCommands: true,
  });
  return { workerId, epoch, ...here, queues: null, totals };
};

/**
 * A worker in this process, registered and heard of by heartbeats.
 *
 * @param onStart told of each task as its program would start
 * @param onEnd   told when its end is committed
 */
export const openNoopWorker = async (
  slots: number,
  onStart: (task: ClaimedTask) => void,
  onEnd: (task: ClaimedTask) => void,
): Promise<NoopWorker> => {
  const env = getEnv();
  const name = await WorkerName.take(env.DATABASE_URL, `bench-${slots}`);
  const worker = await registerBenchWorker(slots, name.name);
  const running = new Map<string, RunningTask>();
  const claimsUnderWay = new Set<string>();
  const presence = new Presence({
    worker,
    name,
    running,
    claimsUnderWay,
    cancelGraceMs: 0,
    guardFor: () => {},
    onSuperseded: () => {
      throw new Error("Another process took the bench's worker name.");
    },
  });
  const run = async (task: ClaimedTask): Promise<void> => {
    onStart(task);
    const { taskId, attempt } = task;
    await finishIfCurrent({ taskId, attempt, outcome: "succeeded", exitCode: 0, signal: null, result: null });
    onEnd(task);
  };
  const pool = new Pool({
    worker,
    slots,
    running,
    claimsUnderWay,
    presence,
    start: (task) => ({ task, stop: () => {}, over: Promise.resolve(), done: run(task) }),
  });
  const subscriber = openRedis(env.REDIS_URL, { subscriber: true });
  await pool.listen(subscriber);
  presence.start();
  return {
    start: () => pool.start(),
    stop: async () => {
      await pool.stopClaiming();
      await pool.allDone();
      await presence.stop();
      await markStopped(worker);
      await name.release();
      subscriber.disconnect();
    },
  };
};
