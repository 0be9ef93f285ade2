// What a body may be on every route: empty, with null, with fields that nobody knows or only the server sets, of wrong types.
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../platform/json-safety";
import { refusalIn, useHttpServer } from "../testing/http";
import { useRestAccount } from "../testing/rest-account";
import { useTestServices } from "../testing/services";

useTestServices();
const { call } = useHttpServer();
const { accounts, ask, create, newQueue } = useRestAccount(call);

const cancelled = async (): Promise<string> => {
  const id = await create({ queue: newQueue() });
  await ask("POST", `/v1/tasks/${id}/cancel`);
  return id;
};
const template = async (): Promise<string> => {
  const body = { name: newQueue(), config: { lr: 1 }, description: "kept" };
  return String((await ask("POST", "/v1/configs/templates", body)).json.template_id);
};

/** Routes whose fields are all optional. Each path is made anew, since most of them work once. */
const OPTIONAL: [string, string, () => Promise<string>][] = [
  ["POST", "cancel", async () => `/v1/tasks/${await create()}/cancel`],
  ["POST", "start", async () => `/v1/tasks/${await create()}/start`],
  ["POST", "retry", async () => `/v1/tasks/${await cancelled()}/retry`],
  ["POST", "pause", async () => "/v1/queue/pause"],
  ["POST", "resume", async () => "/v1/queue/resume"],
  ["POST", "auth/token", async () => "/v1/auth/token"],
  ["PUT", "templates", async () => `/v1/configs/templates/${await template()}`],
  ["DELETE", "templates", async () => `/v1/configs/templates/${await template()}`],
];

/** Of every type but the right one. */
const IGNORED = {
  task_id: 5,
  template_id: [],
  user_id: {},
  status: ["x"],
  created_at: 2 ** 60,
  updated_at: false,
  started_at: 1,
  completed_at: { a: 1 },
  error_message: {},
  queue_position: "first",
  attempt: "x",
  worker_id: 2,
  order: {},
  version: "x",
  success: 1,
  data: [null],
  "": "",
  __proto: {},
};

describe.each(OPTIONAL)("%s %s", (method, _, path) => {
  const json = { "Content-Type": "application/json" };

  test("takes no body, an empty one that is called JSON, blanks, and an empty object", async () => {
    for (const options of [
      {},
      { headers: json },
      { text: "", headers: json },
      { text: " \n", headers: json },
      { text: "{}" },
    ]) {
      const answer = await call(method, await path(), { key: accounts.mine.key, ...options });
      expect(answer).toMatchObject({ status: 200, json: { success: true } });
    }
  });

  test("ignores what it does not know and what only the server sets", async () => {
    expect(await ask(method, await path(), IGNORED)).toMatchObject({ status: 200, json: { success: true } });
  });

  test("takes null as left out", async () => {
    const body = { reason: null, queue: null, name: null, config: null, result: null };
    expect(await ask(method, await path(), body)).toMatchObject({ status: 200, json: { success: true } });
  });

  test("refuses what is no JSON object, and changes nothing", async () => {
    if (method === "DELETE") return; // there a body means nothing
    const at = await path();
    for (const text of ["[]", "5", '"x"', "{", "{}{}", "\u0000"])
      expect(refusalIn(await call(method, at, { key: accounts.mine.key, text, headers: json }))).toEqual({
        status: 400,
        code: "INVALID_REQUEST",
        paths: [""],
      });
    expect((await ask(method, at)).status).toBe(200);
  });
});

describe("routes with fields that they need", () => {
  const ROUTES: [string, string, () => Promise<string>, JsonObject][] = [
    ["POST", "tasks", async () => "/v1/tasks", { name: "a", config: {} }],
    ["POST", "tasks/batch", async () => "/v1/tasks/batch", { tasks: [{ name: "a", config: {}, ...IGNORED }] }],
    ["PATCH", "priority", async () => `/v1/tasks/${await create()}/priority`, { priority: 1 }],
    ["POST", "result", async () => `/v1/tasks/${await create()}/result`, { result: { status: ["x"], data: 5 } }],
    ["POST", "templates", async () => "/v1/configs/templates", { name: "ignores", config: {} }],
  ];
  test.each(ROUTES)(
    "%s %s ignores what it does not know and what only the server sets",
    async (method, _, path, body) => {
      const answer = await ask(method, await path(), { ...IGNORED, ...body });
      expect(answer.json).toMatchObject({ success: true });
      expect([200, 201]).toContain(answer.status);
    },
  );
});

test.each<[string, string, string, string, string]>([
  ["POST", "/v1/tasks/:task/result", '{"result":{"loss":1e400}}', "INVALID_CONFIG", "result.loss"],
  ["POST", "/v1/tasks/:task/result", '{"result":{"loss":NaN}}', "INVALID_CONFIG", "result.loss"],
  ["POST", "/v1/tasks/:task/result", '{"result":{"a":["\\u0000"]}}', "INVALID_CONFIG", "result.a[0]"],
  ["POST", "/v1/tasks/:task/result", '{"result":{},"artifacts":["\\ud800"]}', "INVALID_REQUEST", "artifacts[0]"],
  ["POST", "/v1/tasks/:task/cancel", '{"reason":"\\u0000"}', "INVALID_REQUEST", "reason"],
  ["POST", "/v1/queue/pause", '{"queue":"\\udc00"}', "INVALID_REQUEST", "queue"],
  ["POST", "/v1/queue/reorder", '{"task_ids":["\\u0000"]}', "INVALID_REQUEST", "task_ids[0]"],
  ["PATCH", "/v1/tasks/:task/priority", '{"priority":-1e400}', "INVALID_PRIORITY", "priority"],
  ["POST", "/v1/configs/templates", '{"name":"n","config":{"seed":9007199254740993}}', "INVALID_CONFIG", "config.seed"],
  ["PUT", "/v1/configs/templates/tmpl_x", '{"config":{"\\u0000":1}}', "INVALID_CONFIG", "config.\\u0000"],
])("%s %s %s names what JSON cannot carry safely", async (method, path, text, code, field) => {
  const headers = { "Content-Type": "application/json" };
  const answer = await ask(method, path.replace(":task", await create()), undefined, { text, headers });
  expect(refusalIn(answer)).toEqual({ status: 400, code, paths: [field] });
});

test("POST reorder ignores what it does not know and what only the server sets", async () => {
  const body = { ...IGNORED, task_ids: [await create({ queue: newQueue() })] };
  expect((await ask("POST", "/v1/queue/reorder", body)).status).toBe(200);
});

describe("a known field of a wrong type", () => {
  test.each<[string, string, JsonObject, string, string]>([
    ["POST", "/v1/tasks/:task/cancel", { reason: 5 }, "INVALID_REQUEST", "reason"],
    ["POST", "/v1/tasks/:task/cancel", { reason: "x".repeat(2001) }, "INVALID_REQUEST", "reason"],
    ["POST", "/v1/queue/pause", { queue: 5 }, "INVALID_REQUEST", "queue"],
    ["POST", "/v1/queue/pause", { queue: "" }, "INVALID_REQUEST", "queue"],
    ["POST", "/v1/queue/pause", { reason: ["x"] }, "INVALID_REQUEST", "reason"],
    ["POST", "/v1/queue/resume", { queue: {} }, "INVALID_REQUEST", "queue"],
    ["POST", "/v1/queue/reorder", {}, "INVALID_REQUEST", "task_ids"],
    ["POST", "/v1/queue/reorder", { task_ids: null }, "INVALID_REQUEST", "task_ids"],
    ["POST", "/v1/queue/reorder", { task_ids: "task_x" }, "INVALID_REQUEST", "task_ids"],
    ["POST", "/v1/queue/reorder", { task_ids: [5] }, "INVALID_REQUEST", "task_ids[0]"],
    ["PATCH", "/v1/tasks/:task/priority", { priority: true }, "INVALID_PRIORITY", "priority"],
    ["PATCH", "/v1/tasks/:task/priority", { priority: "1" }, "INVALID_PRIORITY", "priority"],
    ["PATCH", "/v1/tasks/:task/priority", { priority: 9007199254740992 }, "INVALID_PRIORITY", "priority"],
    ["POST", "/v1/tasks/:task/result", { result: [] }, "INVALID_CONFIG", "result"],
    ["POST", "/v1/tasks/:task/result", { artifacts: 5 }, "INVALID_CONFIG", "result"],
    ["PUT", "/v1/configs/templates/:template", { name: 5 }, "INVALID_REQUEST", "name"],
    ["PUT", "/v1/configs/templates/:template", { name: "" }, "INVALID_REQUEST", "name"],
    ["PUT", "/v1/configs/templates/:template", { description: 5 }, "INVALID_REQUEST", "description"],
    ["PUT", "/v1/configs/templates/:template", { config: "{}" }, "INVALID_CONFIG", "config"],
  ])("%s %s %j", async (method, path, body, code, field) => {
    const at = path
      .replace(":task", await create())
      .replace(":template", path.includes(":template") ? await template() : "");
    const answer = await ask(method, at, body);
    expect(answer).toMatchObject({ status: 400, json: { code } });
    expect(refusalIn(answer).paths[0]).toBe(field);
  });
});
