import { beforeEach, describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { getEnv } from "../platform/env";
import { getRedis } from "../platform/redis";
import { aClientTask, aTask, claim, makeTask, makeUserId, makeWorker, times } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { taskAttempts } from "./attempts";
import { cancelTask } from "./cancel";
import { changePriority } from "./change-priority";
import { startTask, submitResult } from "./client-run";
import { countTasks, foldCounts } from "./counts";
import { createTask, createTasks } from "./create";
import { finishIfCurrent, giveBack } from "./finish";
import { heartbeat } from "./heartbeat";
import { listInput } from "./input";
import { getTask, listTasks } from "./list";
import { expiredAttempts } from "./lost-attempts";
import { promoteDue, releaseDependents } from "./promote";
import { pauseQueue, resumeQueue } from "./queue-control";
import { queueStatus } from "./queue-status";
import { rebuildIfLost, repairAll, repairRecent } from "./reconcile";
import { reorderTasks } from "./reorder";
import { retryTask } from "./retry";

useTestServices({ ALLOW_COMMANDS: "true" });

const succeed = (task: { taskId: string; attempt: number }, result = {}) =>
  finishIfCurrent({
    taskId: task.taskId,
    attempt: task.attempt,
    outcome: "succeeded",
    exitCode: 0,
    signal: null,
    result,
  });
const fail = (task: { taskId: string; attempt: number }) =>
  finishIfCurrent({
    taskId: task.taskId,
    attempt: task.attempt,
    outcome: "failed",
    exitCode: 1,
    signal: null,
    result: null,
    errorMessage: "exit code 1",
    errorKind: "exit",
  });

/** Every key of this test's prefix goes: what FLUSHALL does to a queue that is alone on its Redis. */
const loseRedis = async () => {
  const keys = await getRedis().keys(`${getEnv().REDIS_PREFIX}*`);
  if (keys.length > 0) await getRedis().del(...keys);
};

const redisOrder = async (queue: string) => {
  const keys = await getRedis().keys(`${getEnv().REDIS_PREFIX}ready:${queue}|*`);
  const entries: [string, number][] = [];
  for (const key of keys) {
    const flat = await getRedis().zrange(key, "0", "-1", "WITHSCORES");
    for (let i = 0; i < flat.length; i += 2) entries.push([String(flat[i]), Number(flat[i + 1])]);
  }
  return entries.sort((a, b) => a[1] - b[1]);
};
const readyRows = async (queue: string) => {
  const rows = await getSql()<
    { task_id: string; place: number }[]
  >`SELECT task_id, place FROM ready_tasks WHERE queue = ${queue} ORDER BY place`;
  return rows.map((row): [string, number] => [row.task_id, row.place]);
};

let userId = "";
let queue = "";
let n = 0;
beforeEach(async () => {
  userId = makeUserId();
  queue = `q${n++}`;
  await rebuildIfLost();
});

describe("order", () => {
  test("higher priority first, equal priorities in order of creation; positions count from 1", async () => {
    const low = await makeTask(userId, { queue, priority: -1 });
    const first = await makeTask(userId, { queue });
    const second = await makeTask(userId, { queue });
    const high = await makeTask(userId, { queue, priority: 5 });
    expect(high.queuePosition).toBe(1);
    expect((await getTask(userId, low.taskId)).queuePosition).toBe(4);
    const worker = await makeWorker({ queues: [queue] });
    const order = [...(await claim(worker, 2)), ...(await claim(worker, 2))].map((task) => task.taskId);
    expect(order).toEqual([high, first, second, low].map((task) => task.taskId));
  });

  test("named tasks exchange the places they hold and take over their priorities; all others keep theirs", async () => {
    const [a, b, c, d] = await Promise.all([
      makeTask(userId, { queue, priority: 4 }),
      makeTask(userId, { queue, priority: 3 }),
      makeTask(userId, { queue, priority: 2 }),
      makeTask(userId, { queue, priority: 1 }),
    ]);
    const moved = await reorderTasks(userId, { taskIds: [d.taskId, a.taskId] });
    expect(moved).toEqual([
      { taskId: d.taskId, position: 1 },
      { taskId: a.taskId, position: 4 },
    ]);
    expect((await getTask(userId, d.taskId)).priority).toBe(4);
    expect((await getTask(userId, a.taskId)).priority).toBe(1);
    const page = await listTasks(userId, listInput.parse({ status: ["queued"], queue }));
    expect(page.tasks.map((task) => task.taskId)).toEqual([d, b, c, a].map((task) => task.taskId));
    expect(await redisOrder(queue)).toEqual(await readyRows(queue));
  });

  test("a changed priority makes a task the last of its new equals; the same priority changes nothing", async () => {
    const [a, b, c] = [
      await makeTask(userId, { queue }),
      await makeTask(userId, { queue }),
      await makeTask(userId, { queue }),
    ];
    await changePriority(userId, { taskId: a.taskId, priority: 0 });
    expect((await getTask(userId, a.taskId)).queuePosition).toBe(1);
    await changePriority(userId, { taskId: a.taskId, priority: 1 });
    await changePriority(userId, { taskId: a.taskId, priority: 0 });
    const positions = await Promise.all(
      [a, b, c].map(async (task) => (await getTask(userId, task.taskId)).queuePosition),
    );
    expect(positions).toEqual([3, 1, 2]);
    expect(await redisOrder(queue)).toEqual(await readyRows(queue));
  });

  test("a reorder that names a running task moves nothing", async () => {
    const [a, b, c] = [
      await makeTask(userId, { queue }),
      await makeTask(userId, { queue }),
      await makeTask(userId, { queue }),
    ];
    await claim(await makeWorker({ queues: [queue] }));
    const before = await readyRows(queue);
    await expect(reorderTasks(userId, { taskIds: [c.taskId, a.taskId, b.taskId] })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    expect(await readyRows(queue)).toEqual(before);
  });
});

describe("claim", () => {
  test("of ten workers claiming one task, one gets it", async () => {
    await makeTask(userId, { queue });
    const workers = await Promise.all(times(10, () => makeWorker({ queues: [queue] })));
    const claims = await Promise.all(workers.map((worker) => claim(worker)));
    expect(claims.flat()).toHaveLength(1);
  });

  test("200 tasks and 8 workers: each task is claimed once", async () => {
    await createTasks(
      userId,
      times(200, () => aTask({ queue })),
    );
    const workers = await Promise.all(times(8, () => makeWorker({ queues: [queue] })));
    const got: string[] = [];
    for (let round = 0; round < 20; round++) {
      const claims = await Promise.all(workers.map((worker) => claim(worker, 3)));
      got.push(...claims.flat().map((task) => task.taskId));
    }
    expect(got).toHaveLength(200);
    expect(new Set(got).size).toBe(200);
  });

  test("a worker whose name was taken over claims nothing", async () => {
    const old = await makeWorker({ queues: [queue] });
    const successor = await makeWorker({ workerId: old.workerId, queues: [queue] });
    await makeTask(userId, { queue });
    expect(await claim(old)).toEqual([]);
    // What the old worker was offered and could not claim is put back.
    await expect.poll(() => claim(successor)).toHaveLength(1);
  });

  test("nothing of a paused queue starts, although redis did not hear of the pause", async () => {
    const task = await makeTask(userId, { queue });
    await getSql()`INSERT INTO queues (name, paused) VALUES (${queue}, true)`;
    const worker = await makeWorker({ queues: [queue] });
    expect(await claim(worker)).toEqual([]);
    await resumeQueue(userId, { queue });
    await repairRecent();
    expect((await claim(worker)).map((one) => one.taskId)).toEqual([task.taskId]);
  });

  test("without redis' order, tasks come from postgresql in the same order, pause kept", async () => {
    const low = await makeTask(userId, { queue });
    const high = await makeTask(userId, { queue, priority: 1 });
    await loseRedis();
    const worker = await makeWorker({ queues: [queue] });
    await pauseQueue(userId, { queue });
    expect(await claim(worker, 2)).toEqual([]);
    await resumeQueue(userId, { queue });
    expect((await claim(worker, 2)).map((task) => task.taskId)).toEqual([high.taskId, low.taskId]);
  });

  test("tasks that a client runs are never offered to a worker", async () => {
    await createTask(userId, aClientTask({ queue }));
    const worker = await makeWorker({ queues: [queue] });
    expect(await claim(worker)).toEqual([]);
    await loseRedis();
    expect(await claim(worker)).toEqual([]);
  });

  test("a big task that fits the totals but not what is free is not starved by small ones behind it", async () => {
    const big = await makeTask(userId, { queue, priority: 1, resources: { gpus: 0, cpus: 8, memoryMb: 0 } });
    await makeTask(userId, { queue, resources: { gpus: 0, cpus: 1, memoryMb: 0 } });
    const other = await makeTask(userId, { queue, resources: { gpus: 0, cpus: 0, memoryMb: 0 } });
    const worker = await makeWorker({ queues: [queue] });
    const first = await claim(worker, 3, { gpus: 0, cpus: 4, memoryMb: 8192 });
    expect(first.map((task) => task.taskId)).toEqual([other.taskId]);
    expect((await claim(worker, 1)).map((task) => task.taskId)).toEqual([big.taskId]);
  });

  test("a task that can never fit says so", async () => {
    await makeWorker({ queues: [queue], gpus: ["0"] });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const task = await makeTask(userId, { queue, resources: { gpus: 4, cpus: 0, memoryMb: 0 } });
    expect(task.waitingReason).toBe("needs 4 GPUs, where the largest worker has 1");
  });
});

describe("end", () => {
  test("an attempt ends once; an older attempt's end is refused", async () => {
    const task = await makeTask(userId, { queue });
    const worker = await makeWorker({ queues: [queue] });
    const [first] = await claim(worker);
    if (!first) throw new Error("nothing claimed");
    await giveBack([first], "lost", "test");
    const [second] = await claim(worker);
    expect(second?.attempt).toBe(2);
    expect(await succeed(first)).toBeNull();
    expect(await succeed({ taskId: task.taskId, attempt: 2 }, { accuracy: 1 })).toBe("completed");
    expect(await succeed({ taskId: task.taskId, attempt: 2 })).toBeNull();
    const attempts = await taskAttempts(userId, { taskId: task.taskId });
    expect(attempts.map((one) => one.outcome)).toEqual(["lost", "succeeded"]);
    expect(await getTask(userId, task.taskId)).toMatchObject({
      status: "completed",
      result: { accuracy: 1 },
      attempt: 2,
    });
  });

  test("a result that comes after the attempt was given up counts while the task still waits under its number", async () => {
    const task = await makeTask(userId, { queue });
    const [first] = await claim(await makeWorker({ queues: [queue] }));
    if (!first) throw new Error("nothing claimed");
    await giveBack([first], "lost", "test");
    expect(await succeed(first, { accuracy: 0.5 })).toBe("completed");
    expect(await getTask(userId, task.taskId)).toMatchObject({
      status: "completed",
      result: { accuracy: 0.5 },
      attempt: 1,
    });
    expect((await taskAttempts(userId, { taskId: task.taskId })).map((one) => one.outcome)).toEqual(["succeeded"]);
    expect(await countTasks(userId)).toMatchObject({ queued: 0, running: 0, completed: 1 });
  });

  test("a lost task keeps its place, a failed one that is tried again becomes the last of its equals", async () => {
    const a = await makeTask(userId, { queue, maxAttempts: 2 });
    const b = await makeTask(userId, { queue });
    const worker = await makeWorker({ queues: [queue] });
    const [first] = await claim(worker);
    if (!first) throw new Error("nothing claimed");
    await giveBack([first], "lost", "test");
    expect((await getTask(userId, a.taskId)).queuePosition).toBe(1);
    const [again] = await claim(worker);
    if (!again) throw new Error("nothing claimed");
    expect(await fail(again)).toBe("queued");
    expect((await getTask(userId, a.taskId)).queuePosition).toBe(2);
    await claim(worker);
    const [last] = await claim(worker);
    expect(last?.taskId).toBe(a.taskId);
    expect(last && (await fail(last))).toBe("failed");
    expect(await getTask(userId, b.taskId)).toMatchObject({ status: "running" });
  });

  test("a lease that ends later than any that is given was left behind by a clock that was set back", async () => {
    const { taskId } = await makeTask(userId, { queue });
    await claim(await makeWorker({ queues: [queue] }));
    const isExpired = async (secondsLeft: number) => {
      await getSql()`UPDATE task_attempts SET lease_expires_at = now() + make_interval(secs => ${secondsLeft}) WHERE task_id = ${taskId}`;
      return (await expiredAttempts()).some((one) => one.taskId === taskId);
    };
    expect([await isExpired(-1), await isExpired(60), await isExpired(75), await isExpired(3600)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  test("the fourth loss within a day fails the task", async () => {
    const task = await makeTask(userId, { queue });
    const worker = await makeWorker({ queues: [queue] });
    for (let loss = 1; loss <= 4; loss++) await giveBack(await claim(worker), "lost", "its worker died");
    expect(await getTask(userId, task.taskId)).toMatchObject({ status: "failed", attempt: 4 });
    const given = await makeTask(userId, { queue });
    for (let back = 1; back <= 5; back++) await giveBack(await claim(worker), "given_back", "its worker shut down");
    expect(await getTask(userId, given.taskId)).toMatchObject({ status: "queued", attempt: 5 });
  });
});

describe("cancel", () => {
  test("a queued task is cancelled and never starts, although redis still offers it", async () => {
    const task = await makeTask(userId, { queue });
    const [entry] = await redisOrder(queue);
    expect(await cancelTask(userId, { taskId: task.taskId, reason: "wrong lr" })).toMatchObject({
      status: "cancelled",
      errorMessage: "cancelled: wrong lr",
    });
    await getRedis().zadd(`${getEnv().REDIS_PREFIX}ready:${queue}|g0c0m0`, Number(entry?.[1]), task.taskId);
    await getRedis().sadd(`${getEnv().REDIS_PREFIX}classes`, `${queue}|g0c0m0`);
    expect(await claim(await makeWorker({ queues: [queue] }))).toEqual([]);
  });

  test("a cancel that races with a claim: either it never starts, or it is told to stop", async () => {
    const worker = await makeWorker({ queues: [queue] });
    for (let round = 0; round < 50; round++) {
      const task = await makeTask(userId, { queue });
      const [cancelled, claimed] = await Promise.all([cancelTask(userId, { taskId: task.taskId }), claim(worker)]);
      if (cancelled.status === "cancelled") expect(claimed).toEqual([]);
      else {
        expect(claimed.map((one) => one.taskId)).toEqual([task.taskId]);
        const answer = await heartbeat(worker, claimed, []);
        expect(answer.cancel).toEqual([{ taskId: task.taskId, attempt: 1 }]);
        expect(await succeed({ taskId: task.taskId, attempt: 1 })).toBe("cancelled");
      }
    }
  });

  test("an ended task cannot be cancelled; a cancelled one can be retried and is last of its equals", async () => {
    const a = await makeTask(userId, { queue });
    await makeTask(userId, { queue });
    await cancelTask(userId, { taskId: a.taskId });
    await expect(cancelTask(userId, { taskId: a.taskId })).rejects.toMatchObject({ code: "TASK_ALREADY_COMPLETED" });
    expect(await retryTask(userId, { taskId: a.taskId })).toMatchObject({
      status: "queued",
      queuePosition: 2,
      errorMessage: null,
      completedAt: null,
    });
    await expect(retryTask(userId, { taskId: a.taskId })).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("tasks that a client runs", () => {
  test("of ten clients starting one task, one may; its result ends it; the same result again changes nothing", async () => {
    const task = await createTask(userId, aClientTask({ queue }));
    const starts = await Promise.allSettled(times(10, () => startTask(userId, { taskId: task.taskId })));
    expect(starts.filter((start) => start.status === "fulfilled")).toHaveLength(1);
    expect(
      await submitResult(userId, { taskId: task.taskId, result: { accuracy: 0.9 }, artifacts: { model: "a.pt" } }),
    ).toMatchObject({
      status: "completed",
      result: { accuracy: 0.9, artifacts: { model: "a.pt" } },
    });
    expect(
      await submitResult(userId, { taskId: task.taskId, result: { accuracy: 0.9 }, artifacts: { model: "a.pt" } }),
    ).toMatchObject({ status: "completed" });
    await expect(submitResult(userId, { taskId: task.taskId, result: { accuracy: 1 } })).rejects.toMatchObject({
      code: "TASK_ALREADY_COMPLETED",
    });
    expect(await submitResult(userId, { taskId: task.taskId, result: { status: "failed" } })).toMatchObject({
      status: "completed",
    });
  });

  test("a result straight from queued is enough; an error that is text fails it, a number there is only data", async () => {
    const good = await createTask(userId, aClientTask({ queue }));
    expect(await submitResult(userId, { taskId: good.taskId, result: { error: 0.1 } })).toMatchObject({
      status: "completed",
      attempt: 1,
    });
    const bad = await createTask(userId, aClientTask({ queue }));
    expect(await submitResult(userId, { taskId: bad.taskId, result: { error: "out of memory" } })).toMatchObject({
      status: "failed",
      errorMessage: "out of memory",
    });
    expect((await getTask(userId, good.taskId)).startedAt).not.toBeNull();
  });

  test("a worker's task cannot be started by a client", async () => {
    const task = await makeTask(userId, { queue });
    await expect(startTask(userId, { taskId: task.taskId })).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("pending tasks", () => {
  test("a scheduled task waits for its time", async () => {
    const task = await makeTask(userId, { queue, runAt: new Date(Date.now() + 300).toISOString() });
    expect(task).toMatchObject({ status: "pending", queuePosition: null });
    await expect
      .poll(
        async () => {
          await promoteDue();
          return (await getTask(userId, task.taskId)).status;
        },
        { timeout: 3000 },
      )
      .toBe("queued");
    expect(await redisOrder(queue)).toEqual(await readyRows(queue));
  });

  test("a dependent runs after what it waits for has completed, and fails when that failed", async () => {
    const base = await makeTask(userId, { queue });
    const after = await makeTask(userId, { queue, dependsOn: [base.taskId] });
    const afterThat = await makeTask(userId, { queue, dependsOn: [after.taskId] });
    expect(after).toMatchObject({ status: "pending", waitingReason: `waits for ${base.taskId}` });
    const worker = await makeWorker({ queues: [queue] });
    const [first] = await claim(worker, 5);
    if (!first) throw new Error("nothing claimed");
    await succeed(first);
    expect(await getTask(userId, after.taskId)).toMatchObject({ status: "queued" });
    const [second] = await claim(worker);
    if (!second) throw new Error("nothing claimed");
    await fail(second);
    expect(await getTask(userId, afterThat.taskId)).toMatchObject({
      status: "failed",
      errorMessage: `dependency ${after.taskId} failed`,
    });
    const late = await makeTask(userId, { queue, dependsOn: [after.taskId] });
    expect(await getTask(userId, late.taskId)).toMatchObject({ status: "failed" });
    expect(await makeTask(userId, { queue, dependsOn: [base.taskId] })).toMatchObject({ status: "queued" });
  });

  test("an end that commits beside the creation of its dependent is not missed", async () => {
    const worker = await makeWorker({ queues: [queue] });
    for (let round = 0; round < 20; round++) {
      const base = await makeTask(userId, { queue });
      const [claimed] = await claim(worker);
      if (!claimed) throw new Error("nothing claimed");
      const [after] = await Promise.all([makeTask(userId, { queue, dependsOn: [base.taskId] }), succeed(claimed)]);
      await releaseDependents();
      expect((await getTask(userId, after.taskId)).status).toBe("queued");
      await cancelTask(userId, { taskId: after.taskId });
    }
  });

  test("an unknown or another account's dependency is refused, and nothing is stored", async () => {
    const foreign = await makeTask(makeUserId(), { queue });
    await expect(makeTask(userId, { queue, dependsOn: [foreign.taskId] })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
    });
    expect((await listTasks(userId, listInput.parse({}))).total).toBe(0);
  });
});

describe("heartbeat", () => {
  test("renews what is named, tells what is lost and what was never started", async () => {
    const worker = await makeWorker({ queues: [queue] });
    await createTasks(
      userId,
      times(3, () => aTask({ queue })),
    );
    const [a, b, c] = await claim(worker, 3);
    if (!a || !b || !c) throw new Error("nothing claimed");
    await giveBack([b], "lost", "test");
    const answer = await heartbeat(worker, [a, b], []);
    expect(answer).toMatchObject({
      known: true,
      cancel: [],
      lost: [{ taskId: b.taskId }],
      unnamed: [{ taskId: c.taskId }],
    });
    const idle = await makeWorker();
    expect(await heartbeat(idle, [], [])).toEqual({ known: true, cancel: [], lost: [], unnamed: [] });
    expect(await heartbeat({ ...idle, epoch: 99 }, [], [])).toMatchObject({ known: false });
  });
});

describe("redis", () => {
  test("after the loss of all its data the order is rebuilt, and equals postgresql's", async () => {
    await createTasks(
      userId,
      times(500, (i) => aTask({ queue, priority: i % 7, resources: { gpus: 0, cpus: i % 3, memoryMb: 0 } })),
    );
    await loseRedis();
    const during = await makeTask(userId, { queue });
    expect(during.queuePosition).toBe(501);
    expect(await rebuildIfLost()).toBe(true);
    expect(await redisOrder(queue)).toEqual(await readyRows(queue));
    expect(await rebuildIfLost()).toBe(false);
    expect((await getTask(userId, during.taskId)).queuePosition).toBe(501);
  });

  test("a missing entry, a stale score and an entry too many are put right", async () => {
    const tasks = await Promise.all(times(5, () => makeTask(userId, { queue })));
    const key = `${getEnv().REDIS_PREFIX}ready:${queue}|g0c0m0`;
    await getRedis().zrem(key, tasks[0]?.taskId ?? "");
    await getRedis().zadd(key, 1, tasks[1]?.taskId ?? "");
    await getRedis().zadd(key, 2, "task_gone");
    await repairRecent();
    await repairAll();
    expect(await redisOrder(queue)).toEqual(await readyRows(queue));
  });

  test("an offer that nobody settled is put back", async () => {
    const task = await makeTask(userId, { queue });
    const key = `${getEnv().REDIS_PREFIX}ready:${queue}|g0c0m0`;
    await getRedis().zrem(key, task.taskId);
    await getRedis().zadd(`${getEnv().REDIS_PREFIX}claiming`, 1, task.taskId);
    await repairRecent();
    expect((await redisOrder(queue)).map(([id]) => id)).toEqual([task.taskId]);
    expect(await getRedis().zcard(`${getEnv().REDIS_PREFIX}claiming`)).toBe(0);
  });
});

describe("counts", () => {
  test("equal what a full count says, before and after they are folded", async () => {
    await createTasks(
      userId,
      times(20, () => aTask({ queue })),
    );
    const worker = await makeWorker({ queues: [queue] });
    const claimed = await claim(worker, 6);
    const [a, b, c, d] = claimed;
    if (!a || !b || !c || !d) throw new Error("nothing claimed");
    await succeed(a);
    await fail(b);
    await giveBack([c], "lost", "test");
    await cancelTask(userId, { taskId: d.taskId });
    await succeed(d);
    const truth = { pending: 0, queued: 15, running: 2, completed: 1, failed: 1, cancelled: 1 };
    expect(await countTasks(userId)).toEqual(truth);
    await foldCounts();
    expect(await countTasks(userId)).toEqual(truth);
    expect(await queueStatus(userId, { queue })).toMatchObject({ queueLength: 15, statistics: truth, paused: false });
  });

  test("a full queue refuses, also of many creators at once, and stores nothing of a batch", async () => {
    const small = getEnv().QUEUE_MAX_SIZE;
    getEnv().QUEUE_MAX_SIZE = 10;
    try {
      const made = await Promise.allSettled(times(25, () => makeTask(userId, { queue })));
      expect(made.filter((one) => one.status === "fulfilled")).toHaveLength(10);
      await expect(createTasks(userId, [aTask({ queue })])).rejects.toMatchObject({ code: "QUEUE_FULL", status: 503 });
      await expect(
        createTasks(
          userId,
          times(11, () => aTask({ queue: `${queue}b` })),
        ),
      ).rejects.toMatchObject({ code: "QUEUE_FULL" });
      expect((await listTasks(userId, listInput.parse({ queue: `${queue}b` }))).total).toBe(0);
    } finally {
      getEnv().QUEUE_MAX_SIZE = small;
    }
  });
});
