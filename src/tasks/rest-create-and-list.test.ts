// The contract over HTTP: creating tasks, and reading them back. Path, fields, status, code.
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../platform/json-safety";
import { refusalIn, useHttpServer } from "../testing/http";
import { fieldsOf, idsIn, TASK_FIELDS, tasksIn, useRestAccount } from "../testing/rest-account";
import { useTestServices } from "../testing/services";

useTestServices({ ALLOW_COMMANDS: "true", ENTRYPOINTS_DIR: "examples" });
const { call } = useHttpServer();
const { accounts, ask, newQueue, create, read } = useRestAccount(call);

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
      user_id: accounts.mine.userId,
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

  test("numbers at the edge of what JSON carries come back equal", async () => {
    const numbers = "[9007199254740992,-9007199254740992,1e300,-0,5e-324,1e20,5.0]";
    const { status, json } = await ask("POST", "/v1/tasks", undefined, {
      text: `{"name":"edges","config":{"n":${numbers},"__proto__":{"a":1},"constructor":2},"queue":"${newQueue()}","priority":-0}`,
    });
    expect([status, json.priority]).toEqual([201, 0]);
    const { n, ...rest } = (await read(String(json.task_id))).config as { n: number[] };
    expect(n).toEqual((JSON.parse(numbers) as number[]).map((one) => one + 0));
    expect(JSON.stringify(rest)).toBe('{"__proto__":{"a":1},"constructor":2}');
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
      updated_at: 2 ** 60,
      completed_at: [[]],
      attempt: "x",
      waiting_reason: 4,
      cancel_requested_at: {},
      order: "first",
      version: 1.5,
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
      resources: { gpus: null, cpus: 1, tpus: "four" },
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
      user_id: accounts.mine.userId,
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

  test("a position is among the account's queued tasks of the same queue", async () => {
    const queue = newQueue();
    const body = { name: "theirs", config: {}, queue, priority: 9 };
    expect((await call("POST", "/v1/tasks", { key: accounts.other.key, body })).json.queue_position).toBe(1);
    await create({ queue: newQueue() });
    expect((await read(await create({ queue }))).queue_position).toBe(1);
    const { json } = await ask("POST", "/v1/tasks", { name: "mine", config: {}, queue, priority: -1 });
    expect(json.queue_position).toBe(2);
    const started = await create({ queue, priority: 1 });
    await ask("POST", `/v1/tasks/${started}/start`);
    expect([(await read(started)).queue_position, (await read(String(json.task_id))).queue_position]).toEqual([
      null,
      2,
    ]);
  });

  test("a name of a queue may hold any visible text", async () => {
    for (const queue of ["a|b:c", "%_'\"\\", "gpu/№ 1 ключ 🙂", "__proto__", "x".repeat(100), " "]) {
      const id = await create({ queue });
      expect(await read(id)).toMatchObject({ queue, queue_position: 1 });
      expect(idsIn(await ask("GET", `/v1/tasks?status=queued&queue=${encodeURIComponent(queue)}`))).toEqual([id]);
      const path = `/v1/queue/status?queue=${encodeURIComponent(queue)}`;
      expect((await ask("GET", path)).json).toMatchObject({ queue_name: queue, queue_length: 1 });
      await ask("POST", "/v1/queue/pause", { queue });
      expect((await ask("GET", path)).json.queue_status).toBe("paused");
    }
  });

  test("a time that has passed is no reason to wait; times come with an offset, in UTC", async () => {
    const run_at = "2020-02-29T23:59:59.123456+05:30";
    const { json } = await ask("POST", "/v1/tasks", { name: "late", config: {}, queue: newQueue(), run_at });
    expect(json).toMatchObject({ status: "queued", queue_position: 1, run_at: "2020-02-29T18:29:59.123Z" });
    await ask("POST", `/v1/tasks/${json.task_id}/result`, { result: {} });
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await read(String(json.task_id))).toMatchObject({
      created_at: time,
      started_at: time,
      completed_at: time,
      updated_at: time,
    });
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

  test("takes 10,000 tasks, and names them in their order", async () => {
    const queue = newQueue();
    const tasks = Array.from({ length: 10_000 }, (_, n) => ({ name: `n${n}`, config: {}, queue }));
    const { status, json } = await ask("POST", "/v1/tasks/batch", { tasks });
    const ids = json.task_ids as string[];
    expect([status, json.created_count, new Set(ids).size]).toEqual([201, 10_000, 10_000]);
    expect(ids.every((id) => /^[A-Za-z0-9_-]+$/.test(id))).toBe(true);
    expect([(await read(ids[9999] ?? "")).name, (await read(ids[9999] ?? "")).queue_position]).toEqual([
      "n9999",
      10_000,
    ]);
  });

  test("takes more than 1 MiB", async () => {
    const big = "x".repeat(400_000);
    const { status } = await ask("POST", "/v1/tasks/batch", {
      tasks: [1, 2, 3, 4].map((n) => ({ name: `big ${n}`, config: { big }, queue: "big" })),
    });
    expect(status).toBe(201);
  });
});

const cursorOf = (cursor: JsonObject): string => Buffer.from(JSON.stringify(cursor)).toString("base64url");

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
    for (const limit of ["1001", "5000", "99999999999999999999"])
      expect((await ask("GET", `/v1/tasks?limit=${limit}`)).json.limit).toBe(1000);
    expect((await ask("GET", "/v1/tasks?limit=1000&offset=-0")).json).toMatchObject({ limit: 1000, offset: 0 });
  });

  test("status is repeatable or a comma list; status=queued alone is in the order in which they will run", async () => {
    const queue = newQueue();
    const [low, high, gone] = [await create({ queue }), await create({ queue, priority: 5 }), await create({ queue })];
    await ask("POST", `/v1/tasks/${gone}/cancel`);
    for (const status of ["queued", "queued&status=queued", "queued,", "queued,queued"])
      expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&status=${status}`))).toEqual([high, low]);
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&status=queued&order=desc`))).toEqual([low, high]);
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&status=queued&sort=created_at`))).toEqual([high, low]);
    expect(idsIn(await ask("GET", `/v1/tasks?queue=${queue}&status=queued&sort=created_at&order=asc`))).toEqual([
      low,
      high,
    ]);
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
    ["created_after=2026-02-30", "created_after"],
    ["created_before=0000-01-01T00:00:00Z", "created_before"],
    ["cursor=nonsense", "cursor"],
    [`cursor=${cursorOf({ v: "a name", s: 1 })}`, "cursor"],
    [`cursor=${cursorOf({ v: 1.5, s: 1 })}`, "cursor"],
    [`cursor=${cursorOf({ v: 1, s: 1e30 })}`, "cursor"],
    [`sort=priority&cursor=${cursorOf({ v: 3_000_000_000, s: 1 })}`, "cursor"],
    [`sort=name&cursor=${cursorOf({ v: "\u0000", s: 1 })}`, "cursor"],
    [`sort=name&cursor=${cursorOf({ v: 5, s: 1 })}`, "cursor"],
    [`sort=started_at&cursor=${cursorOf({ v: "a name", s: 1 })}`, "cursor"],
    [`sort=completed_at&cursor=${cursorOf({ v: null, s: 1 })}`, "cursor"],
    ["limit=1.5", "limit"],
    ["limit=-1", "limit"],
    ["limit=true", "limit"],
    ["limit=1e2", "limit"],
    ["offset=0.5", "offset"],
    ["offset=99999999999999999999", "offset"],
    ["queue=a%0Ab", "queue"],
    ["status=queued&status=done", "status"],
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
      [`/v1/tasks/${id}`, accounts.other.key],
      ["/v1/tasks/task_nope", accounts.mine.key],
      ["/v1/tasks/%00", accounts.mine.key],
      ["/v1/tasks/%E0%A4%A", accounts.mine.key],
      ["/v1/tasks/a%2Fb", accounts.mine.key],
    ] as const)
      expect(refusalIn(await call("GET", path, { key }))).toEqual({ status: 404, code: "TASK_NOT_FOUND", paths: [] });
  });
});
