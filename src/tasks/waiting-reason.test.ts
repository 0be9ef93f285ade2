import { expect, test } from "vitest";
import { type LiveWorker, type WaitingTask, waitingReason } from "./waiting-reason";

const now = new Date("2026-11-25T08:00:00Z");
const queue = { name: "default", paused: false, reason: null };
const worker: LiveWorker = {
  totals: { gpus: 2, cpus: 8, memoryMb: 16_000 },
  queues: null,
  entrypoints: ["train.mjs"],
  draining: false,
};
const task: WaitingTask = { status: "queued", class: "g0c0m0", entrypoint: null, runAt: null, blockedBy: [] };

test.each<[string, string | null, string | null]>([
  ["it waits for its turn", waitingReason(task, queue, [worker], now), null],
  [
    "a client's task",
    waitingReason({ ...task, class: "client" }, queue, [worker], now),
    "waits for a client to start it: it names no entrypoint and no command",
  ],
  [
    "paused",
    waitingReason(task, { ...queue, paused: true, reason: "maintenance" }, [worker], now),
    "queue default is paused: maintenance",
  ],
  ["no worker", waitingReason(task, queue, [], now), "no worker is running"],
  [
    "no worker for the queue",
    waitingReason(task, queue, [{ ...worker, queues: ["gpu"] }], now),
    "no running worker serves queue default",
  ],
  [
    "too big",
    waitingReason({ ...task, class: "g4c16m0" }, queue, [worker], now),
    "needs 4 GPUs, where the largest worker has 2; 16 CPUs, where the largest worker has 8",
  ],
  [
    "no program",
    waitingReason({ ...task, entrypoint: "other.py" }, queue, [worker], now),
    "no running worker has the program other.py",
  ],
  [
    "draining",
    waitingReason(task, queue, [{ ...worker, draining: true }], now),
    "the workers that could run it are shutting down",
  ],
  [
    "scheduled",
    waitingReason({ ...task, status: "pending", runAt: new Date("2026-11-25T09:00:00Z") }, queue, [worker], now),
    "scheduled for 2026-11-25T09:00:00.000Z",
  ],
  [
    "blocked",
    waitingReason(
      { ...task, status: "pending", blockedBy: ["task_a", "task_b", "task_c", "task_d"] },
      queue,
      [worker],
      now,
    ),
    "waits for task_a, task_b, task_c and 1 more",
  ],
])("%s", (_, reason, wanted) => {
  expect(reason).toBe(wanted);
});
