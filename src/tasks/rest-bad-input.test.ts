// Bad input gets the contract's answer, and nothing is stored.
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { refusalIn, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices({ ALLOW_COMMANDS: "true", ENTRYPOINTS_DIR: "examples" });
const { call } = useHttpServer();

let account: Account;
let other: Account;
let stored: string;

/** Everything that a request could have left behind. */
const everything = async (): Promise<string> => {
  const sql = getSql();
  const [row] = await sql`
    SELECT (SELECT count(*) FROM tasks) AS tasks, (SELECT count(*) FROM ready_tasks) AS ready, (SELECT count(*) FROM pending_tasks) AS pending,
      (SELECT count(*) FROM idempotency_keys) AS keys, (SELECT count(*) FROM templates) AS templates, (SELECT count(*) FROM task_count_deltas) AS deltas,
      (SELECT max(updated_at) FROM tasks) AS changed, (SELECT last_value FROM task_turns) AS turns`;
  const { turns, ...kept } = row ?? {};
  return JSON.stringify(kept);
};

beforeAll(async () => {
  account = await makeAccount();
  other = await makeAccount();
  await call("POST", "/v1/tasks", { key: other.key, body: { name: "another account's", config: {} } });
  stored = await everything();
});

afterEach(async () => {
  expect(await everything()).toBe(stored);
});

const post = (body: unknown, path = "/v1/tasks") => call("POST", path, { key: account.key, body });
const postText = (text: string | Buffer<ArrayBuffer>, path = "/v1/tasks") =>
  call("POST", path, { key: account.key, text, headers: { "Content-Type": "application/json" } });
const good = { name: "a", config: {} };

describe("wrong types and values", () => {
  test.each<[JsonObject, string, string]>([
    [{ config: {} }, "INVALID_REQUEST", "name"],
    [{ name: "", config: {} }, "INVALID_REQUEST", "name"],
    [{ name: 5, config: {} }, "INVALID_REQUEST", "name"],
    [{ name: "x".repeat(501), config: {} }, "INVALID_REQUEST", "name"],
    [{ name: "a" }, "INVALID_CONFIG", "config"],
    [{ name: "a", config: null }, "INVALID_CONFIG", "config"],
    [{ name: "a", config: [] }, "INVALID_CONFIG", "config"],
    [{ name: "a", config: "{}" }, "INVALID_CONFIG", "config"],
    [{ ...good, priority: "5" }, "INVALID_PRIORITY", "priority"],
    [{ ...good, priority: 0.5 }, "INVALID_PRIORITY", "priority"],
    [{ ...good, priority: 1_000_001 }, "INVALID_PRIORITY", "priority"],
    [{ ...good, metadata: 3 }, "INVALID_REQUEST", "metadata"],
    [{ ...good, tags: "red" }, "INVALID_REQUEST", "tags"],
    [{ ...good, tags: ["a", 3] }, "INVALID_REQUEST", "tags[1]"],
    [{ ...good, queue: "" }, "INVALID_REQUEST", "queue"],
    [{ ...good, queue: "a\nb" }, "INVALID_REQUEST", "queue"],
    [{ ...good, command: "python train.py" }, "INVALID_REQUEST", "command"],
    [{ ...good, command: [] }, "INVALID_REQUEST", "command"],
    [{ ...good, command: [1] }, "INVALID_REQUEST", "command[0]"],
    [{ ...good, command: ["true"], entrypoint: "train_digits.mjs" }, "INVALID_REQUEST", "command"],
    [{ ...good, env: { A: 1 } }, "INVALID_REQUEST", "env.A"],
    [{ ...good, env: { LD_PRELOAD: "x" } }, "INVALID_REQUEST", "env.LD_PRELOAD"],
    [{ ...good, env: { MLQUEUE_Task: "x" } }, "INVALID_REQUEST", "env.MLQUEUE_Task"],
    [{ ...good, env: { NODE_OPTIONS: "x" } }, "INVALID_REQUEST", "env.NODE_OPTIONS"],
    [{ ...good, resources: 4 }, "INVALID_REQUEST", "resources"],
    [{ ...good, resources: { memory_mb: "1G" } }, "INVALID_REQUEST", "resources.memory_mb"],
    [{ ...good, resources: { gpus: -1 } }, "INVALID_REQUEST", "resources.gpus"],
    [{ ...good, timeout_seconds: 0 }, "INVALID_REQUEST", "timeout_seconds"],
    [{ ...good, max_attempts: 0 }, "INVALID_REQUEST", "max_attempts"],
    [{ ...good, run_at: "tomorrow" }, "INVALID_REQUEST", "run_at"],
    [{ ...good, run_at: "2026-01-01T00:00:00" }, "INVALID_REQUEST", "run_at"],
    [{ ...good, run_at: "2026-02-30T00:00:00Z" }, "INVALID_REQUEST", "run_at"],
    [{ ...good, run_at: "0000-01-01T00:00:00Z" }, "INVALID_REQUEST", "run_at"],
    [{ ...good, run_at: "2026-01-01T00:00:00+23:59" }, "INVALID_REQUEST", "run_at"],
    [{ ...good, run_at: "9999-12-31T23:59:59-10:00" }, "INVALID_REQUEST", "run_at"],
    [{ ...good, depends_on: "task_x" }, "INVALID_REQUEST", "depends_on"],
    [{ ...good, depends_on: ["task_nope"] }, "INVALID_REQUEST", "depends_on[0]"],
    [{ ...good, webhook_url: "ftp://example.org" }, "INVALID_REQUEST", "webhook_url"],
  ])("%j", async (body, code, path) => {
    expect(refusalIn(await post(body))).toEqual({ status: 400, code, paths: [path] });
    const batch = await post({ tasks: [good, body] }, "/v1/tasks/batch");
    expect(refusalIn(batch)).toEqual({ status: 400, code, paths: [`tasks[1].${path}`] });
  });

  test("every bad field is named; the first decides the code", async () => {
    const answer = await post({ name: 1, config: 2, priority: "3", tags: 4 });
    expect(refusalIn(answer)).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: ["name", "config", "priority", "tags"],
    });
    expect(answer.json.error).toBe("name must be text, not a number.");
  });

  test.each([
    ["no_such.mjs"],
    ["../package.json"],
    ["/etc/passwd"],
    ["data/../train_digits.mjs"],
    ["./train_digits.mjs"],
    ["data"],
    [".."],
    ["a\u0001b"],
  ])("entrypoint %j is unknown: no path leaves the folder", async (entrypoint) => {
    expect(refusalIn(await post({ ...good, entrypoint }))).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: ["entrypoint"],
    });
  });

  test("another account's task is no dependency", async () => {
    const foreign = (await call("GET", "/v1/tasks", { key: other.key })).json.tasks as JsonObject[];
    expect(refusalIn(await post({ ...good, depends_on: [foreign[0]?.task_id] }))).toMatchObject({
      status: 400,
      paths: ["depends_on[0]"],
    });
  });
});

describe("values that JSON cannot carry safely", () => {
  test.each([
    ['{"name":"a","config":{"lr":NaN}}', "INVALID_CONFIG", "config.lr"],
    ['{"name":"a NaN \\" Infinity","config":{"lr":[1,-Infinity]}}', "INVALID_CONFIG", "config.lr[1]"],
    ['{"name":"a","config":{"lr":1e400}}', "INVALID_CONFIG", "config.lr"],
    ['{"name":"a","config":{"seed":9007199254740993}}', "INVALID_CONFIG", "config.seed"],
    ['{"name":"a","config":{},"metadata":{"ns":-17640524940000000000}}', "INVALID_REQUEST", "metadata.ns"],
    ['{"name":"a","config":{},"priority":9007199254740993}', "INVALID_PRIORITY", "priority"],
    ['{"name":"a","config":{},"surprise":{"x":1e400}}', "INVALID_REQUEST", "surprise.x"],
    ['{"name":"a","config":{"text":"a\\u0000b"}}', "INVALID_CONFIG", "config.text"],
    ['{"name":"a","config":{"text":"\\ud800"}}', "INVALID_CONFIG", "config.text"],
    ['{"name":"a\\u0000","config":{}}', "INVALID_REQUEST", "name"],
    ['{"name":"a","config":{},"metadata":{"x":{"y":"\\udfff"}}}', "INVALID_REQUEST", "metadata.x.y"],
    ['{"name":"a","config":{},"priority":1e400}', "INVALID_PRIORITY", "priority"],
  ])("%s", async (text, code, path) => {
    expect(refusalIn(await postText(text))).toEqual({ status: 400, code, paths: [path] });
  });

  test("a batch names the index", async () => {
    const text = '{"tasks":[{"name":"a","config":{}},{"name":"a","config":{"lr":NaN}}]}';
    expect(refusalIn(await postText(text, "/v1/tasks/batch"))).toEqual({
      status: 400,
      code: "INVALID_CONFIG",
      paths: ["tasks[1].config.lr"],
    });
  });

  test("JSON deeper than 64 levels", async () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
    // The body is the first level; its 65th is the 64th of the config. A priority of text stops what is not too deep.
    const deepest = await post({ name: "a", config: nested(63), priority: "stop" });
    expect(refusalIn(deepest)).toEqual({ status: 400, code: "INVALID_PRIORITY", paths: ["priority"] });
    const answer = await post({ name: "a", config: nested(64), priority: "stop" });
    expect(answer).toMatchObject({ status: 400, json: { code: "INVALID_CONFIG" } });
    expect(refusalIn(answer).paths[0]).toMatch(/^config(\.a){63}$/);
  });

  test.each([
    ["[", "]"],
    ['{"a":', "}"],
  ])("a megabyte of %s does not overflow the stack", async (open, close) => {
    const depth = Math.floor(1_000_000 / (open.length + close.length));
    expect((await postText(open.repeat(depth) + close.repeat(depth))).status).toBe(400);
    expect(
      (await postText(`{"name":"a","config":{"x":${open.repeat(depth - 100)}1${close.repeat(depth - 100)}}}`)).status,
    ).toBe(400);
    expect((await postText(open.repeat(depth))).status).toBe(400);
  });

  test("one string of nearly a megabyte with a NaN behind it", async () => {
    expect(refusalIn(await postText(`{"name":"${"x\\n".repeat(300_000)}","config":{"lr":NaN}}`)).paths).toEqual([
      "config.lr",
    ]);
  });

  test.each([
    ['{"name":'],
    ["nonsense"],
    ["{'name': 'a'}"],
    ['{"name":"a","config":{}} x'],
    ["[]"],
    ["5"],
    ["null"],
    ['"text"'],
  ])("a body that is no JSON object: %s", async (text) => {
    expect(refusalIn(await postText(text))).toEqual({ status: 400, code: "INVALID_REQUEST", paths: [""] });
  });

  test("a body that is not UTF-8", async () => {
    expect(refusalIn(await postText(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])))).toMatchObject({
      status: 400,
      code: "INVALID_REQUEST",
    });
  });

  test("an empty body where fields are required names them", async () => {
    expect(refusalIn(await postText(""))).toEqual({ status: 400, code: "INVALID_REQUEST", paths: ["name", "config"] });
  });
});

describe("sizes", () => {
  test("a body of 2 MiB is 413, on batch routes one of 33 MiB", async () => {
    expect(refusalIn(await post({ name: "a", config: { big: "x".repeat(2 * 1024 * 1024) } }))).toEqual({
      status: 413,
      code: "PAYLOAD_TOO_LARGE",
      paths: [],
    });
    expect(refusalIn(await postText(Buffer.alloc(33 * 1024 * 1024, 32), "/v1/tasks/batch"))).toEqual({
      status: 413,
      code: "PAYLOAD_TOO_LARGE",
      paths: [],
    });
  });

  test("to the byte: what is one larger than 1 MiB, in batches 32 MiB", async () => {
    const sized = (bytes: number) => Buffer.alloc(bytes, 32).fill("{}", 0, 2);
    const MIB = 1024 * 1024;
    // As large as may be, they are read, and miss their fields.
    expect(refusalIn(await postText(sized(MIB)))).toMatchObject({ status: 400, paths: ["name", "config"] });
    expect((await postText(sized(MIB + 1))).status).toBe(413);
    expect(refusalIn(await postText(sized(32 * MIB), "/v1/tasks/batch"))).toMatchObject({
      status: 400,
      paths: ["tasks"],
    });
    expect((await postText(sized(32 * MIB + 1), "/v1/tasks/batch")).status).toBe(413);
    expect((await postText(sized(MIB + 1), "/v1/configs/templates")).status).toBe(413);
  });

  test("10,001 tasks", async () => {
    const answer = await post({ tasks: Array.from({ length: 10_001 }, () => good) }, "/v1/tasks/batch");
    expect(refusalIn(answer)).toEqual({ status: 400, code: "INVALID_REQUEST", paths: ["tasks"] });
  });

  test("ten million entries are refused before they are looked at", async () => {
    expect(refusalIn(await postText(`{"tasks":[${"1,".repeat(9_999_999)}1]}`, "/v1/tasks/batch")).paths).toEqual([
      "tasks",
    ]);
  });

  test.each([[{}], [{ tasks: null }], [{ tasks: {} }], [{ tasks: "x" }]])(
    "a batch without a list: %j",
    async (body) => {
      expect(refusalIn(await post(body, "/v1/tasks/batch"))).toEqual({
        status: 400,
        code: "INVALID_REQUEST",
        paths: ["tasks"],
      });
    },
  );
});

describe("ids of nobody and of another account", () => {
  test("every route of a task answers 404 TASK_NOT_FOUND", async () => {
    const [foreign] = (await call("GET", "/v1/tasks", { key: other.key })).json.tasks as JsonObject[];
    const routes: [string, string, JsonObject?][] = [
      ["GET", ""],
      ["PATCH", "/priority", { priority: 1 }],
      ["POST", "/cancel"],
      ["POST", "/retry"],
      ["POST", "/start"],
      ["POST", "/result", { result: {} }],
      ["GET", "/logs"],
      ["GET", "/logs?follow=1"],
      ["GET", "/metrics"],
    ];
    for (const id of ["task_nope", "../tasks", "%27%20OR%201=1", foreign?.task_id])
      for (const [method, below, body] of routes) {
        const answer = await call(method, `/v1/tasks/${encodeURIComponent(String(id))}${below}`, {
          key: account.key,
          ...(body && { body }),
        });
        expect({ below, ...refusalIn(answer) }).toEqual({ below, status: 404, code: "TASK_NOT_FOUND", paths: [] });
      }
  });
});
