// Bulk actions: what can be done is done, what cannot is named, and nobody else's task is touched.
import { beforeAll, describe, expect, test } from "vitest";
import { appRouter } from "../api/root";
import { createCallerFactory } from "../platform/trpc";
import { claim, makeTask, makeUserId, makeWorker, times } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { cancelTask } from "./cancel";
import { countTasks } from "./counts";

useTestServices({ ALLOW_COMMANDS: "true" });

const callProcedures = createCallerFactory(appRouter);
const callerFor = (userId: string) =>
  callProcedures({
    requestId: "req_test",
    locale: "en",
    authenticate: async () => ({ userId, scopes: ["*"] }),
    countTry: async () => {},
  }).tasks;

let me: string;
let tasks: ReturnType<typeof callerFor>;
beforeAll(() => {
  me = makeUserId();
  tasks = callerFor(me);
});

const idsOf = (made: { taskId: string }[]) => made.map((task) => task.taskId);
const makeMany = async (n: number, queue: string) => {
  const made: string[] = [];
  for (const _ of times(n, () => 0)) made.push((await makeTask(me, { queue })).taskId);
  return made;
};

describe("cancelMany", () => {
  test("cancels what waits, asks workers to stop what runs, and names the rest", async () => {
    const [runs = "", waits = "", ended = ""] = await makeMany(3, "mixed");
    await claim(await makeWorker({ queues: ["mixed"] }));
    await cancelTask(me, { taskId: ended });
    const [later] = idsOf([await makeTask(me, { queue: "mixed", runAt: "2999-01-01T00:00:00Z" })]);
    const foreign = (await makeTask(makeUserId(), { queue: "mixed" })).taskId;
    const outcome = await tasks.cancelMany({
      taskIds: [ended, waits, foreign, runs, later ?? "", waits],
      reason: "no",
    });
    expect([...outcome.taskIds].sort()).toEqual([runs, waits, later].sort());
    expect(outcome.refused).toEqual([
      { taskId: ended, code: "TASK_ALREADY_COMPLETED", sentence: expect.stringContaining(ended) },
      { taskId: foreign, code: "TASK_NOT_FOUND", sentence: expect.stringContaining(foreign) },
    ]);
    expect(await tasks.get({ taskId: runs })).toMatchObject({
      status: "running",
      cancelRequestedAt: expect.any(String),
    });
    for (const taskId of [waits, later ?? ""])
      expect(await tasks.get({ taskId })).toMatchObject({
        status: "cancelled",
        errorMessage: "cancelled: no",
        queuePosition: null,
      });
    expect(await countTasks(me, "mixed")).toMatchObject({ running: 1, cancelled: 3, queued: 0, pending: 0 });
    expect(await claim(await makeWorker({ queues: ["mixed"] }), 5)).toMatchObject([{ taskId: foreign }]);
  });

  test("what waits for a cancelled task fails", async () => {
    const [first = ""] = await makeMany(1, "chain");
    const { taskId } = await makeTask(me, { queue: "chain", dependsOn: [first] });
    await tasks.cancelMany({ taskIds: [first] });
    expect((await tasks.get({ taskId })).status).toBe("failed");
  });

  test("a thousand at once, twice at the same time, and beside single ones: each is cancelled once", async () => {
    const { taskIds } = await tasks.createMany({
      tasks: times(1000, (n) => ({ name: `n${n}`, config: {}, queue: "many" })),
    });
    const [a, b] = await Promise.all([
      tasks.cancelMany({ taskIds }),
      tasks.cancelMany({ taskIds: [...taskIds].reverse() }),
      ...taskIds.slice(0, 5).map((taskId) => tasks.cancel({ taskId }).catch(() => null)),
    ]);
    expect(a.taskIds.length + a.refused.length).toBe(1000);
    expect(b.taskIds.length + b.refused.length).toBe(1000);
    expect(new Set([...a.taskIds, ...b.taskIds]).size).toBe(a.taskIds.length + b.taskIds.length);
    expect(await countTasks(me, "many")).toMatchObject({ queued: 0, cancelled: 1000 });
  });
});

describe("retryMany", () => {
  test("puts back what failed or was cancelled, in order of creation, and names the rest", async () => {
    const ids = await makeMany(4, "again");
    const [a = "", b = "", c = "", waits = ""] = ids;
    await tasks.cancelMany({ taskIds: [c, a, b] });
    const outcome = await tasks.retryMany({ taskIds: [c, "task_nope", waits, b, a, a] });
    expect([...outcome.taskIds].sort()).toEqual([a, b, c].sort());
    expect(outcome.refused.map(({ taskId, code }) => [taskId, code])).toEqual([
      ["task_nope", "TASK_NOT_FOUND"],
      [waits, "CONFLICT"],
    ]);
    const page = await tasks.list({ queue: "again", status: ["queued"] });
    expect(idsOf(page.tasks)).toEqual([waits, a, b, c]);
    expect(page.tasks.map((task) => task.queuePosition)).toEqual([1, 2, 3, 4]);
    expect(page.tasks.every((task) => task.errorMessage === null && task.cancelRequestedAt === null)).toBe(true);
    expect(await countTasks(me, "again")).toMatchObject({ queued: 4, cancelled: 0 });
    expect((await tasks.retryMany({ taskIds: [a] })).refused).toMatchObject([{ taskId: a, code: "CONFLICT" }]);
  });

  test("another account's tasks stay as they are", async () => {
    const [mine = ""] = await makeMany(1, "foreign");
    await tasks.cancelMany({ taskIds: [mine] });
    const other = callerFor(makeUserId());
    expect(await other.retryMany({ taskIds: [mine] })).toMatchObject({
      taskIds: [],
      refused: [{ code: "TASK_NOT_FOUND" }],
    });
    expect((await tasks.get({ taskId: mine })).status).toBe("cancelled");
  });
});

test("from 1 to 1000 ids", async () => {
  for (const taskIds of [[], times(1001, (n) => `task_${n}`)])
    for (const verb of ["cancelMany", "retryMany"] as const)
      await expect(tasks[verb]({ taskIds })).rejects.toMatchObject({ cause: { details: [{ path: "taskIds" }] } });
});
