// Rate limits over HTTP: which requests count where, what the answers tell, and that the limit is exact.
import type { Redis } from "ioredis";
import { encode } from "next-auth/jwt";
import { beforeAll, describe, expect, test } from "vitest";
import { registerKey } from "../accounts/api-keys";
import { createSignIn } from "../accounts/sign-in";
import { getSql } from "../platform/db";
import { getEnv } from "../platform/env";
import { limitOf } from "../platform/rate-limit";
import { getRedis, openRedis } from "../platform/redis";
import type { Bucket, Need } from "../platform/request-context";
import { bucketOf } from "../platform/route";
import { type HttpAnswer, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { procedures } from "../testing/procedures";
import { useTestServices } from "../testing/services";
import { routes } from "./rest";

useTestServices({
  RATE_LIMIT_STANDARD: "20",
  RATE_LIMIT_PREMIUM: "40",
  RATE_LIMIT_BATCH: "3",
  RATE_LIMIT_TRAFFIC: "200",
});
const { call } = useHttpServer();

let account: Account;
beforeAll(async () => {
  account = await makeAccount();
});

const LIMITS: Record<string, Bucket> = { "20": "write", "3": "batch", "200": "traffic" };
const told = ({ headers }: HttpAnswer) => ({
  limit: headers.get("RateLimit-Limit"),
  remaining: headers.get("RateLimit-Remaining"),
  reset: headers.get("RateLimit-Reset"),
});
const statuses = (answers: HttpAnswer[]): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};
const times = <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));
const task = { name: "a", config: {} };
const create = (key: string, headers: Record<string, string> = {}) =>
  call("POST", "/v1/tasks", { key, body: task, headers });
const errorData = (answer: HttpAnswer) => (answer.json.error as { data: Record<string, unknown> }).data;

/** The contract's list, last point of its rules for every route. */
const contractBucket = (method: string, path: string): Bucket => {
  // A share names an address: guesses are counted as batches are.
  if (/\/batch$/.test(path) || (method === "PUT" && path.endsWith("/shares"))) return "batch";
  if (method === "GET") return "traffic";
  return /\/(heartbeat|sync|claim|start|complete|fail|metrics|logs|result)$/.test(path) ? "traffic" : "write";
};

test.each(routes.map((route) => [route.method, route.path, route] as const))(
  "%s %s counts where the contract says, and its answer tells it",
  async (method, path, route) => {
    expect(bucketOf(route)).toBe(contractBucket(method, path));
    const { key } = await makeAccount();
    const answer = await call(method, path.replace(/:\w+/g, "nobodys"), {
      key,
      ...(method !== "GET" && method !== "DELETE" && { body: {} }),
    });
    const { limit, remaining, reset } = told(answer);
    expect(LIMITS[limit ?? ""]).toBe(contractBucket(method, path));
    expect([Number(remaining), reset]).toEqual([Number(limit) - 1, "60"]);
  },
);

test("procedures count like the routes that call the same verb; those without a route are writes or reads by their kind", () => {
  expect(procedures.length).toBeGreaterThan(60);
  const of = (bucket: Bucket) =>
    procedures
      .filter((one) => one.bucket === bucket && one.type === "mutation")
      .map(({ path }) => path)
      .sort();
  expect(of("batch")).toEqual([
    "accounts.changePassword",
    "runs.createMany",
    "shares.put",
    "sweeps.create",
    "sweeps.extend",
    "tasks.createMany",
  ]);
  // What drivers do all day, and what looks without changing anything: access.test.ts has their names.
  const needing = (...scopes: Need[]) =>
    procedures.filter((one) => one.type === "mutation" && scopes.includes(one.scope)).map(({ path }) => path);
  expect(of("traffic")).toEqual(needing("run", "read").sort());
  expect(procedures.filter(({ type, bucket }) => type !== "mutation" && bucket !== "traffic")).toEqual([]);
});

test.each(procedures.filter(({ type }) => type !== "subscription"))(
  "$path ($type) is counted as $bucket and its answer tells it",
  async ({ path, type, bucket }) => {
    const { key } = await makeAccount();
    const answer =
      type === "query"
        ? await call("GET", `/api/trpc/${path}`, { key })
        : await call("POST", `/api/trpc/${path}`, { key, body: {} });
    expect(LIMITS[told(answer).limit ?? ""]).toBe(bucket);
    expect(Number(told(answer).remaining)).toBe(limitOf(bucket, "standard") - 1);
  },
);

test("of 1,000 parallel creations exactly as many are accepted as the limit says; the others are 429 and create nothing", async () => {
  const { key } = await makeAccount();
  const answers = await times(1000, () => create(key));
  expect(statuses(answers)).toEqual({ 201: 20, 429: 980 });
  expect((await call("GET", "/v1/tasks", { key })).json.total).toBe(20);
  const refused = answers.find(({ status }) => status === 429) as HttpAnswer;
  expect(refused.json).toMatchObject({ success: false, code: "RATE_LIMIT_EXCEEDED", details: [] });
  expect(refused.json.error).toMatch(/^No more than 20 such requests a minute\. Try again in \d+ s\.$/);
  expect(told(refused)).toMatchObject({ limit: "20", remaining: "0" });
  const wait = Number(refused.headers.get("Retry-After"));
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(60);
  expect(refused.headers.get("RateLimit-Reset")).toBe(String(wait));
});

test("a premium account may write more; a new tier counts within seconds", async () => {
  const { key, userId } = await makeAccount();
  expect(told(await create(key)).limit).toBe("20");
  await getSql()`UPDATE users SET tier = 'premium' WHERE id = ${userId}`;
  await expect
    .poll(async () => told(await call("POST", "/v1/queue/resume", { key })).limit, {
      timeout: 15_000,
      interval: 1000,
    })
    .toBe("40");
});

test("writes that are used up leave reads, batches and what drivers send", async () => {
  const { key } = await makeAccount();
  expect(statuses(await times(21, () => create(key)))).toEqual({ 201: 20, 429: 1 });
  expect((await call("GET", "/v1/tasks", { key })).status).toBe(200);
  expect((await call("POST", "/v1/tasks/batch", { key, body: { tasks: [task] } })).status).toBe(201);
  const [queued] = (await call("GET", "/v1/tasks?limit=1", { key })).json.tasks as { task_id: string }[];
  expect((await call("POST", `/v1/tasks/${queued?.task_id}/start`, { key })).status).toBe(200);
});

test("all keys of an account count together, and its JWT with them; another account does not", async () => {
  const { key, userId } = await makeAccount();
  const second = "a-second-key-of-the-account";
  await registerKey({ userId, key: second, name: "second" });
  const token = String((await call("POST", "/v1/auth/token", { key })).json.token);
  await create(second);
  expect(told(await create(token)).remaining).toBe("17");
  expect(told(await create(account.key)).remaining).toBe("19");
});

test("idempotent repeats and requests that are refused for what they ask count, unknown callers and routes do not", async () => {
  const { key } = await makeAccount();
  const remaining = async (answer: Promise<HttpAnswer>) => told(await answer).remaining;
  expect(await remaining(create(key, { "Idempotency-Key": "k" }))).toBe("19");
  expect(await remaining(create(key, { "Idempotency-Key": "k" }))).toBe("18");
  expect(await remaining(call("POST", "/v1/tasks", { key, body: {} }))).toBe("17");
  expect(await remaining(call("POST", "/v1/tasks", { key, text: "{" }))).toBe("16");
  for (const answer of [
    await create("nobodys-key"),
    await call("POST", "/v1/nothing", { key }),
    await call("PUT", "/v1/tasks", { key }),
    await call("GET", "/health"),
    await call("OPTIONS", "/v1/tasks"),
  ])
    expect(told(answer).limit).toBeNull();
});

test("a refused request with a body that was not read leaves its connection usable", async () => {
  const { key } = await makeAccount();
  await times(3, () => call("POST", "/v1/tasks/batch", { key, body: { tasks: [] } }));
  const large = { tasks: Array.from({ length: 2000 }, () => ({ ...task, config: { text: "x".repeat(1000) } })) };
  const answers = [];
  for (let round = 0; round < 3; round++) answers.push(await call("POST", "/v1/tasks/batch", { key, body: large }));
  expect(statuses(answers)).toEqual({ 429: 3 });
  expect((await call("GET", "/v1/tasks", { key })).json.total).toBe(0);
});

test("while Redis is away requests go on, and the limit holds all the same", async () => {
  const { key } = await makeAccount();
  expect(told(await create(key)).remaining).toBe("19");
  const holder = globalThis as { mlqueueRedis?: Redis };
  const redis = getRedis();
  const away = openRedis("redis://127.0.0.1:1");
  holder.mlqueueRedis = away;
  try {
    expect(statuses(await times(30, () => create(key)))).toEqual({ 201: 19, 429: 11 });
  } finally {
    holder.mlqueueRedis = redis;
    away.disconnect();
  }
  expect(statuses([await create(key)])).toEqual({ 429: 1 });
});

describe("over tRPC", () => {
  test("429 in the error's data and in the headers", async () => {
    const { key } = await makeAccount();
    const post = () => call("POST", "/api/trpc/tasks.create", { key, body: task });
    const answers = await times(30, post);
    expect(statuses(answers)).toEqual({ 200: 20, 429: 10 });
    const refused = answers.find(({ status }) => status === 429) as HttpAnswer;
    const wait = Number(refused.headers.get("Retry-After"));
    expect(wait).toBeGreaterThan(0);
    expect(errorData(refused)).toMatchObject({
      code: "RATE_LIMIT_EXCEEDED",
      httpStatus: 429,
      retryAfterSeconds: wait,
    });
    expect(told(refused)).toEqual({ limit: "20", remaining: "0", reset: String(wait) });
    expect(statuses([await create(key)])).toEqual({ 429: 1 });
  });

  test("each call of a batch counts, and the one nearest to its limit is told", async () => {
    const { key } = await makeAccount();
    const batch = await call("POST", "/api/trpc/tasks.create,tasks.create,tasks.createMany?batch=1", {
      key,
      body: { 0: task, 1: task, 2: { tasks: [] } },
    });
    expect([batch.status, told(batch)]).toMatchObject([200, { limit: "3", remaining: "2" }]);
    expect(told(await create(key)).remaining).toBe("17");
  });

  test("pages count apart from keys, and are limited, too", async () => {
    const owner = await makeAccount();
    const sid = await createSignIn(owner.userId);
    const token = { sub: owner.userId, email: owner.email, sid };
    const Cookie = `next-auth.session-token=${await encode({ token, secret: getEnv().NEXTAUTH_SECRET })}`;
    expect(statuses(await times(25, () => create(owner.key)))).toEqual({ 201: 20, 429: 5 });
    const fromPage = () => call("POST", "/api/trpc/tasks.create", { body: task, headers: { Cookie } });
    expect(statuses(await times(25, fromPage))).toEqual({ 200: 20, 429: 5 });
  });
});
