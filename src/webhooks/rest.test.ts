// The routes of the contract and the procedures, over the same verbs.
import { beforeAll, describe, expect, test } from "vitest";
import { appRouter } from "../api/root";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { createCallerFactory } from "../platform/trpc";
import { startTask } from "../tasks/client-run";
import { createTask } from "../tasks/create";
import { aClientTask } from "../testing/engine";
import { refusalIn, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { fieldsOf, useRestAccount } from "../testing/rest-account";
import { useTestServices } from "../testing/services";
import { createEndpoint, listEndpoints, MAX_ENDPOINTS, removeEndpoint } from "./endpoints";
import { WEBHOOK_EVENTS } from "./events";

useTestServices({ ALLOW_COMMANDS: "true" });
const { call } = useHttpServer();
const { accounts, ask } = useRestAccount(call);

const url = "https://198.100.1.1/hook";
const ENDPOINT_FIELDS = "webhook_id url events active off_reason old_secret_until created_at updated_at"
  .split(" ")
  .sort();
const DELIVERY_FIELDS =
  "delivery_id event_id event url status tries status_code answer error created_at next_try_at delivered_at body"
    .split(" ")
    .sort();

const register = async (body: JsonObject = {}) => {
  const answer = await ask("POST", "/v1/webhooks", { url, ...body });
  expect(answer.status).toBe(201);
  return answer.json;
};
const askOther = (method: string, path: string, body?: JsonObject) =>
  ask(method, path, body, { key: accounts.other.key });

describe("endpoints over REST", () => {
  test("are registered with a secret that is told once, read, changed and deleted", async () => {
    const made = await register({ events: ["task.failed", "task.failed", "run.failed"] });
    expect(fieldsOf(made)).toEqual([...ENDPOINT_FIELDS, "secret"].sort());
    expect(made).toMatchObject({ url, events: ["task.failed", "run.failed"], active: true });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const path = `/v1/webhooks/${made.webhook_id}`;
    const { json: read } = await ask("GET", path);
    expect(fieldsOf(read)).toEqual(ENDPOINT_FIELDS);
    const changed = await ask("PUT", path, {
      active: false,
      url: `${url}/2`,
      events: null,
      webhook_id: 7,
      secret: "x",
    });
    expect([changed.status, changed.json]).toMatchObject([
      200,
      { webhook_id: made.webhook_id, active: false, url: `${url}/2`, events: ["task.failed", "run.failed"] },
    ]);
    expect(fieldsOf(changed.json)).toEqual(ENDPOINT_FIELDS);
    const listed = (await ask("GET", "/v1/webhooks")).json.webhooks as JsonObject[];
    expect(listed[0]).toMatchObject({ webhook_id: made.webhook_id, url: `${url}/2` });
    expect(fieldsOf(listed[0] ?? {})).toEqual(ENDPOINT_FIELDS);
    expect(await ask("DELETE", path)).toMatchObject({ status: 200, json: { success: true } });
    for (const method of ["GET", "PUT", "DELETE"])
      expect(refusalIn(await ask(method, path))).toEqual({ status: 404, code: "NOT_FOUND", paths: [] });
  });

  test("without events get all; the newest is listed first", async () => {
    const [first, second] = [await register(), await register({ active: false })];
    expect([first.events, second.active]).toEqual([[...WEBHOOK_EVENTS], false]);
    const ids = ((await ask("GET", "/v1/webhooks")).json.webhooks as JsonObject[]).map((one) => one.webhook_id);
    expect(ids.slice(0, 2)).toEqual([second.webhook_id, first.webhook_id]);
  });

  test("are 50 at most in an account", async () => {
    const { userId } = await makeAccount();
    const one = () => createEndpoint(userId, { url, active: true });
    for (let n = 0; n < MAX_ENDPOINTS; n++) await one();
    await expect(one()).rejects.toMatchObject({ code: "CONFLICT" });
    const [first] = (await listEndpoints(userId)).webhooks;
    await removeEndpoint(userId, { webhookId: first?.webhookId ?? "" });
    expect(await one()).toMatchObject({ active: true });
  });

  test("are kept encrypted", async () => {
    const { webhook_id: id, secret } = await register();
    const [row] = await getSql()`SELECT * FROM webhook_endpoints WHERE id = ${String(id)}`;
    expect(JSON.stringify(row)).not.toContain(String(secret).slice(6));
  });

  test.each([
    [{ url: undefined }, "url"],
    [{ url: 7 }, "url"],
    [{ url: "" }, "url"],
    [{ url: "ftp://198.100.1.1/" }, "url"],
    [{ url: "http://127.0.0.1:9/" }, "url"],
    [{ url: `https://198.100.1.1/${"x".repeat(2000)}` }, "url"],
    [{ events: [] }, "events"],
    [{ events: "task.failed" }, "events"],
    [{ events: ["task.failed", "task.exploded"] }, "events[1]"],
    [{ active: "yes" }, "active"],
  ])("of a wrong field are refused, and it is named: %o", async (wrong, path) => {
    const { webhook_id: id } = await register();
    const refused = { status: 400, code: "INVALID_REQUEST", paths: [path] };
    expect(refusalIn(await ask("POST", "/v1/webhooks", { url, ...wrong }))).toEqual(refused);
    if (Object.values(wrong)[0] !== undefined)
      expect(refusalIn(await ask("PUT", `/v1/webhooks/${id}`, wrong))).toEqual(refused);
  });

  test("of another account are 404, whatever is asked", async () => {
    const { webhook_id: id } = await register();
    const { json: delivery } = await ask("POST", `/v1/webhooks/${id}/test`);
    const notFound = { status: 404, code: "NOT_FOUND", paths: [] };
    for (const [method, path] of [
      ["GET", `/v1/webhooks/${id}`],
      ["PUT", `/v1/webhooks/${id}`],
      ["DELETE", `/v1/webhooks/${id}`],
      ["POST", `/v1/webhooks/${id}/rotate`],
      ["POST", `/v1/webhooks/${id}/test`],
      ["GET", `/v1/webhooks/${id}/deliveries`],
      ["POST", `/v1/webhooks/${id}/deliveries/${delivery.delivery_id}/replay`],
    ] as const)
      expect({ path, ...refusalIn(await askOther(method, path)) }).toEqual({ path, ...notFound });
    // Not through an endpoint of one's own either.
    const { json: own } = await askOther("POST", "/v1/webhooks", { url });
    const replay = `/v1/webhooks/${own.webhook_id}/deliveries/${delivery.delivery_id}/replay`;
    expect(refusalIn(await askOther("POST", replay))).toEqual(notFound);
    expect((await askOther("GET", "/v1/webhooks")).json.webhooks).toHaveLength(1);
    expect((await ask("GET", `/v1/webhooks/${id}`)).status).toBe(200);
  });

  test("get a new secret at a rotation; the one of tasks' own addresses is the account's", async () => {
    const { webhook_id: id, secret } = await register();
    const rotated = await ask("POST", `/v1/webhooks/${id}/rotate`);
    expect(rotated).toMatchObject({ status: 200, json: { webhook_id: id, secret: expect.stringMatching(/^whsec_/) } });
    expect(rotated.json.secret).not.toBe(secret);
    const [mine, others] = [
      await ask("GET", "/v1/webhooks/task-secret"),
      await askOther("GET", "/v1/webhooks/task-secret"),
    ];
    expect(mine.json.secret).toMatch(/^whsec_/);
    expect(mine.json.secret).not.toBe(others.json.secret);
  });
});

describe("deliveries over REST", () => {
  test("are listed newest first, page by page, with what is sent", async () => {
    const { webhook_id: id } = await register();
    const made: unknown[] = [];
    for (let n = 0; n < 5; n++) made.unshift((await ask("POST", `/v1/webhooks/${id}/test`)).json.delivery_id);
    const seen: unknown[] = [];
    let cursor: unknown = "";
    for (let pages = 0; cursor !== null; pages++) {
      expect(pages).toBeLessThan(3);
      const { json } = await ask("GET", `/v1/webhooks/${id}/deliveries?limit=2&cursor=${cursor}`);
      const page = json.deliveries as JsonObject[];
      for (const one of page) expect(fieldsOf(one)).toEqual(DELIVERY_FIELDS);
      expect(page[0]).toMatchObject({ event: "webhook.test", status: "pending", tries: 0, url, status_code: null });
      expect(JSON.parse(String(page[0]?.body))).toMatchObject({ event: "webhook.test", webhook_id: id });
      seen.push(...page.map((one) => one.delivery_id));
      cursor = json.next_cursor;
    }
    expect(seen).toEqual(made);
    for (const [query, path] of [
      ["limit=0", "limit"],
      ["limit=x", "limit"],
      ["cursor=%27", "cursor"],
    ])
      expect(refusalIn(await ask("GET", `/v1/webhooks/${id}/deliveries?${query}`))).toEqual({
        status: 400,
        code: "INVALID_REQUEST",
        paths: [path],
      });
  });

  test("are replayed with the same event as a new one; unknown ones are 404, and none goes to an endpoint that is off", async () => {
    const { webhook_id: id } = await register();
    const tested = await ask("POST", `/v1/webhooks/${id}/test`);
    expect([tested.status, fieldsOf(tested.json)]).toEqual([201, DELIVERY_FIELDS]);
    const replay = `/v1/webhooks/${id}/deliveries/${tested.json.delivery_id}/replay`;
    const again = await ask("POST", replay);
    expect([again.status, fieldsOf(again.json)]).toEqual([201, DELIVERY_FIELDS]);
    expect(again.json).toMatchObject({ event_id: tested.json.event_id, body: tested.json.body, status: "pending" });
    expect(again.json.delivery_id).not.toBe(tested.json.delivery_id);
    for (const other of ["dlv_0", "a%27b"])
      expect(refusalIn(await ask("POST", `/v1/webhooks/${id}/deliveries/${other}/replay`)).status).toBe(404);
    await ask("PUT", `/v1/webhooks/${id}`, { active: false });
    for (const path of [replay, `/v1/webhooks/${id}/test`])
      expect(refusalIn(await ask("POST", path))).toEqual({ status: 409, code: "CONFLICT", paths: [] });
  });

  test("and endpoints are created once under an Idempotency-Key, with the same secret in both answers", async () => {
    const once = (path: string, key: string, body?: JsonObject) =>
      ask("POST", path, body, { headers: { "Idempotency-Key": key } });
    const [first, second] = [
      await once("/v1/webhooks", "hook-1", { url, events: ["run.queued"] }),
      await once("/v1/webhooks", "hook-1", { url, events: ["run.queued"] }),
    ];
    expect([second.status, second.text]).toEqual([201, first.text]);
    // What is kept for the repeat is no copy of the secret.
    const kept = await getSql()<{ response: string }[]>`SELECT response FROM idempotency_keys WHERE key = 'hook-1'`;
    expect(kept).toHaveLength(1);
    expect(kept[0]?.response).not.toContain("whsec_");
    const id = String(first.json.webhook_id);
    const tests = [await once(`/v1/webhooks/${id}/test`, "test-1"), await once(`/v1/webhooks/${id}/test`, "test-1")];
    const replay = `/v1/webhooks/${id}/deliveries/${tests[0]?.json.delivery_id}/replay`;
    await once(replay, "replay-1");
    await once(replay, "replay-1");
    expect((await ask("GET", `/v1/webhooks/${id}/deliveries`)).json.deliveries).toHaveLength(2);
  });
});

test("a task's own address that leads inside is refused, alone and in a batch, and names the field", async () => {
  const task = { name: "a task", config: {} };
  const inside = { ...task, webhook_url: "http://169.254.169.254/latest" };
  expect(refusalIn(await ask("POST", "/v1/tasks", inside))).toEqual({
    status: 400,
    code: "INVALID_REQUEST",
    paths: ["webhook_url"],
  });
  for (const headers of [{}, { "Idempotency-Key": "inside" }] as Record<string, string>[])
    expect(refusalIn(await ask("POST", "/v1/tasks/batch", { tasks: [task, inside] }, { headers })).paths).toEqual([
      "tasks[1].webhook_url",
    ]);
});

describe("over tRPC", () => {
  test("all that is sent of a task is told to its account: to endpoints and to its own address", async () => {
    await webhooks().create({ url, events: ["task.queued"] });
    const ownUrl = "https://198.100.1.9/mine";
    const { taskId } = await createTask(account.userId, aClientTask({ webhookUrl: ownUrl }));
    await startTask(account.userId, { taskId });
    const { deliveries } = await webhooks().deliveriesOf({ subjectId: taskId });
    expect(deliveries.map((one) => [one.event, one.url]).sort()).toEqual([
      ["task.queued", url],
      ["task.queued", ownUrl],
      ["task.started", ownUrl],
    ]);
    account = await makeAccount();
    expect(await webhooks().deliveriesOf({ subjectId: taskId })).toEqual({ deliveries: [] });
  });

  let account: Account;
  beforeAll(async () => {
    account = await makeAccount();
  });
  const webhooks = () =>
    createCallerFactory(appRouter)({
      requestId: "req_test",
      locale: "en",
      authenticate: async () => ({ userId: account.userId, scopes: ["*"] }),
      countTry: async () => {},
    }).webhooks;

  test("the same verbs answer the same", async () => {
    const { secret, ...made } = await webhooks().create({ url, events: ["task.failed"] });
    const { webhookId } = made;
    expect(secret).toMatch(/^whsec_/);
    expect(await webhooks().list()).toEqual({ webhooks: [made] });
    expect(await webhooks().get({ webhookId })).toEqual(made);
    expect(await webhooks().update({ webhookId, events: ["run.failed"] })).toMatchObject({ events: ["run.failed"] });
    expect((await webhooks().rotate({ webhookId })).secret).not.toBe(secret);
    const { deliveryId, eventId } = await webhooks().test({ webhookId });
    const again = await webhooks().replay({ webhookId, deliveryId });
    expect((await webhooks().deliveries({ webhookId })).deliveries).toMatchObject([
      { deliveryId: again.deliveryId, eventId },
      { deliveryId, eventId },
    ]);
    expect((await webhooks().taskSecret()).secret).toMatch(/^whsec_/);
    expect(await webhooks().remove({ webhookId })).toEqual({ done: true });
    await expect(webhooks().get({ webhookId })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(webhooks().create({ url: "http://localhost/" })).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });
});
