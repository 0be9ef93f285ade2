// When PostgreSQL is away: 503 with Retry-After, never a stack, and back as soon as it is.
import { afterEach, beforeAll, expect, test } from "vitest";
import { getSql, openSql, type Sql } from "../platform/db";
import { refusalIn, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices();
const { call } = useHttpServer();

let account: Account;
let pool: Sql;
beforeAll(async () => {
  account = await makeAccount();
  pool = getSql();
});

/** The pool that getSql() gives out. */
const holder = globalThis as { mlqueueSql?: Sql };
afterEach(() => {
  holder.mlqueueSql = pool;
});

const body = { name: "a", config: {} };

test("every route answers UNAVAILABLE with Retry-After while PostgreSQL cannot be reached, and works again afterwards", async () => {
  expect((await call("POST", "/v1/tasks", { key: account.key, body })).status).toBe(201);
  holder.mlqueueSql = openSql("postgres://nobody@127.0.0.1:1/nothing");
  const answers = [
    await call("POST", "/v1/tasks", { key: account.key, body: { ...body, queue: "other" } }),
    await call("POST", "/v1/tasks", { key: account.key, body, headers: { "Idempotency-Key": "k" } }),
    await call("GET", "/v1/tasks", { key: account.key }),
    await call("GET", "/v1/tasks", { key: "never-seen" }),
  ];
  for (const answer of answers) {
    expect(refusalIn(answer)).toEqual({ status: 503, code: "UNAVAILABLE", paths: [] });
    expect(answer.headers.get("Retry-After")).toMatch(/^\d+$/);
  }
  const procedure = await call("GET", "/api/trpc/tasks.counts", { key: account.key });
  expect([procedure.status, procedure.json.error]).toMatchObject([
    503,
    { data: { code: "UNAVAILABLE", retryAfterSeconds: 2 } },
  ]);
  holder.mlqueueSql = pool;
  expect((await call("POST", "/v1/tasks", { key: account.key, body })).status).toBe(201);
});

test("/ready is 503 and names what is away; /health goes on", async () => {
  holder.mlqueueSql = openSql("postgres://nobody@127.0.0.1:1/nothing");
  const { status, json } = await call("GET", "/ready");
  expect([status, json]).toMatchObject([
    503,
    {
      success: false,
      code: "UNAVAILABLE",
      dependencies: { postgres: { state: "down" }, redis: { state: "ok" }, schema: { state: "down" } },
    },
  ]);
  expect((await call("GET", "/health")).status).toBe(200);
});

test("a bug answers INTERNAL_ERROR without a detail", async () => {
  await call("GET", "/v1/tasks", { key: account.key });
  holder.mlqueueSql = new Proxy(pool, {
    apply: () => {
      throw new TypeError("a secret detail");
    },
  });
  for (const path of ["/v1/tasks", "/api/trpc/tasks.counts"]) {
    const answer = await call("GET", path, { key: account.key });
    expect(answer.status).toBe(500);
    expect(answer.text).toContain("INTERNAL_ERROR");
    expect(answer.text).not.toMatch(/secret|stack|\.ts/);
  }
});
