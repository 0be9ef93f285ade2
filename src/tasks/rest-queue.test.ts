// The contract over HTTP: queues, saved configs, statistics. Path, fields, status, code.
import { describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { claim, makeTask, makeWorker } from "../testing/engine";
import { refusalIn, useHttpServer } from "../testing/http";
import { makeAccount } from "../testing/make";
import { idsIn, useRestAccount } from "../testing/rest-account";
import { useTestServices } from "../testing/services";
import { finishIfCurrent } from "./finish";

useTestServices({ ALLOW_COMMANDS: "true", ENTRYPOINTS_DIR: "examples" });
const { call } = useHttpServer();
const { accounts, ask, newQueue, create, read } = useRestAccount(call);

describe("queue", () => {
  test("GET /v1/queue/status answers every field of the contract, of `default` unless named", async () => {
    const queue = newQueue();
    const worker = await makeWorker({ workerId: `w-${queue}`, queues: [queue] });
    const running = await makeTask(accounts.mine.userId, { queue, name: "runs" });
    await claim(worker);
    await makeTask(accounts.mine.userId, { queue });
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

  test("current_tasks are the ten that have run longest; statistics count every status", async () => {
    const queue = newQueue();
    const ids: string[] = [];
    for (let n = 0; n < 11; n++) {
      ids.push(await create({ queue, name: `n${n}` }));
      await ask("POST", `/v1/tasks/${ids[n]}/start`);
    }
    await create({ queue, run_at: "2999-01-01T00:00:00Z" });
    await ask("POST", `/v1/tasks/${await create({ queue })}/cancel`);
    await ask("POST", `/v1/tasks/${await create({ queue })}/result`, { result: {} });
    await ask("POST", `/v1/tasks/${await create({ queue })}/result`, { result: { error: "x" } });
    const { json } = await ask("GET", `/v1/queue/status?queue=${queue}`);
    expect((json.current_tasks as JsonObject[]).map((task) => task.task_id)).toEqual(ids.slice(0, 10));
    expect(json.statistics).toEqual({ pending: 1, queued: 0, running: 11, completed: 1, failed: 1, cancelled: 1 });
    const theirs = (await call("GET", `/v1/queue/status?queue=${queue}`, { key: accounts.other.key })).json;
    expect([theirs.current_tasks, theirs.queue_length]).toEqual([[], 0]);
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

  test("an estimate is of measured durations and free workers; nobody can say while the queue is paused", async () => {
    const queue = newQueue();
    const wait = async () => {
      const { estimated_wait_time, estimated_wait_seconds } = (await ask("GET", `/v1/queue/status?queue=${queue}`))
        .json;
      return [estimated_wait_time, estimated_wait_seconds];
    };
    expect(await wait()).toEqual([null, null]);
    const worker = await makeWorker({ workerId: `w-${queue}`, queues: [queue] });
    await makeTask(accounts.mine.userId, { queue });
    const [task] = await claim(worker);
    if (!task) throw new Error("Nothing was claimed.");
    await getSql()`UPDATE tasks SET started_at = now() - interval '10 minutes' WHERE id = ${task.taskId}`;
    const attempt = { taskId: task.taskId, attempt: task.attempt, exitCode: 0, signal: null };
    await finishIfCurrent({ ...attempt, outcome: "succeeded", result: null });
    expect(await wait()).toEqual(["0s", 0]);
    const tasks = Array.from({ length: 5 }, () => ({ name: "a", config: {}, queue, command: ["true"] }));
    await ask("POST", "/v1/tasks/batch", { tasks });
    await create({ queue }); // for a client: left out
    expect(await wait()).toEqual(["5m0s", 300]);
    await ask("POST", "/v1/queue/pause", { queue });
    expect(await wait()).toEqual([null, null]);
    await ask("POST", "/v1/queue/resume", { queue });
    expect(await wait()).toEqual(["5m0s", 300]);
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
    const foreign = (
      await call("POST", "/v1/tasks", { key: accounts.other.key, body: { name: "x", config: {}, queue } })
    ).json.task_id;
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
    const pending = await create({ queue, run_at: "2999-01-01T00:00:00Z" });
    const conflict = await ask("POST", "/v1/queue/reorder", { task_ids: [b, started, a, pending] });
    expect(refusalIn(conflict)).toEqual({ status: 409, code: "CONFLICT", paths: ["task_ids[1]", "task_ids[3]"] });
    const unknown = await ask("POST", "/v1/queue/reorder", { task_ids: [b, "task_nope", "task_none"] });
    expect(refusalIn(unknown).paths).toEqual(["task_ids[1]", "task_ids[2]"]);
    for (const [answer, ids] of [
      [conflict, [started, pending]],
      [unknown, ["task_nope", "task_none"]],
    ] as const)
      expect((answer.json.details as { message: string }[]).map(({ message }) => message.split(": ")[1])).toEqual(ids);
    const elsewhere = await create({ queue: newQueue() });
    expect(refusalIn(await ask("POST", "/v1/queue/reorder", { task_ids: [b, elsewhere] }))).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: ["task_ids"],
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
    expect(
      (await call("POST", "/v1/tasks", { key: accounts.other.key, body: { name: "a", config: {}, queue } })).status,
    ).toBe(201);
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
    expect((await call("GET", "/v1/configs/templates", { key: accounts.other.key })).json.templates).toEqual([]);
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
    await ask("POST", "/v1/configs/templates", { name: "taken", config: {} });
    expect(refusalIn(await ask("PUT", `/v1/configs/templates/${id}`, { name: "taken" }))).toMatchObject({
      status: 409,
      code: "CONFLICT",
    });
    expect((await ask("PUT", `/v1/configs/templates/${id}`, { name: "u" })).status).toBe(200);
    expect(refusalIn(await ask("PUT", `/v1/configs/templates/${id}`, { config: [] }))).toEqual({
      status: 400,
      code: "INVALID_CONFIG",
      paths: ["config"],
    });
    expect(refusalIn(await call("DELETE", `/v1/configs/templates/${id}`, { key: accounts.other.key }))).toMatchObject({
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

  test("a day lasts from midnight to midnight in UTC; durations are those of completed tasks", async () => {
    const mine = await makeAccount();
    const end = async (created: string, completed: string | null, result: JsonObject, seconds = 62) => {
      const { json } = await call("POST", "/v1/tasks", { key: mine.key, body: { name: "a", config: {} } });
      if (completed !== null)
        await call("POST", `/v1/tasks/${json.task_id}/result`, { key: mine.key, body: { result } });
      await getSql()`
        UPDATE tasks SET created_at = ${created}, completed_at = ${completed}, started_at = ${completed}::timestamptz - make_interval(secs => ${seconds})
        WHERE id = ${String(json.task_id)}`;
    };
    await end("2026-01-01T00:00:00Z", "2026-01-02T23:59:59.999Z", {});
    await end("2026-01-02T23:59:59.999Z", "2026-01-03T00:00:00Z", {});
    await end("2026-01-03T00:00:00Z", "2026-01-01T00:00:00Z", { error: "x" }, 9999);
    await end("2025-12-31T23:59:59Z", null, {});
    const ask = async (days: string) => (await call("GET", `/v1/statistics/tasks?${days}`, { key: mine.key })).json;
    const two = await ask("start_date=2026-01-01&end_date=2026-01-02");
    expect(two.statistics).toEqual({
      total_tasks: 2,
      completed_tasks: 1,
      failed_tasks: 1,
      cancelled_tasks: 0,
      average_duration: "1m2s",
      average_duration_seconds: 62,
      success_rate: 0.5,
      by_day: [
        { date: "2026-01-01", total: 1, completed: 0, failed: 1, cancelled: 0 },
        { date: "2026-01-02", total: 1, completed: 1, failed: 0, cancelled: 0 },
      ],
    });
    expect((await ask("start_date=2026-01-03&end_date=2026-01-03")).statistics).toMatchObject({
      total_tasks: 1,
      completed_tasks: 1,
    });
    expect((await ask("end_date=2020-02-29")).period).toEqual({ start: "2020-01-31", end: "2020-02-29" });
    expect((await ask("end_date=2020-02-29")).statistics).toMatchObject({
      total_tasks: 0,
      success_rate: 0,
      average_duration: "0s",
    });
  });

  test("both days are included; wrong ones are named", async () => {
    expect((await ask("GET", "/v1/statistics/tasks?start_date=2026-01-01&end_date=2026-01-02")).json.period).toEqual({
      start: "2026-01-01",
      end: "2026-01-02",
    });
    for (const day of ["01.02.2026", "2026-02-30", "2026-1-1", "0000-01-01"])
      expect(refusalIn(await ask("GET", `/v1/statistics/tasks?start_date=${day}`))).toEqual({
        status: 400,
        code: "INVALID_REQUEST",
        paths: ["start_date"],
      });
    const all = (await ask("GET", "/v1/statistics/tasks?start_date=1970-01-01")).json;
    const byDay = (all.statistics as { by_day: JsonObject[] }).by_day;
    expect(all.period).toMatchObject({ start: "1970-01-01" });
    expect([byDay.length, byDay.at(-1)?.date]).toEqual([3660, new Date().toISOString().slice(0, 10)]);
    for (const days of ["start_date=9999-12-31", "end_date=9999-12-31", "end_date=0001-01-01"])
      expect((await ask("GET", `/v1/statistics/tasks?${days}`)).status).toBe(200);
    expect(refusalIn(await ask("GET", "/v1/statistics/tasks?start_date=2026-02-01&end_date=2026-01-01"))).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: ["end_date"],
    });
  });
});
