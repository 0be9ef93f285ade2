import { expect, test } from "vitest";
import { makeTranslate } from "../../i18n/translate";
import { type LiveWorker, type QueueState, type WaitingTask, waitingReason } from "../waiting-reason";
import { waitingText } from "./waiting-text";

const now = new Date("2026-11-25T12:00:00Z");
const task: WaitingTask = { status: "queued", class: "g2c4m8192", entrypoint: "train.py", runAt: null, blockedBy: [] };
const queue: QueueState = { name: "default", paused: false, reason: null };
const worker: LiveWorker = {
  totals: { gpus: 4, cpus: 8, memoryMb: 16_000 },
  queues: null,
  entrypoints: ["train.py"],
  draining: false,
};

/** Every way in which a task can wait. */
const REASONS: [string, string | null][] = [
  [
    "scheduled",
    waitingReason({ ...task, status: "pending", runAt: new Date("2026-11-26T12:00:00Z") }, queue, [worker], now),
  ],
  ["one dependency", waitingReason({ ...task, status: "pending", blockedBy: ["task_a"] }, queue, [worker], now)],
  [
    "many dependencies",
    waitingReason({ ...task, status: "pending", blockedBy: ["a", "b", "c", "d", "e"] }, queue, [worker], now),
  ],
  ["client", waitingReason({ ...task, class: "client" }, queue, [worker], now)],
  ["paused", waitingReason(task, { ...queue, paused: true }, [worker], now)],
  [
    "paused, with a reason",
    waitingReason(task, { ...queue, paused: true, reason: "driver update: soon" }, [worker], now),
  ],
  ["no worker", waitingReason(task, queue, [], now)],
  ["not served", waitingReason(task, queue, [{ ...worker, queues: ["other"] }], now)],
  [
    "too few GPUs and CPUs",
    waitingReason(task, queue, [{ ...worker, totals: { gpus: 0, cpus: 1, memoryMb: 16_000 } }], now),
  ],
  ["too little memory", waitingReason(task, queue, [{ ...worker, totals: { gpus: 2, cpus: 4, memoryMb: 1000 } }], now)],
  [
    "no single worker",
    waitingReason(
      task,
      queue,
      [
        { ...worker, totals: { gpus: 0, cpus: 8, memoryMb: 16_000 } },
        { ...worker, totals: { gpus: 2, cpus: 0, memoryMb: 8192 } },
      ],
      now,
    ),
  ],
  ["no such program", waitingReason(task, queue, [{ ...worker, entrypoints: [] }], now)],
  ["draining", waitingReason(task, queue, [{ ...worker, draining: true }], now)],
];

test.each(REASONS)("the reason of a task that waits (%s) is known in Chinese", (_, reason) => {
  if (reason === null) throw new Error("it does not wait");
  const text = waitingText(makeTranslate("zh"), reason);
  expect(text).not.toBe(reason);
  expect(text).toMatch(/\p{Script=Han}/u);
});

test("names and numbers survive", () => {
  const t = makeTranslate("en");
  expect(waitingText(t, "needs 2 GPUs, where the largest worker has 0")).toBe(
    "needs 2 GPUs, but the largest worker has 0",
  );
  expect(waitingText(t, "queue gpu is paused: driver update: soon")).toContain("driver update: soon");
});

test("a sentence that is not known stays as it came", () => {
  expect(waitingText(makeTranslate("zh"), "something new")).toBe("something new");
});
