// One table of scenarios over both callers, tRPC and REST, so that neither adapter can wander.
import { beforeAll, describe, expect, test } from "vitest";
import { appendLines } from "../logs/append";
import { appendPoints } from "../metrics/append";
import { getSql } from "../platform/db";
import { type Caller, refusal, restCaller, trpcCaller } from "../testing/callers";
import { useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices({ ALLOW_COMMANDS: "true" });
const { call } = useHttpServer();

describe.each([
  ["tRPC", (account: Account): Caller => trpcCaller(account)],
  ["REST", (account: Account): Caller => restCaller(account, call)],
])("over %s", (name, callerOf) => {
  let me: Caller;
  let other: Caller;
  let count = 0;
  const newQueue = () => `${name}-${++count}`;
  const config = { lr: 0.1, nested: { Keep_me: 1, keepMe: 2 } };

  beforeAll(async () => {
    me = callerOf(await makeAccount());
    other = callerOf(await makeAccount());
  });

  test("a task that is created is read back the same", async () => {
    const task = await me.create({
      name: "digits",
      config,
      queue: newQueue(),
      command: ["true"],
      tags: ["a"],
      metadata: { by: "ada" },
      resources: { gpus: 1, cpus: 2, memoryMb: 3 },
      timeoutSeconds: 9,
      maxAttempts: 2,
      env: { SEED: "1" },
    });
    expect(task).toMatchObject({
      config,
      status: "queued",
      queuePosition: 1,
      resources: { gpus: 1, cpus: 2, memoryMb: 3 },
      timeoutSeconds: 9,
      maxAttempts: 2,
    });
    expect(await me.get(task.taskId)).toEqual(task);
    expect(Object.keys(task)).not.toContain("env");
  });

  test("a batch keeps its order, and is all or nothing", async () => {
    const queue = newQueue();
    const ids = await me.createMany(["x", "y"].map((title) => ({ name: title, config, queue })));
    expect((await me.list({ queue, status: ["queued"] })).ids).toEqual(ids);
    expect(
      (
        await refusal(
          me.createMany([
            { name: "z", config, queue },
            { name: "", config, queue },
          ]),
        )
      ).paths,
    ).toEqual(["tasks[1].name"]);
    expect((await me.list({ queue })).total).toBe(2);
  });

  test("lists page by cursor, newest first", async () => {
    const queue = newQueue();
    const ids = await me.createMany([1, 2, 3, 4, 5].map((n) => ({ name: `n${n}`, config, queue })));
    const seen: string[] = [];
    for (let cursor: string | null = null; ; ) {
      const page: Awaited<ReturnType<Caller["list"]>> = await me.list({
        queue,
        limit: 2,
        ...(cursor !== null && { cursor }),
      });
      seen.push(...page.ids);
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    expect(seen).toEqual([...ids].reverse());
  });

  test("lists are searched, filtered and sorted", async () => {
    const queue = newQueue();
    const names = ["b 50%", "a_x", "c'\"\\"];
    const ids: string[] = [];
    for (const [index, title] of names.entries())
      ids.push((await me.create({ name: title, config, queue, priority: index, tags: [title] })).taskId);
    const [b, a, c] = ids;
    const found = async (query: Parameters<Caller["list"]>[0]) => (await me.list({ queue, ...query })).ids;
    for (const [index, title] of names.entries()) {
      expect(await found({ q: title.toUpperCase() })).toEqual([ids[index]]);
      expect(await found({ tag: title })).toEqual([ids[index]]);
    }
    expect([await found({ q: "%" }), await found({ q: "_" }), await found({ q: "\\" })]).toEqual([[b], [a], [c]]);
    expect(await found({ tag: "b" })).toEqual([]);
    expect(await found({ sort: "name", order: "asc" })).toEqual([a, b, c]);
    expect(await found({ sort: "name" })).toEqual([c, b, a]);
    expect(await found({ sort: "priority", order: "asc" })).toEqual([b, a, c]);
    expect(await found({ sort: "created_at", order: "asc" })).toEqual([b, a, c]);
    expect(await found({ status: ["queued"] })).toEqual([c, a, b]);
    await me.submitResult(a ?? "", {});
    expect(await found({ sort: "completed_at" })).toEqual([a, c, b]);
    expect(await found({ sort: "started_at", order: "asc" })).toEqual([a, c, b]);
    expect(await found({ status: ["queued", "completed"], offset: 1, limit: 1 })).toEqual([a]);
    expect(
      await found({ createdBefore: "2999-01-01T00:00:00+02:00", createdAfter: "2000-01-01T00:00:00Z" }),
    ).toHaveLength(3);
    expect(await found({ createdAfter: "2999-01-01T00:00:00Z" })).toEqual([]);
    expect(await found({ createdBefore: "2000-01-01T00:00:00Z" })).toEqual([]);
    expect(await refusal(me.list({ createdAfter: "soon" }))).toEqual({
      code: "INVALID_REQUEST",
      paths: [name === "REST" ? "created_after" : "createdAfter"],
    });
  });

  test("the output and the metrics of a program are read in parts", async () => {
    const { taskId } = await me.create({ name: "reads", config, queue: newQueue() });
    const sql = getSql();
    const lines = ["a", "b", "c"].map((text, n): [number, "stdout" | "stderr", string] => [
      n * 1000,
      n === 2 ? "stderr" : "stdout",
      text,
    ]);
    await appendLines(sql, { subjectId: taskId, attempt: 1, firstLine: 1, lines }, sql`SELECT 1`);
    const points = [1, 2, 3, 4, 5, 6].map((step) => ({ key: "loss", step, value: 1 / step, at: 0 }));
    await appendPoints(sql, taskId, 1, [...points, { key: "acc", step: 1, value: 0.5, at: 0 }]);
    const [first] = await me.logs(taskId);
    expect(first).toEqual({
      line: 1,
      message: "a",
      level: "INFO",
      stream: "stdout",
      timestamp: "1970-01-01T00:00:00.000Z",
      attempt: 1,
    });
    const numbers = async (query: Parameters<Caller["logs"]>[1]) =>
      (await me.logs(taskId, query)).map((one) => one.line);
    expect(await numbers({ after: 1, limit: 1 })).toEqual([2]);
    expect(await numbers({ lines: 2 })).toEqual([2, 3]);
    expect(await numbers({ attempt: 2 })).toEqual([]);
    expect((await me.logs(taskId, { lines: 1 }))[0]).toMatchObject({ stream: "stderr", level: "ERROR" });
    expect(Object.keys(await me.metrics(taskId)).sort()).toEqual(["acc", "loss"]);
    const thin = await me.metrics(taskId, { key: "loss", maxPoints: 2 });
    expect(thin).toEqual({
      loss: [1, 6].map((step) => ({ step, value: 1 / step, timestamp: "1970-01-01T00:00:00.000Z" })),
    });
    expect((await refusal(me.logs(taskId, { limit: 0 }))).paths).toEqual(["limit"]);
    const foreign = await Promise.all([other.logs(taskId), other.metrics(taskId)].map(refusal));
    expect(foreign.map(({ code }) => code)).toEqual(["TASK_NOT_FOUND", "TASK_NOT_FOUND"]);
  });

  test("a higher priority goes first, and the same priority changes nothing", async () => {
    const queue = newQueue();
    const [a, b] = [await me.create({ name: "a", config, queue }), await me.create({ name: "b", config, queue })];
    expect(await me.setPriority(a.taskId, 0)).toMatchObject({ priority: 0, queuePosition: 1 });
    expect(await me.setPriority(b.taskId, 3)).toMatchObject({ priority: 3, queuePosition: 1 });
    expect((await me.get(a.taskId)).queuePosition).toBe(2);
  });

  test("a client starts a task, reports its result, and ends it once", async () => {
    const { taskId } = await me.create({ name: "mine", config, queue: newQueue() });
    expect(await me.start(taskId)).toMatchObject({ status: "running", attempt: 1 });
    expect(await refusal(me.start(taskId))).toMatchObject({ code: "TASK_ALREADY_RUNNING" });
    expect(await me.submitResult(taskId, { accuracy: 0.9 }, { model: "m" })).toMatchObject({ status: "completed" });
    expect((await me.get(taskId)).result).toEqual({ accuracy: 0.9, artifacts: { model: "m" } });
    expect(await refusal(me.submitResult(taskId, { accuracy: 0.1 }))).toMatchObject({ code: "TASK_ALREADY_COMPLETED" });
    expect(await refusal(me.start(taskId))).toMatchObject({ code: "TASK_ALREADY_COMPLETED" });
  });

  test("a cancelled task is retried from a clean slate", async () => {
    const { taskId } = await me.create({ name: "a", config, queue: newQueue() });
    expect(await refusal(me.retry(taskId))).toMatchObject({ code: "CONFLICT" });
    expect(await me.cancel(taskId, "no")).toMatchObject({ status: "cancelled" });
    expect(await refusal(me.cancel(taskId))).toMatchObject({ code: "TASK_ALREADY_COMPLETED" });
    expect(await me.retry(taskId)).toMatchObject({
      status: "queued",
      errorMessage: null,
      completedAt: null,
      queuePosition: 1,
    });
  });

  test("a task waits for another, and fails when that one does", async () => {
    const queue = newQueue();
    const first = await me.create({ name: "first", config, queue });
    const second = await me.create({ name: "second", config, queue, dependsOn: [first.taskId] });
    expect(second).toMatchObject({ status: "pending", queuePosition: null, dependsOn: [first.taskId] });
    await me.submitResult(first.taskId, { error: "diverged" });
    expect(await me.get(second.taskId)).toMatchObject({
      status: "failed",
      errorMessage: `dependency ${first.taskId} failed`,
    });
  });

  test("a paused queue says so, and its client tasks may still be started", async () => {
    const queue = newQueue();
    const { taskId } = await me.create({ name: "a", config, queue });
    await me.pause(queue, "upgrade");
    expect(await me.queue(queue)).toMatchObject({ paused: true, queueLength: 1, statistics: { queued: 1 } });
    expect((await me.start(taskId)).status).toBe("running");
    await me.resume(queue);
    expect(await me.queue(queue)).toMatchObject({ paused: false, queueLength: 0, statistics: { running: 1 } });
  });

  test("a reorder exchanges places", async () => {
    const queue = newQueue();
    const ids = await me.createMany([1, 2, 3].map((n) => ({ name: `n${n}`, config, queue })));
    const [a = "", b = "", c = ""] = ids;
    expect(await me.reorder([c, a])).toEqual([
      { taskId: c, position: 1 },
      { taskId: a, position: 3 },
    ]);
    expect((await me.list({ queue, status: ["queued"] })).ids).toEqual([c, b, a]);
    expect(await refusal(me.reorder([a, a]))).toMatchObject({ code: "INVALID_REQUEST" });
  });

  test("templates are kept by name", async () => {
    const templateId = await me.createTemplate({ name: "small", config, description: "d" });
    expect(await refusal(me.createTemplate({ name: "small", config }))).toMatchObject({ code: "CONFLICT" });
    await me.changeTemplate(templateId, { description: null, config: { lr: 1 } });
    expect(await me.templates()).toMatchObject([{ templateId, name: "small", config: { lr: 1 }, description: null }]);
    expect(await refusal(other.deleteTemplate(templateId))).toMatchObject({ code: "NOT_FOUND" });
    await me.deleteTemplate(templateId);
    expect(await me.templates()).toEqual([]);
  });

  test("statistics count what there is", async () => {
    const mine = callerOf(await makeAccount());
    const { taskId } = await mine.create({ name: "a", config, queue: newQueue() });
    await mine.create({ name: "b", config, queue: newQueue() });
    await mine.submitResult(taskId, {});
    expect(await mine.statistics()).toMatchObject({
      totalTasks: 2,
      completedTasks: 1,
      failedTasks: 0,
      cancelledTasks: 0,
      successRate: 1,
    });
    const today = new Date().toISOString().slice(0, 10);
    expect(await mine.statistics({ startDate: today, endDate: today })).toMatchObject({ totalTasks: 2 });
    expect(await mine.statistics({ endDate: "2020-01-01" })).toMatchObject({ totalTasks: 0, successRate: 0 });
    expect(await refusal(mine.statistics({ startDate: today, endDate: "2020-01-01" }))).toEqual({
      code: "INVALID_REQUEST",
      paths: [name === "REST" ? "end_date" : "endDate"],
    });
  });

  test("objects of another account are not there", async () => {
    const { taskId } = await me.create({ name: "mine", config, queue: newQueue() });
    const attempts = await Promise.all(
      [
        other.get(taskId),
        other.setPriority(taskId, 1),
        other.cancel(taskId),
        other.retry(taskId),
        other.start(taskId),
        other.submitResult(taskId, {}),
      ].map(refusal),
    );
    expect(new Set(attempts.map((attempt) => attempt.code))).toEqual(new Set(["TASK_NOT_FOUND"]));
    expect((await me.get(taskId)).status).toBe("queued");
  });

  test("bad input is refused with the same code and path", async () => {
    expect(await refusal(me.create({ name: "a", config: { text: "\u0000" } }))).toEqual({
      code: "INVALID_CONFIG",
      paths: ["config.text"],
    });
    expect(await refusal(me.create({ name: "a", config: {}, entrypoint: "../x" }))).toEqual({
      code: "INVALID_REQUEST",
      paths: ["entrypoint"],
    });
    expect(await refusal(me.create({ name: "a", config: {}, priority: 2_000_000 }))).toEqual({
      code: "INVALID_PRIORITY",
      paths: ["priority"],
    });
  });
});
