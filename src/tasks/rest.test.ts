// The contract over HTTP: what can be done with a task. Path, fields, status, code.
import { describe, expect, test } from "vitest";
import { appendPoints } from "../metrics/append";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { claim, makeTask, makeWorker } from "../testing/engine";
import { refusalIn, useHttpServer } from "../testing/http";
import { idsIn, useRestAccount } from "../testing/rest-account";
import { useTestServices } from "../testing/services";

useTestServices({ ALLOW_COMMANDS: "true", ENTRYPOINTS_DIR: "examples" });
const { call } = useHttpServer();
const { accounts, ask, newQueue, create, read } = useRestAccount(call);

describe("PATCH /v1/tasks/:id/priority", () => {
  test("answers task_id, new_priority, new_queue_position; 0 is valid", async () => {
    const queue = newQueue();
    const [first, second] = [await create({ queue, priority: 3 }), await create({ queue })];
    expect((await ask("PATCH", `/v1/tasks/${second}/priority`, { priority: 5 })).json).toEqual({
      success: true,
      task_id: second,
      new_priority: 5,
      new_queue_position: 1,
    });
    expect((await ask("PATCH", `/v1/tasks/${first}/priority`, { priority: 0 })).json).toMatchObject({
      new_priority: 0,
      new_queue_position: 2,
    });
  });

  test("a changed priority takes a new turn, last of its equals; the same one changes nothing", async () => {
    const queue = newQueue();
    const [a, b, c] = [await create({ queue }), await create({ queue }), await create({ queue })];
    const order = async () => idsIn(await ask("GET", `/v1/tasks?queue=${queue}&status=queued`));
    const before = await read(a);
    expect((await ask("PATCH", `/v1/tasks/${a}/priority`, { priority: 0 })).json.new_queue_position).toBe(1);
    expect(await read(a)).toEqual(before);
    await ask("PATCH", `/v1/tasks/${a}/priority`, { priority: 5 });
    expect((await ask("PATCH", `/v1/tasks/${a}/priority`, { priority: -0 })).json.new_queue_position).toBe(3);
    expect(await order()).toEqual([b, c, a]);
    expect((await ask("PATCH", `/v1/tasks/${c}/priority`, { priority: 1_000_000 })).json.new_queue_position).toBe(1);
    expect((await ask("PATCH", `/v1/tasks/${b}/priority`, { priority: -1_000_000 })).json.new_queue_position).toBe(3);
    expect(await order()).toEqual([c, a, b]);
  });

  test("a task that is pending has a priority and no position", async () => {
    const id = await create({ run_at: "2999-01-01T00:00:00Z" });
    expect((await ask("PATCH", `/v1/tasks/${id}/priority`, { priority: 3 })).json).toEqual({
      success: true,
      task_id: id,
      new_priority: 3,
      new_queue_position: null,
    });
  });

  test("is INVALID_PRIORITY for what is no whole number in range, 409 TASK_ALREADY_RUNNING once it has left the queue", async () => {
    const id = await create();
    for (const priority of [undefined, null, "5", 1.5, 1_000_001, -1_000_001])
      expect(refusalIn(await ask("PATCH", `/v1/tasks/${id}/priority`, { priority }))).toEqual({
        status: 400,
        code: "INVALID_PRIORITY",
        paths: ["priority"],
      });
    await ask("POST", `/v1/tasks/${id}/start`);
    expect(refusalIn(await ask("PATCH", `/v1/tasks/${id}/priority`, { priority: 1 }))).toEqual({
      status: 409,
      code: "TASK_ALREADY_RUNNING",
      paths: [],
    });
  });
});

describe("POST /v1/tasks/:id/cancel", () => {
  test("a queued task is cancelled; an ended one is 409 TASK_ALREADY_COMPLETED; the body may be empty", async () => {
    const id = await create();
    const { status, json } = await ask("POST", `/v1/tasks/${id}/cancel`, undefined, {
      headers: { "Content-Type": "application/json" },
    });
    expect([status, json]).toMatchObject([200, { success: true, task_id: id, status: "cancelled" }]);
    expect(refusalIn(await ask("POST", `/v1/tasks/${id}/cancel`, { reason: "again" }))).toMatchObject({
      status: 409,
      code: "TASK_ALREADY_COMPLETED",
    });
  });

  test("one that a worker runs answers running with cancel_requested_at", async () => {
    const worker = await makeWorker({ queues: ["cancel-me"] });
    const task = await makeTask(accounts.mine.userId, { queue: "cancel-me" });
    await claim(worker);
    const { json } = await ask("POST", `/v1/tasks/${task.taskId}/cancel`, { reason: "wrong data" });
    expect(json).toMatchObject({
      task_id: task.taskId,
      status: "running",
      cancel_requested_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });
});

describe("POST /v1/tasks/:id/retry", () => {
  test("a cancelled or failed task goes back to the queue; result, error and times are cleared", async () => {
    const id = await create();
    await ask("POST", `/v1/tasks/${id}/result`, { result: { error: "no memory" } });
    expect(await read(id)).toMatchObject({
      status: "failed",
      error_message: "no memory",
      completed_at: expect.any(String),
    });
    const { status, json } = await ask("POST", `/v1/tasks/${id}/retry`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      task_id: id,
      status: "queued",
      result: null,
      error_message: null,
      started_at: null,
      completed_at: null,
    });
  });

  test("takes a new turn, last of its equals", async () => {
    const queue = newQueue();
    const [first, second] = [await create({ queue }), await create({ queue })];
    await ask("POST", `/v1/tasks/${first}/cancel`);
    expect((await ask("POST", `/v1/tasks/${first}/retry`)).json).toMatchObject({
      queue_position: 2,
      cancel_requested_at: null,
    });
    expect((await read(second)).queue_position).toBe(1);
  });

  test("one that neither failed nor was cancelled is 409 CONFLICT", async () => {
    expect(refusalIn(await ask("POST", `/v1/tasks/${await create()}/retry`))).toMatchObject({
      status: 409,
      code: "CONFLICT",
    });
  });
});

describe("POST /v1/tasks/:id/start", () => {
  test("atomically queued to running: of ten callers one wins, the others get 409 TASK_ALREADY_RUNNING", async () => {
    const id = await create();
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask("POST", `/v1/tasks/${id}/start`)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(9).fill(409)]);
    expect(answers.filter((answer) => answer.json.code === "TASK_ALREADY_RUNNING")).toHaveLength(9);
    expect(await read(id)).toMatchObject({
      status: "running",
      attempt: 1,
      worker_id: null,
      started_at: expect.any(String),
      queue_position: null,
    });
  });

  test("ended: TASK_ALREADY_COMPLETED; with a command or entrypoint: 409 CONFLICT", async () => {
    const ended = await create();
    await ask("POST", `/v1/tasks/${ended}/result`, { result: {} });
    expect(refusalIn(await ask("POST", `/v1/tasks/${ended}/start`))).toMatchObject({
      status: 409,
      code: "TASK_ALREADY_COMPLETED",
    });
    expect(refusalIn(await ask("POST", `/v1/tasks/${await create({ command: ["true"] })}/start`))).toMatchObject({
      status: 409,
      code: "CONFLICT",
    });
  });
});

describe("POST /v1/tasks/:id/result", () => {
  test("completes the task, from queued or running; artifacts are kept under result.artifacts", async () => {
    const id = await create();
    const { json } = await ask("POST", `/v1/tasks/${id}/result`, {
      result: { Accuracy: 0.9, error: 3 },
      artifacts: { model: "m.bin" },
    });
    expect(json).toEqual({ success: true, task_id: id, status: "completed" });
    expect(await read(id)).toMatchObject({
      result: { Accuracy: 0.9, error: 3, artifacts: { model: "m.bin" } },
      started_at: expect.any(String),
      completed_at: expect.any(String),
    });
    const running = await create();
    await ask("POST", `/v1/tasks/${running}/start`);
    expect((await ask("POST", `/v1/tasks/${running}/result`, { result: {} })).json.status).toBe("completed");
  });

  test("result.status failed fails it with result.error as the message", async () => {
    const id = await create();
    expect(
      (await ask("POST", `/v1/tasks/${id}/result`, { result: { status: "failed", error: "diverged" } })).json.status,
    ).toBe("failed");
    expect((await read(id)).error_message).toBe("diverged");
  });

  test("a failure that a client reports is final, however many attempts a worker would have", async () => {
    for (const [result, message] of [
      [{ status: "failed" }, "the client reported a failure"],
      [{ status: "failed", error: 3 }, "the client reported a failure"],
      [{ error: "diverged", loss: 9 }, "diverged"],
    ] as const) {
      const id = await create({ max_attempts: 5 });
      await ask("POST", `/v1/tasks/${id}/start`);
      expect((await ask("POST", `/v1/tasks/${id}/result`, { result })).json.status).toBe("failed");
      expect(await read(id)).toMatchObject({ status: "failed", attempt: 1, result, error_message: message });
      const again = await ask("POST", `/v1/tasks/${id}/result`, { result });
      expect([again.status, again.json]).toEqual([200, { success: true, task_id: id, status: "failed" }]);
      expect((await ask("POST", `/v1/tasks/${id}/result`, { result: { error: "another" } })).status).toBe(409);
    }
  });

  test("a number as error, or another status, is only data", async () => {
    for (const result of [
      { error: 0.25 },
      { error: null },
      { error: { rmse: 1 } },
      { status: "FAILED" },
      { status: "ok" },
    ]) {
      const id = await create();
      expect((await ask("POST", `/v1/tasks/${id}/result`, { result })).json.status).toBe("completed");
      expect(await read(id)).toMatchObject({ result, error_message: null });
    }
  });

  test("the same again is the same with its artifacts; keys may come in another order", async () => {
    const id = await create();
    const post = async (body: JsonObject) => (await ask("POST", `/v1/tasks/${id}/result`, body)).status;
    expect(await post({ result: { a: 1, b: { c: 2, d: -0 } }, artifacts: { m: "x" } })).toBe(200);
    expect(await post({ artifacts: { m: "x" }, result: { b: { d: 0, c: 2 }, a: 1.0 } })).toBe(200);
    expect(await post({ result: { a: 1, b: { c: 2, d: 0 } } })).toBe(409);
    expect(await post({ result: { a: 1, b: { c: 2, d: 0 } }, artifacts: { m: "y" } })).toBe(409);
  });

  test("the same again, or a failure of a completed one, answers 200 and changes nothing; anything else is 409", async () => {
    const id = await create();
    await ask("POST", `/v1/tasks/${id}/result`, { result: { a: 1 } });
    expect((await ask("POST", `/v1/tasks/${id}/result`, { result: { a: 1 } })).json).toMatchObject({
      status: "completed",
    });
    expect((await ask("POST", `/v1/tasks/${id}/result`, { result: { status: "failed" } })).json).toMatchObject({
      status: "completed",
    });
    expect(refusalIn(await ask("POST", `/v1/tasks/${id}/result`, { result: { a: 2 } }))).toMatchObject({
      status: 409,
      code: "TASK_ALREADY_COMPLETED",
    });
    expect((await read(id)).result).toEqual({ a: 1 });
  });

  test("artifacts are an object or a list; null is none; anything else is named", async () => {
    const id = await create();
    for (const artifacts of ["model.pt", 5, true]) {
      const answer = await ask("POST", `/v1/tasks/${id}/result`, { result: {}, artifacts });
      expect(refusalIn(answer)).toEqual({ status: 400, code: "INVALID_REQUEST", paths: ["artifacts"] });
      expect(answer.json.error).toBe("artifacts must be an object or a list.");
    }
    await ask("POST", `/v1/tasks/${id}/result`, { result: {}, artifacts: ["model.pt"] });
    expect((await read(id)).result).toEqual({ artifacts: ["model.pt"] });
    const without = await create();
    await ask("POST", `/v1/tasks/${without}/result`, { result: {}, artifacts: null });
    expect((await read(without)).result).toEqual({});
  });

  test("a result that is no object is 400 INVALID_CONFIG; a worker's task is 409 CONFLICT", async () => {
    for (const result of [undefined, null, 5, "x", []])
      expect(refusalIn(await ask("POST", `/v1/tasks/${await create()}/result`, { result }))).toEqual({
        status: 400,
        code: "INVALID_CONFIG",
        paths: ["result"],
      });
    expect(
      refusalIn(await ask("POST", `/v1/tasks/${await create({ command: ["true"] })}/result`, { result: {} })),
    ).toMatchObject({ status: 409, code: "CONFLICT" });
  });
});

describe("GET /v1/tasks/:id/metrics", () => {
  test("answers metrics by key as step, value, timestamp; key and max_points narrow it", async () => {
    const id = await create();
    const points = Array.from({ length: 50 }, (_, step) => ({
      key: "loss",
      step,
      value: 1 / (step + 1),
      at: Date.UTC(2026, 0, 1, 0, 0, step),
    }));
    await appendPoints(getSql(), id, 1, [...points, { key: "accuracy", step: 0, value: 0.5, at: 0 }]);
    const { json } = await ask("GET", `/v1/tasks/${id}/metrics`);
    const metrics = json.metrics as Record<string, JsonObject[]>;
    expect(Object.keys(metrics).sort()).toEqual(["accuracy", "loss"]);
    expect(metrics.loss?.[1]).toEqual({ step: 1, value: 0.5, timestamp: "2026-01-01T00:00:01.000Z" });
    const narrowed = (await ask("GET", `/v1/tasks/${id}/metrics?key=loss&max_points=10`)).json.metrics as Record<
      string,
      JsonObject[]
    >;
    expect(Object.keys(narrowed)).toEqual(["loss"]);
    expect(narrowed.loss?.length).toBeLessThanOrEqual(10);
    for (const most of [1, 2, 3, 4, 5, 49, 50, 51]) {
      const found = (await ask("GET", `/v1/tasks/${id}/metrics?max_points=${most}`)).json.metrics as typeof metrics;
      expect(found.loss?.length).toBeGreaterThan(0);
      expect(found.loss?.length).toBeLessThanOrEqual(most);
      expect(found.loss?.at(-1)?.step).toBe(49);
      expect(found.accuracy).toHaveLength(1);
    }
    expect((await ask("GET", `/v1/tasks/${id}/metrics?max_points=99999999999999999999`)).json.metrics).toEqual(metrics);
    expect((await ask("GET", `/v1/tasks/${id}/metrics?key=nope`)).json.metrics).toEqual({});
    for (const max_points of ["many", "0", "-1", "2.5"])
      expect(refusalIn(await ask("GET", `/v1/tasks/${id}/metrics?max_points=${max_points}`))).toEqual({
        status: 400,
        code: "INVALID_REQUEST",
        paths: ["max_points"],
      });
    expect(refusalIn(await call("GET", `/v1/tasks/${id}/metrics`, { key: accounts.other.key }))).toMatchObject({
      status: 404,
      code: "TASK_NOT_FOUND",
    });
  });
});
