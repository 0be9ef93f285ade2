// The contract's V1 table over HTTP, route by route: path, fields, status, code.
import { beforeAll, describe, expect, test } from "vitest";
import { appendPoints } from "../metrics/append";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { claim, makeTask, makeWorker } from "../testing/engine";
import { type HttpAnswer, type RequestOptions, refusalIn, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { finishIfCurrent } from "./finish";

useTestServices({ ALLOW_COMMANDS: "true", ENTRYPOINTS_DIR: "examples" });
const { call } = useHttpServer();

let account: Account;
let other: Account;
beforeAll(async () => {
  account = await makeAccount();
  other = await makeAccount();
});

const ask = (method: string, path: string, body?: JsonObject, options: RequestOptions = {}) =>
  call(method, path, { key: account.key, ...(body && { body }), ...options });

/** A queue of its own, so that tests do not meet each other's tasks. */
let queues = 0;
const newQueue = () => `q${++queues}`;

const create = async (body: JsonObject = {}): Promise<string> => {
  const { json, status } = await ask("POST", "/v1/tasks", { name: "a task", config: { lr: 0.1 }, ...body });
  expect(status).toBe(201);
  return String(json.task_id);
};
const read = async (id: string) => (await ask("GET", `/v1/tasks/${id}`)).json;
const tasksIn = (answer: HttpAnswer) => answer.json.tasks as JsonObject[];
const idsIn = (answer: HttpAnswer) => tasksIn(answer).map((task) => task.task_id);

const TASK_FIELDS =
  `task_id name config priority status queue entrypoint command metadata tags resources result error_message
  attempt max_attempts timeout_seconds queue_position run_at depends_on waiting_reason created_at started_at completed_at updated_at user_id worker_id cancel_requested_at`
    .split(/\s+/)
    .sort();
const fieldsOf = (json: JsonObject) =>
  Object.keys(json)
    .filter((key) => key !== "success")
    .sort();

describe("POST /v1/tasks", () => {
  test("answers 201 with task_id, status, queue_position and the whole task object, and takes every field", async () => {
    const queue = newQueue();
    const dependency = await create({ queue });
    const body = {
      name: "digits",
      config: { lr: 0.1, Deep: { camelCase: 1, snake_case: [1, 2.5] } },
      priority: 7,
      metadata: { ownerName: "ada" },
      tags: ["a", "b"],
      queue,
      command: ["true", "x"],
      env: { SEED_VALUE: "1" },
      resources: { gpus: 0, cpus: 2, memory_mb: 512 },
      timeout_seconds: 60,
      max_attempts: 3,
      run_at: "2999-01-01T00:00:00+02:00",
      depends_on: [dependency],
      webhook_url: "https://example.org/hook",
    };
    const { status, json } = await ask("POST", "/v1/tasks", body);
    expect(status).toBe(201);
    expect(fieldsOf(json)).toEqual(TASK_FIELDS);
    const { env, webhook_url, ...shown } = body;
    expect(json).toMatchObject({
      ...shown,
      success: true,
      status: "pending",
      run_at: "2998-12-31T22:00:00.000Z",
      queue_position: null,
      entrypoint: null,
      result: null,
      attempt: 0,
      user_id: account.userId,
    });
    expect(await read(String(json.task_id))).toEqual(json);
  });

  test("config, metadata are always objects and tags an array; the empty object is a valid config", async () => {
    const { json } = await ask("POST", "/v1/tasks", { name: "bare", config: {}, queue: newQueue() });
    expect(json).toMatchObject({
      config: {},
      metadata: {},
      tags: [],
      priority: 0,
      max_attempts: 1,
      queue_position: 1,
      depends_on: [],
      status: "queued",
    });
  });

  test("config comes back equal, also the SDKs' wrapper, floats and unicode", async () => {
    const config = {
      config_id: "c1",
      config: { lr: 1e-7, big: 9007199254740991, n: -0.5, ключ: "值🙂", list: [null, true, { a: [] }] },
      created_at: "x",
    };
    expect((await read(await create({ config, queue: newQueue() }))).config).toEqual(config);
  });

  test("unknown fields are ignored; so are fields that only the server sets, whatever their type; null is the same as left out", async () => {
    const { json, status } = await ask("POST", "/v1/tasks", {
      name: "a",
      config: {},
      surprise: { deep: [1] },
      task_id: 5,
      status: ["x"],
      result: 3,
      error_message: {},
      created_at: false,
      started_at: 1,
      user_id: "me",
      queue_position: "x",
      worker_id: 2,
      priority: null,
      metadata: null,
      tags: null,
      queue: null,
      entrypoint: null,
      command: null,
      env: null,
      resources: { gpus: null, cpus: 1 },
      timeout_seconds: null,
      max_attempts: null,
      run_at: null,
      depends_on: null,
      webhook_url: null,
    });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      priority: 0,
      status: "queued",
      queue: "default",
      result: null,
      user_id: account.userId,
      resources: { gpus: 0, cpus: 1, memory_mb: 0 },
    });
  });

  test("equal priorities run in order of creation, higher ones first", async () => {
    const queue = newQueue();
    const [a, b, high] = [await create({ queue }), await create({ queue }), await create({ queue, priority: 1 })];
    expect([(await read(high)).queue_position, (await read(a)).queue_position, (await read(b)).queue_position]).toEqual(
      [1, 2, 3],
    );
  });

  test("an entrypoint that exists is taken", async () => {
    const { json, status } = await ask("POST", "/v1/tasks", {
      name: "a",
      config: {},
      entrypoint: "train_digits.mjs",
      queue: newQueue(),
    });
    expect([status, json.entrypoint]).toEqual([201, "train_digits.mjs"]);
  });

  test("Content-Type may be missing or odd", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "nonsense"]) {
      const { status } = await ask("POST", "/v1/tasks", undefined, {
        text: '{"name":"a","config":{}}',
        headers: { "Content-Type": type },
      });
      expect(status).toBe(201);
    }
  });
});

describe("POST /v1/tasks/batch", () => {
  test("answers 201 with task_ids in the same order and created_count", async () => {
    const queue = newQueue();
    const { status, json } = await ask("POST", "/v1/tasks/batch", {
      tasks: ["x", "y", "z"].map((name) => ({ name, config: {}, queue })),
    });
    expect([status, json.created_count]).toEqual([201, 3]);
    const names = await Promise.all((json.task_ids as string[]).map(async (id) => (await read(id)).name));
    expect(names).toEqual(["x", "y", "z"]);
  });

  test("an empty list answers 201 with no ids", async () => {
    const { status, json } = await ask("POST", "/v1/tasks/batch", { tasks: [] });
    expect([status, json]).toEqual([201, { success: true, task_ids: [], created_count: 0 }]);
  });

  test("all or nothing: one bad task is named with its index, and none is stored", async () => {
    const queue = newQueue();
    const answer = await ask("POST", "/v1/tasks/batch", {
      tasks: [
        { name: "good", config: {}, queue },
        { name: "bad", config: {}, queue, resources: { memory_mb: -1 } },
      ],
    });
    expect(refusalIn(answer)).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: ["tasks[1].resources.memory_mb"],
    });
    expect((await ask("GET", `/v1/tasks?queue=${queue}`)).json.total).toBe(0);
  });

  test("the first bad field decides the code, inside a batch too", async () => {
    const code = async (task: JsonObject) => (await ask("POST", "/v1/tasks/batch", { tasks: [task] })).json.code;
    expect(await code({ name: "a", config: 5 })).toBe("INVALID_CONFIG");
    expect(await code({ name: "a", config: {}, priority: 1.5 })).toBe("INVALID_PRIORITY");
    expect(await code({ name: 1, config: 5 })).toBe("INVALID_REQUEST");
  });

  test("takes more than 1 MiB", async () => {
    const big = "x".repeat(400_000);
    const { status } = await ask("POST", "/v1/tasks/batch", {
      tasks: [1, 2, 3, 4].map((n) => ({ name: `big ${n}`, config: { big }, queue: "big" })),
    });
    expect(status).toBe(201);
  });
});

describe("GET /v1/tasks", () => {
  test("answers whole task objects, total, limit, offset and next_cursor, newest first", async () => {
    const queue = newQueue();
    const ids = [await create({ queue }), await create({ queue }), await create({ queue })];
    const page = await ask("GET", `/v1/tasks?queue=${queue}&limit=2`);
    expect(page.json).toMatchObject({ success: true, total: 3, limit: 2, offset: 0, next_cursor: expect.any(String) });
    expect(fieldsOf(tasksIn(page)[0] ?? {})).toEqual(TASK_FIELDS);
    expect(idsIn(page)).toEqual([ids[2], ids[1]]);
    const next = await ask("GET", `/v1/tasks?queue=${queue}&limit=2&cursor=${page.json.next_cursor}&offset=1`);
    expect(idsIn(next)).toEqual([ids[0]]);
    expect(next.json.next_cursor).toBeNull();
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&offset=1&limit=1`))).toEqual([ids[1]]);
  });

  test("limit is 100 by default, and more than 1000 counts as 1000", async () => {
    expect((await ask("GET", "/v1/tasks")).json.limit).toBe(100);
    expect((await ask("GET", "/v1/tasks?limit=5000")).json.limit).toBe(1000);
  });

  test("status is repeatable or a comma list; status=queued alone is in the order in which they will run", async () => {
    const queue = newQueue();
    const [low, high, gone] = [await create({ queue }), await create({ queue, priority: 5 }), await create({ queue })];
    await ask("POST", `/v1/tasks/${gone}/cancel`);
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&status=queued`))).toEqual([high, low]);
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&status=cancelled`))).toEqual([gone]);
    expect((await ask("GET", `/v1/tasks?queue=${queue}&status=queued,cancelled`)).json.total).toBe(3);
    expect((await ask("GET", `/v1/tasks?queue=${queue}&status=queued&status=cancelled`)).json.total).toBe(3);
  });

  test("sort is descending with or without a leading minus, unless order says otherwise", async () => {
    const queue = newQueue();
    const [b, a, c] = [
      await create({ queue, name: "b" }),
      await create({ queue, name: "a" }),
      await create({ queue, name: "c" }),
    ];
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&sort=name`))).toEqual([c, b, a]);
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&sort=-name`))).toEqual([c, b, a]);
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&sort=-name&order=asc`))).toEqual([a, b, c]);
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&sort=created_at&order=asc`))).toEqual([b, a, c]);
    for (const sort of ["priority", "started_at", "completed_at"])
      expect((await ask("GET", `/v1/tasks?queue=${queue}&sort=${sort}`)).json.total).toBe(3);
  });

  test("q searches names, tag and the dates filter", async () => {
    const queue = newQueue();
    const id = await create({ queue, name: "100% Ünique_name", tags: ["red"] });
    await create({ queue, name: "other" });
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&q=${encodeURIComponent("100% ün")}`))).toEqual([id]);
    expect((await ask("GET", `/v1/tasks?queue=${queue}&q=${encodeURIComponent("uni%")}`)).json.total).toBe(0);
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&tag=red`))).toEqual([id]);
    expect((await ask("GET", `/v1/tasks?queue=${queue}&created_after=2020-01-01T00:00:00+02:00`)).json.total).toBe(2);
    expect((await ask("GET", `/v1/tasks?queue=${queue}&created_before=2020-01-01T00:00:00Z`)).json.total).toBe(0);
  });

  test.each([
    ["status=done", "status"],
    ["limit=abc", "limit"],
    ["limit=0", "limit"],
    ["offset=-1", "offset"],
    ["sort=color", "sort"],
    ["order=up", "order"],
    ["created_after=yesterday", "created_after"],
    ["cursor=nonsense", "cursor"],
    ["q=%00", "q"],
  ])("a wrong value is 400 and named: %s", async (query, path) => {
    expect(refusalIn(await ask("GET", `/v1/tasks?${query}`))).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: [path],
    });
  });
});

describe("GET /v1/tasks/:id", () => {
  test("answers the task object's fields at the top level; another account's task and no id at all are 404", async () => {
    const id = await create();
    expect(fieldsOf(await read(id))).toEqual(TASK_FIELDS);
    for (const [path, key] of [
      [`/v1/tasks/${id}`, other.key],
      ["/v1/tasks/task_nope", account.key],
      ["/v1/tasks/%00", account.key],
      ["/v1/tasks/%E0%A4%A", account.key],
      ["/v1/tasks/a%2Fb", account.key],
    ] as const)
      expect(refusalIn(await call("GET", path, { key }))).toEqual({ status: 404, code: "TASK_NOT_FOUND", paths: [] });
  });
});

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
    const task = await makeTask(account.userId, { queue: "cancel-me" });
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
    expect(refusalIn(await ask("GET", `/v1/tasks/${id}/metrics?max_points=many`))).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: ["max_points"],
    });
    expect(refusalIn(await call("GET", `/v1/tasks/${id}/metrics`, { key: other.key }))).toMatchObject({
      status: 404,
      code: "TASK_NOT_FOUND",
    });
  });
});

describe("queue", () => {
  test("GET /v1/queue/status answers every field of the contract, of `default` unless named", async () => {
    const queue = newQueue();
    const worker = await makeWorker({ workerId: `w-${queue}`, queues: [queue] });
    const running = await makeTask(account.userId, { queue, name: "runs" });
    await claim(worker);
    await makeTask(account.userId, { queue });
    const { json } = await ask("GET", `/v1/queue/status?queue=${queue}`);
    expect(json).toMatchObject({
      success: true,
      queue_name: queue,
      queue_status: "active",
      statistics: { pending: 0, queued: 1, running: 1, completed: 0, failed: 0, cancelled: 0 },
      current_tasks: [{ task_id: running.taskId, name: "runs", status: "running", started_at: expect.any(String) }],
      queue_length: 1,
      workers: [{ worker_id: `w-${queue}`, host: "test-host", slots: 10, busy: 1 }],
    });
    expect(Object.keys(json)).toEqual(expect.arrayContaining(["estimated_wait_time", "estimated_wait_seconds"]));
    expect((await ask("GET", "/v1/queue/status")).json.queue_name).toBe("default");
  });

  test("pause is durable and for every worker; resume ends it; the bodies may be empty", async () => {
    const queue = newQueue();
    expect((await ask("POST", "/v1/queue/pause", { queue, reason: "upgrade" })).json).toMatchObject({
      success: true,
      queue_status: "paused",
      message: expect.any(String),
    });
    expect((await ask("GET", `/v1/queue/status?queue=${queue}`)).json).toMatchObject({
      queue_status: "paused",
      pause_reason: "upgrade",
    });
    expect((await ask("POST", "/v1/queue/resume", { queue })).json).toMatchObject({
      queue_status: "active",
      message: expect.any(String),
    });
    expect((await ask("GET", `/v1/queue/status?queue=${queue}`)).json.queue_status).toBe("active");
    expect((await ask("POST", "/v1/queue/pause")).json).toMatchObject({
      queue_name: "default",
      queue_status: "paused",
    });
    expect((await ask("POST", "/v1/queue/resume")).json).toMatchObject({
      queue_name: "default",
      queue_status: "active",
    });
  });

  test("reorder: the named exchange the places they hold and take over their priorities; all others keep theirs", async () => {
    const queue = newQueue();
    const [a, b, c] = [
      await create({ queue, priority: 9 }),
      await create({ queue, priority: 5 }),
      await create({ queue }),
    ];
    const { json } = await ask("POST", "/v1/queue/reorder", { task_ids: [c, a] });
    expect(json).toMatchObject({
      success: true,
      message: expect.any(String),
      new_order: [
        { task_id: c, position: 1 },
        { task_id: a, position: 3 },
      ],
    });
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&status=queued`))).toEqual([c, b, a]);
    expect((await read(c)).priority).toBe(9);
  });

  test("reorder: unknown or repeated ids are 400, known but not queued ones 409, both name them, and nothing moves", async () => {
    const queue = newQueue();
    const [a, b] = [await create({ queue }), await create({ queue })];
    const foreign = (await call("POST", "/v1/tasks", { key: other.key, body: { name: "x", config: {}, queue } })).json
      .task_id;
    expect(refusalIn(await ask("POST", "/v1/queue/reorder", { task_ids: [b, "task_nope", a] }))).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: ["task_ids[1]"],
    });
    expect(refusalIn(await ask("POST", "/v1/queue/reorder", { task_ids: [b, a, b] }))).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: ["task_ids[2]"],
    });
    expect(refusalIn(await ask("POST", "/v1/queue/reorder", { task_ids: [b, foreign] }))).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: ["task_ids[1]"],
    });
    for (const task_ids of [undefined, "x", [5], []])
      expect((await ask("POST", "/v1/queue/reorder", { task_ids })).status).toBe(400);
    const started = await create({ queue });
    await ask("POST", `/v1/tasks/${started}/start`);
    expect(refusalIn(await ask("POST", "/v1/queue/reorder", { task_ids: [b, started] }))).toEqual({
      status: 409,
      code: "CONFLICT",
      paths: ["task_ids[1]"],
    });
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&status=queued`))).toEqual([a, b]);
  });

  test("QUEUE_MAX_SIZE counts queued and pending tasks of the account and queue: 503 QUEUE_FULL with Retry-After", async () => {
    const queue = newQueue();
    const tasks = Array.from({ length: 9999 }, () => ({ name: "a", config: {}, queue }));
    expect((await ask("POST", "/v1/tasks/batch", { tasks })).status).toBe(201);
    await create({ queue, run_at: "2999-01-01T00:00:00Z" });
    const full = await ask("POST", "/v1/tasks", { name: "one too many", config: {}, queue });
    expect([full.status, full.json.code, full.headers.get("Retry-After")]).toEqual([
      503,
      "QUEUE_FULL",
      expect.stringMatching(/^\d+$/),
    ]);
    expect((await call("POST", "/v1/tasks", { key: other.key, body: { name: "a", config: {}, queue } })).status).toBe(
      201,
    );
  });
});

describe("templates", () => {
  test("POST answers 201 template_id and name; GET lists them; a second one of the same name is 409", async () => {
    const { status, json } = await ask("POST", "/v1/configs/templates", {
      name: "small",
      config: { Layers: 2 },
      description: "tiny",
    });
    expect([status, json]).toMatchObject([
      201,
      { success: true, template_id: expect.stringMatching(/^tmpl_/), name: "small" },
    ]);
    const listed = (await ask("GET", "/v1/configs/templates")).json.templates;
    expect(listed).toMatchObject([
      { template_id: json.template_id, name: "small", config: { Layers: 2 }, description: "tiny" },
    ]);
    expect(refusalIn(await ask("POST", "/v1/configs/templates", { name: "small", config: {} }))).toMatchObject({
      status: 409,
      code: "CONFLICT",
    });
    expect((await call("GET", "/v1/configs/templates", { key: other.key })).json.templates).toEqual([]);
  });

  test("PUT changes what is given, null clears the description; DELETE removes it; unknown and foreign ones are 404", async () => {
    const id = (await ask("POST", "/v1/configs/templates", { name: "t", config: { a: 1 }, description: "d" })).json
      .template_id;
    expect((await ask("PUT", `/v1/configs/templates/${id}`, { config: { a: 2 } })).json).toMatchObject({
      success: true,
      name: "t",
      config: { a: 2 },
      description: "d",
    });
    expect((await ask("PUT", `/v1/configs/templates/${id}`, { name: "u", description: null })).json).toMatchObject({
      name: "u",
      config: { a: 2 },
      description: null,
    });
    expect(refusalIn(await ask("PUT", `/v1/configs/templates/${id}`, { config: [] }))).toEqual({
      status: 400,
      code: "INVALID_CONFIG",
      paths: ["config"],
    });
    expect(refusalIn(await call("DELETE", `/v1/configs/templates/${id}`, { key: other.key }))).toMatchObject({
      status: 404,
      code: "NOT_FOUND",
    });
    expect((await ask("DELETE", `/v1/configs/templates/${id}`)).json).toMatchObject({ success: true });
    expect(refusalIn(await ask("DELETE", `/v1/configs/templates/${id}`))).toMatchObject({
      status: 404,
      code: "NOT_FOUND",
    });
    expect(refusalIn(await ask("PUT", "/v1/configs/templates/tmpl_nope", {}))).toMatchObject({
      status: 404,
      code: "NOT_FOUND",
    });
  });

  test.each([
    [{ config: {} }, "INVALID_REQUEST", "name"],
    [{ name: "x" }, "INVALID_CONFIG", "config"],
    [{ name: "x", config: {}, description: 5 }, "INVALID_REQUEST", "description"],
  ])("POST %j is 400", async (body, code, path) => {
    expect(refusalIn(await ask("POST", "/v1/configs/templates", body))).toEqual({ status: 400, code, paths: [path] });
  });
});

describe("GET /v1/statistics/tasks", () => {
  test("answers period and statistics: created by created_at, ended by completed_at", async () => {
    const mine = await makeAccount();
    const worker = await makeWorker({ queues: ["stats"] });
    const runTask = async () => {
      await makeTask(mine.userId, { queue: "stats" });
      const [task] = await claim(worker);
      if (!task) throw new Error("Nothing was claimed.");
      return { taskId: task.taskId, attempt: task.attempt, exitCode: 0, signal: null };
    };
    await finishIfCurrent({ ...(await runTask()), outcome: "succeeded", result: null });
    await finishIfCurrent({
      ...(await runTask()),
      outcome: "failed",
      result: null,
      errorMessage: "exit code 1",
      errorKind: "exit",
    });
    const { json } = await call("GET", "/v1/statistics/tasks", { key: mine.key });
    const today = new Date().toISOString().slice(0, 10);
    expect(json.period).toMatchObject({ end: today });
    expect(json.statistics).toMatchObject({
      total_tasks: 2,
      completed_tasks: 1,
      failed_tasks: 1,
      cancelled_tasks: 0,
      average_duration: "0s",
      success_rate: 0.5,
    });
    const byDay = (json.statistics as { by_day: JsonObject[] }).by_day;
    expect([byDay.length, byDay.at(-1)]).toMatchObject([30, { date: today, total: 2, completed: 1, failed: 1 }]);
  });

  test("both days are included; wrong ones are named", async () => {
    expect((await ask("GET", "/v1/statistics/tasks?start_date=2026-01-01&end_date=2026-01-02")).json.period).toEqual({
      start: "2026-01-01",
      end: "2026-01-02",
    });
    expect(refusalIn(await ask("GET", "/v1/statistics/tasks?start_date=01.02.2026"))).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: ["start_date"],
    });
    expect(refusalIn(await ask("GET", "/v1/statistics/tasks?start_date=2026-02-01&end_date=2026-01-01"))).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: ["end_date"],
    });
  });
});
