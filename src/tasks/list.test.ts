import { beforeAll, describe, expect, test } from "vitest";
import { aTask, claim, makeUserId, makeWorker, times } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { cancelTask } from "./cancel";
import { createTask } from "./create";
import { finishIfCurrent } from "./finish";
import { type ListInput, listInput } from "./input";
import { listTasks } from "./list";
import { rebuildIfLost } from "./reconcile";
import { TASK_STATUSES, type TaskStatus } from "./status";
import type { Task } from "./task";

useTestServices({ ALLOW_COMMANDS: "true" });

const userId = makeUserId();
let all: Task[] = [];

/** All pages behind one another. */
const walk = async (input: Partial<ListInput>): Promise<Task[]> => {
  const found: Task[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await listTasks(userId, listInput.parse({ ...input, limit: 7, ...(cursor && { cursor }) }));
    found.push(...page.tasks);
    cursor = page.nextCursor;
  }
  return found;
};

const idsOf = (tasks: Task[]) => tasks.map((task) => task.taskId);

beforeAll(async () => {
  await rebuildIfLost();
  const queues = ["a", "b", "c"];
  for (const n of times(36, (index) => index)) {
    const queue = queues[n % 3] ?? "a";
    const later = n % 9 === 8 ? { runAt: "2099-01-01T00:00:00Z" } : {};
    await createTask(
      userId,
      aTask({ name: `task ${n % 5}`, priority: n % 4, queue, tags: n % 2 ? ["odd"] : [], ...later }),
    );
  }
  const claimed = await claim(await makeWorker(), 16);
  for (const [n, { taskId, attempt }] of claimed.slice(0, 12).entries()) {
    const end = { taskId, attempt, exitCode: n % 3, signal: null, result: null };
    await finishIfCurrent(
      n % 3 === 0
        ? { ...end, outcome: "succeeded" }
        : { ...end, outcome: "failed", errorMessage: "exit code 1", errorKind: "exit" },
    );
  }
  const queued = await walk({ status: ["queued"] });
  for (const task of queued.slice(-4)) await cancelTask(userId, { taskId: task.taskId });
  // Newest first is the order of creation backwards: every other order is checked against this one.
  all = await walk({});
}, 60_000);

type Time = "startedAt" | "completedAt";
const byTime = (field: Time, ascending: boolean) => (a: Task, b: Task) => {
  const [x, y] = [a[field], b[field]];
  if (x === null || y === null) return Number(x === null) - Number(y === null);
  return (x < y ? -1 : x > y ? 1 : 0) * (ascending ? 1 : -1);
};
const ORDERS: Record<NonNullable<ListInput["sort"]>, (ascending: boolean) => (a: Task, b: Task) => number> = {
  created_at: () => () => 0,
  priority: (ascending) => (a, b) => (a.priority - b.priority) * (ascending ? 1 : -1),
  name: (ascending) => (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) * (ascending ? 1 : -1),
  started_at: (ascending) => byTime("startedAt", ascending),
  completed_at: (ascending) => byTime("completedAt", ascending),
};

const STATUSES: TaskStatus[][] = [
  [],
  ...TASK_STATUSES.map((status) => [status]),
  ["completed", "failed", "cancelled"],
  ["running", "failed"],
  ["queued", "pending", "cancelled"],
];

describe("pages by cursor hold every task once and in order", () => {
  test("all statuses are there", () => {
    expect(all).toHaveLength(36);
    expect(new Set(all.map((task) => task.status))).toEqual(new Set(TASK_STATUSES));
  });

  for (const sort of Object.keys(ORDERS) as NonNullable<ListInput["sort"]>[])
    for (const order of ["asc", "desc"] as const)
      test(`sort=${sort}, order=${order}`, async () => {
        for (const status of STATUSES) {
          const wanted = all.filter((task) => status.length === 0 || status.includes(task.status));
          if (sort === "created_at" && order === "asc") wanted.reverse();
          const expected = [...wanted].sort(ORDERS[sort](order === "asc"));
          expect({ status, ids: idsOf(await walk({ status, sort, order })) }).toEqual({ status, ids: idsOf(expected) });
        }
      });
});

test("queued tasks of all queues come in the order in which they will run, with search and paging by offset", async () => {
  const queued = all.filter((task) => task.status === "queued").reverse();
  const expected = [...queued].sort((a, b) => b.priority - a.priority);
  expect(idsOf(await walk({ status: ["queued"] }))).toEqual(idsOf(expected));
  expect(idsOf(await walk({ status: ["queued"], order: "desc" }))).toEqual(idsOf(expected).reverse());
  expect(idsOf(await walk({ status: ["queued"], queue: "b" }))).toEqual(
    idsOf(expected.filter((task) => task.queue === "b")),
  );
  expect(idsOf(await walk({ status: ["queued"], tag: "odd" }))).toEqual(
    idsOf(expected.filter((task) => task.tags.includes("odd"))),
  );
  const second = await listTasks(userId, listInput.parse({ status: ["queued"], limit: 5, offset: 5 }));
  expect(idsOf(second.tasks)).toEqual(idsOf(expected).slice(5, 10));
  expect(second.total).toBe(expected.length);
});

test("a search counts what it finds", async () => {
  const found = await listTasks(userId, listInput.parse({ q: "TASK 3", status: ["failed", "queued"], limit: 2 }));
  const expected = all.filter((task) => task.name === "task 3" && ["failed", "queued"].includes(task.status));
  expect(found.total).toBe(expected.length);
  expect(idsOf(found.tasks)).toEqual(idsOf(expected).slice(0, 2));
});
