// `Accept-Language: zh` makes the sentences of refusals Chinese (REST contract), over REST and tRPC.
import { beforeAll, describe, expect, test } from "vitest";
import type { ErrorDetail } from "../platform/errors";
import type { JsonObject } from "../platform/json-safety";
import { type HttpAnswer, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { routes } from "./rest";

useTestServices();
const { call } = useHttpServer();

let account: Account;
beforeAll(async () => {
  account = await makeAccount();
});

const HAS_CHINESE = /\p{Script=Han}/u;
const ask = (method: string, path: string, language: string | undefined, body?: unknown) =>
  call(method, path, {
    key: account.key,
    ...(body !== undefined && { body }),
    headers: language === undefined ? {} : { "Accept-Language": language },
  });
const said = ({ json }: HttpAnswer) => ({ error: json.error, details: json.details as ErrorDetail[] });

test.each([
  [undefined, "config is required."],
  ["en", "config is required."],
  ["fr", "config is required."],
  ["zh", "config 是必填项。"],
  ["zh-CN,zh;q=0.9,en;q=0.8", "config 是必填项。"],
  ["en,zh;q=0.9", "config is required."],
  ["zh-Hans", "config 是必填项。"],
])("Accept-Language: %s", async (language, sentence) => {
  const answer = await ask("POST", "/v1/tasks", language, { name: "a" });
  expect(answer.json).toMatchObject({ code: "INVALID_CONFIG", error: sentence });
  expect(answer.headers.get("Vary")).toBe("Accept-Language");
});

test("what is no refusal does not depend on the language", async () => {
  const answer = await ask("GET", "/v1/tasks", "zh");
  expect([answer.status, answer.headers.get("Vary")]).toEqual([200, null]);
});

/** A body that is wrong in as many ways as it has fields. */
const wrongValue = (schema: unknown): unknown => {
  const { type, enum: values } = schema as { type?: string; enum?: unknown[] };
  if (values) return "none of these";
  return type === "string" ? 7 : "text";
};

const wrongBodies = async () => {
  const { json } = await call("GET", "/openapi.json");
  const paths = json.paths as Record<string, Record<string, JsonObject>>;
  return routes.flatMap((route) => {
    const operation = paths[route.path.replace(/:(\w+)/g, "{$1}")]?.[route.method.toLowerCase()];
    const content = (operation?.requestBody as JsonObject | undefined)?.content as JsonObject | undefined;
    const schema = (content?.["application/json"] as JsonObject | undefined)?.schema as JsonObject | undefined;
    if (!schema) return [];
    const properties = Object.entries(schema.properties as JsonObject);
    return [
      { route, body: {} },
      { route, body: Object.fromEntries(properties.map(([name, one]) => [name, wrongValue(one)])) },
      { route, body: Object.fromEntries(properties.map(([name]) => [name, {}])) },
      { route, body: Object.fromEntries(properties.map(([name]) => [name, [{ name: 1, config: 1, value: "x" }]])) },
      { route, body: Object.fromEntries(properties.map(([name]) => [name, -1.5])) },
    ];
  });
};

test("every refusal of every route, and each of its details, is Chinese, with the same code and paths as in English", async () => {
  let refusals = 0;
  for (const { route, body } of await wrongBodies()) {
    const path = route.path.replace(/:\w+/g, "nobodys");
    const [inEnglish, inChinese] = [
      await ask(route.method, path, "en", body),
      await ask(route.method, path, "zh", body),
    ];
    expect(inChinese.status).toBe(inEnglish.status);
    if (inChinese.json.success === true) continue;
    refusals++;
    expect(inChinese.json.code).toBe(inEnglish.json.code);
    expect(said(inChinese).details.map((one) => one.path)).toEqual(said(inEnglish).details.map((one) => one.path));
    expect(String(inEnglish.json.error)).not.toMatch(HAS_CHINESE);
    expect(String(inChinese.json.error)).toMatch(/\p{Script=Han}.*。$/u);
    for (const { message } of said(inChinese).details) expect(message).toMatch(HAS_CHINESE);
  }
  expect(refusals).toBeGreaterThan(80);
});

test.each<[string, string, string, Record<string, unknown>, string]>([
  ["a body that is no JSON", "POST", "/v1/tasks", { text: "{" }, "请求正文不是有效的 JSON："],
  ["a NUL", "POST", "/v1/tasks", { body: { name: "a\u0000", config: {} } }, "name 不能包含 NUL 字符。"],
  [
    "a number that is not finite",
    "POST",
    "/v1/tasks",
    { text: '{"name":"a","config":{"lr":NaN}}' },
    "config.lr 必须是有限的数（不能是 NaN 或 Infinity）。",
  ],
  ["too long", "POST", "/v1/tasks", { body: { name: "a".repeat(501), config: {} } }, "name 最多 500 个字符。"],
  ["another type", "POST", "/v1/tasks", { body: { name: 1, config: {} } }, "name 必须是文本，不能是数字。"],
  [
    "a time",
    "POST",
    "/v1/tasks",
    { body: { name: "a", config: {}, run_at: "soon" } },
    "run_at 必须是时间，例如 2026-11-25T08:00:00Z。",
  ],
  [
    "neither object nor list",
    "POST",
    "/v1/tasks/none/result",
    { body: { result: {}, artifacts: "a" } },
    "artifacts 必须是对象或数组。",
  ],
  ["a query", "GET", "/v1/tasks?status=lost", {}, "status 只能是以下之一："],
  ["an unknown route", "GET", "/v1/nothing", {}, "/v1/nothing 不存在。"],
  ["another method", "PUT", "/v1/tasks", {}, "/v1/tasks 不支持 PUT。"],
  ["an unknown task", "GET", "/v1/tasks/task_none", {}, "任务 task_none 不存在。"],
  [
    "reserved environment",
    "POST",
    "/v1/tasks",
    { body: { name: "a", config: {}, env: { LD_PRELOAD: "x" } } },
    "env.LD_PRELOAD 是保留的环境变量，任务不能设置。",
  ],
])("%s", async (_, method, path, request, sentence) => {
  const answer = await call(method, path, { key: account.key, headers: { "Accept-Language": "zh" }, ...request });
  expect(String(answer.json.error).slice(0, sentence.length)).toBe(sentence);
});

test("who is not known is told so in Chinese", async () => {
  const answer = await call("GET", "/v1/tasks", { key: "nobodys", headers: { "Accept-Language": "zh" } });
  expect(said(answer).error).toBe("这个 API key 或令牌不存在，或者已过期。");
});

describe("over tRPC", () => {
  const error = (answer: HttpAnswer) => answer.json.error as { message: string; data: JsonObject };

  test("message, sentence and details", async () => {
    const answer = await ask("POST", "/api/trpc/tasks.create", "zh-Hans", { name: 1, config: {} });
    expect(error(answer)).toMatchObject({
      message: "name 必须是文本，不能是数字。",
      data: {
        code: "INVALID_REQUEST",
        sentence: "name 必须是文本，不能是数字。",
        details: [{ path: "name", message: "必须是文本，不能是数字" }],
      },
    });
    expect(answer.headers.get("Vary")).toContain("Accept-Language");
  });

  test("a recipe of a sweep, and what it would make", async () => {
    const preview = (recipe: JsonObject) =>
      ask("POST", "/api/trpc/sweeps.preview", "zh", { unitId: "unit_none", recipe }).then(
        (answer) => error(answer).message,
      );
    expect(await preview({ parameters: { lr: { kind: "uniform", min: 2, max: 1 } } })).toBe(
      "recipe.parameters.lr.max 不能小于 min。",
    );
    expect(await preview({ parameters: {} })).toBe("recipe.parameters 至少要有一个参数。");
    expect(await preview({ parameters: { lr: { kind: "range", from: 0, to: 1, step: -1 } } })).toBe(
      "recipe.parameters.lr.step 必须大于 0。",
    );
    const many = { kind: "list", values: Array.from({ length: 101 }, (_, index) => index) };
    expect(await preview({ parameters: { a: many, b: many } })).toBe(
      "recipe.parameters 会产生 10201 行，最多允许 10000 行。",
    );
  });

  test("the refusals of tRPC itself", async () => {
    expect(error(await ask("GET", "/api/trpc/tasks.nothing", "zh")).message).toBe("没有名为 tasks.nothing 的过程。");
    expect(error(await ask("GET", "/api/trpc/tasks.create", "zh")).message).toBe("这个过程要用另一种请求方法调用。");
    const huge = { name: "a".repeat(2 * 1024 * 1024), config: {} };
    expect(error(await ask("POST", "/api/trpc/tasks.create", "zh", huge)).message).toBe("请求正文超过 1 MiB。");
  });

  test("the language that a reader chose on the pages wins over the browser's", async () => {
    const answer = await call("GET", "/api/trpc/accounts.me", {
      headers: { "Accept-Language": "en", Cookie: "a=1; mlq_locale=zh" },
    });
    expect(error(answer).message).toBe("请先登录，或以 `Authorization: Bearer …` 发送 API key 或令牌。");
  });
});
