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

test.each<[string, string | null]>([
  ["it waits for its turn", waitingReason(task, queue, [worker], now)],
  ["a client's task", waitingReason({ ...task, class: "client" }, queue, [worker], now)],
  ["paused", waitingReason(task, { ...queue, paused: true, reason: "maintenance" }, [worker], now)],
  ["no worker", waitingReason(task, queue, [], now)],
  ["no worker for the queue", waitingReason(task, queue, [{ ...worker, queues: ["gpu"] }], now)],
  ["too big", waitingReason({ ...task, class: "g4c16m0" }, queue, [worker], now)],
  ["no program", waitingReason({ ...task, entrypoint: "other.py" }, queue, [worker], now)],
  ["draining", waitingReason(task, queue, [{ ...worker, draining: true }], now)],
  [
    "scheduled",
    waitingReason({ ...task, status: "pending", runAt: new Date("2026-11-25T09:00:00Z") }, queue, [worker], now),
  ],
  [
    "blocked",
    waitingReason(
      { ...task, status: "pending", blockedBy: ["task_a", "task_b", "task_c", "task_d"] },
      queue,
      [worker],
      now,
    ),
  ],
])("%s", (_, reason) => {
  expect(reason).toMatchSnapshot();
});
