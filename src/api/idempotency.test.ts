// Idempotency-Key: the first answer again, nothing created twice.
import { beforeAll, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { purgeIdempotencyKeys } from "../platform/idempotency";
import type { JsonObject } from "../platform/json-safety";
import { refusalIn, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices();
const { call } = useHttpServer();

let account: Account;
let other: Account;
beforeAll(async () => {
  account = await makeAccount();
  other = await makeAccount();
});

let queues = 0;
const newQueue = () => `idempotent-${++queues}`;
const create = (idempotencyKey: string, body: JsonObject, { path = "/v1/tasks", key = account.key } = {}) =>
  call("POST", path, { key, body, headers: { "Idempotency-Key": idempotencyKey } });
const totalIn = async (queue: string, key = account.key) =>
  (await call("GET", `/v1/tasks?queue=${queue}`, { key })).json.total;

test("the same key with the same body answers the first response again and creates nothing", async () => {
  const body = { name: "a", config: { lr: 0.1 }, queue: newQueue() };
  const first = await create("key-1", body);
  const again = await create("key-1", body);
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.text).toBe(first.text);
  expect(first.json).toMatchObject({ success: true, status: "queued", queue_position: 1 });
  const meant = [
    await create("key-1", body, { path: "/tasks" }),
    await create("key-1", body, { path: "/v1/tasks/?x=1" }),
  ];
  expect(meant.map((answer) => answer.text)).toEqual([first.text, first.text]);
  expect(await totalIn(body.queue)).toBe(1);
});

test("with another body, or at another path, it is 409 CONFLICT", async () => {
  const queue = newQueue();
  await create("key-2", { name: "a", config: {}, queue });
  expect(refusalIn(await create("key-2", { name: "b", config: {}, queue }))).toMatchObject({
    status: 409,
    code: "CONFLICT",
  });
  expect(
    refusalIn(await create("key-2", { name: "a", config: {}, queue }, { path: "/v1/configs/templates" })),
  ).toMatchObject({ status: 409, code: "CONFLICT" });
  expect(await totalIn(queue)).toBe(1);
});

test("a key belongs to one account", async () => {
  const body = { name: "a", config: {}, queue: newQueue() };
  const [mine, theirs] = [await create("key-3", body), await create("key-3", body, { key: other.key })];
  expect(mine.json.task_id).not.toBe(theirs.json.task_id);
  expect([mine.status, theirs.status]).toEqual([201, 201]);
});

test("of sixty at once one creates; the others get its answer, or 409 while it is under way", async () => {
  const body = { name: "a", config: {}, queue: newQueue() };
  const answers = await Promise.all(Array.from({ length: 60 }, () => create("key-4", body)));
  const made = answers.filter((answer) => answer.status === 201);
  expect(made.length).toBeGreaterThan(0);
  expect(new Set(made.map((answer) => answer.text)).size).toBe(1);
  for (const answer of answers.filter((one) => one.status !== 201))
    expect(refusalIn(answer)).toMatchObject({ status: 409, code: "CONFLICT" });
  expect(await totalIn(body.queue)).toBe(1);
});

test("while the first is under way, a second is 409 CONFLICT and told when to come back; then it gets the answer", async () => {
  const body = { name: "a", config: {}, queue: newQueue() };
  // An insert into the queue waits as long as this transaction holds the table.
  const { first, second } = await getSql().begin(async (sql) => {
    await sql`LOCK TABLE tasks IN SHARE MODE`;
    const first = create("key-in-flight", body);
    await expect
      .poll(
        async () =>
          (
            await sql`SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
          )[0]?.n,
      )
      .toBe(1);
    return { first, second: await create("key-in-flight", body) };
  });
  expect(refusalIn(second)).toMatchObject({ status: 409, code: "CONFLICT" });
  expect(second.headers.get("Retry-After")).toBe("1");
  expect((await first).status).toBe(201);
  expect((await create("key-in-flight", body)).text).toBe((await first).text);
});

test("sixty keys at once do not starve one another of connections", async () => {
  const queue = newQueue();
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) => create(`many-${index}`, { name: "a", config: {}, queue })),
  );
  expect(answers.map((answer) => answer.status)).toEqual(Array(60).fill(201));
  expect(await totalIn(queue)).toBe(60);
});

test("a refusal is not kept: the same key works once the request is right", async () => {
  const queue = newQueue();
  expect((await create("key-5", { name: "", config: {}, queue })).status).toBe(400);
  expect((await create("key-5", { name: "a", config: {}, queue })).status).toBe(201);
});

test("batches and templates are created once, too", async () => {
  const queue = newQueue();
  const tasks = [1, 2, 3].map((n) => ({ name: `n${n}`, config: {}, queue }));
  const [first, again] = [
    await create("key-6", { tasks }, { path: "/v1/tasks/batch" }),
    await create("key-6", { tasks }, { path: "/v1/tasks/batch" }),
  ];
  expect([first.status, again.text]).toEqual([201, first.text]);
  expect(await totalIn(queue)).toBe(3);
  const template = { name: "once", config: {} };
  const made = await create("key-7", template, { path: "/v1/configs/templates" });
  expect((await create("key-7", template, { path: "/v1/configs/templates" })).text).toBe(made.text);
});

test("what was created with a key runs in its place like any other", async () => {
  const queue = newQueue();
  await call("POST", "/v1/tasks", { key: account.key, body: { name: "first", config: {}, queue } });
  const { json } = await create("key-8", { name: "second", config: {}, queue });
  expect((await call("GET", `/v1/tasks/${json.task_id}`, { key: account.key })).json.queue_position).toBe(2);
});

test("a key of more than 255 characters is 400 and named", async () => {
  expect((await create("k".repeat(255), { name: "a", config: {} })).status).toBe(201);
  expect(refusalIn(await create("k".repeat(256), { name: "a", config: {} }))).toEqual({
    status: 400,
    code: "INVALID_REQUEST",
    paths: ["Idempotency-Key"],
  });
});

test("answers are kept for 24 h, then purged; the key is then free", async () => {
  const queue = newQueue();
  await create("key-9", { name: "a", config: {}, queue });
  await getSql()`UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'key-9'`;
  expect((await create("key-9", { name: "b", config: {}, queue })).status).toBe(201);
  await getSql()`UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'key-9'`;
  expect(await purgeIdempotencyKeys()).toBe(1);
});

test("on routes that create nothing a key means nothing", async () => {
  const { json } = await create("key-10", { name: "a", config: {}, queue: newQueue() });
  for (const status of [200, 409])
    expect(
      (
        await call("POST", `/v1/tasks/${json.task_id}/cancel`, {
          key: account.key,
          headers: { "Idempotency-Key": "key-11" },
        })
      ).status,
    ).toBe(status);
});
