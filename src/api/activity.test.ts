// The record of who did what: written exactly when the change is, told to whom it concerns, and read as ranges.
import { beforeAll, describe, expect, test } from "vitest";
import { createSignIn, endSignIn } from "../accounts/sign-in";
import { type Activity, type ActivityQuery, listActivity, pageQuery } from "../activity/list";
import { purgeActivity } from "../activity/purge";
import { recordActivity } from "../activity/record";
import { ALL_VERBS, KINDS } from "../activity/verbs";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { refusalIn, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices({ RATE_LIMIT_STANDARD: "0", RATE_LIMIT_BATCH: "0", WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" });
const { call } = useHttpServer();

let owner: Account;
let guest: Account;
beforeAll(async () => {
  owner = await makeAccount("owner");
  guest = await makeAccount();
});

const as =
  ({ key }: Account) =>
  async (method: string, path: string, body?: JsonObject) => {
    const answer = await call(method, path, { key, ...(body && { body }) });
    expect({ path, text: answer.status < 300 ? "" : answer.text }).toEqual({ path, text: "" });
    return answer.json;
  };
const trpc = (account: Account) => async (path: string, input: JsonObject) =>
  ((await as(account)("POST", `/api/trpc/${path}`, input)).result as { data: JsonObject }).data;
const read = async (account: Account, query: Partial<ActivityQuery> = {}): Promise<Activity[]> =>
  (await listActivity(account.userId, { limit: 1000, ...query })).activity;
const newest = async (account: Account, query?: Partial<ActivityQuery>) => (await read(account, query))[0];
const verbs = async (account: Account, query?: Partial<ActivityQuery>) =>
  (await read(account, query)).map((one) => one.verb).reverse();
const countRows = async () => (await getSql()`SELECT count(*) AS n FROM activity`)[0]?.n;

const makeUnit = async (account = owner) => {
  const groupId = String((await as(account)("POST", "/v2/groups", { name: "g" })).group_id);
  const unitId = String((await as(account)("POST", `/v2/groups/${groupId}/units`, { name: "u" })).unit_id);
  return { groupId, unitId };
};

describe("what is written", () => {
  test("each verb once, by who did it, how he came in, and under the id of his request", async () => {
    const [rest, rpc] = [as(owner), trpc(owner)];
    const since = String((await getSql()`SELECT coalesce(max(id), 0) AS id FROM activity`)[0]?.id);
    const { groupId, unitId } = await makeUnit();
    await rest("PUT", `/v2/groups/${groupId}`, { description: "d" });
    await rest("PUT", `/v2/groups/${groupId}/shares`, { email: guest.email, role: "viewer" });
    await rest("DELETE", `/v2/groups/${groupId}/shares/${guest.userId}`);
    await rest("PUT", `/v2/units/${unitId}`, { config: { a: 1 } });
    await rpc("units.pause", { unitId });
    await rpc("units.resume", { unitId });
    const queues = [{ parameters: { lr: 1 } }, { parameters: { lr: 2 } }];
    const { queue_ids: ids } = await rest("POST", `/v2/units/${unitId}/queues/batch`, { queues });
    const [runId, otherId] = ids as [string, string];
    await rest("POST", `/v2/units/${unitId}/queues/reorder`, { queue_ids: [otherId, runId] });
    await rest("PUT", `/v2/queues/${runId}`, { name: "x" });
    await rest("POST", `/v2/queues/${runId}/cancel`, { reason: "r" });
    await rest("POST", `/v2/queues/${runId}/retry`);
    await rest("DELETE", `/v2/queues/${runId}`);
    await rpc("runs.restore", { runId });
    const recipe = { parameters: { lr: { kind: "list", values: [3, 4] } } };
    const sweep = (await rpc("sweeps.create", { unitId, name: "s", recipe })).sweep as JsonObject;
    await rpc("sweeps.extend", {
      sweepId: String(sweep.sweepId),
      recipe: { parameters: { lr: { kind: "list", values: [5] } } },
    });
    await rpc("sweeps.trim", { sweepId: String(sweep.sweepId) });
    await rest("DELETE", `/v2/units/${unitId}`);
    await rpc("units.restore", { unitId });
    await rest("DELETE", `/v2/groups/${groupId}`);
    await rpc("groups.restore", { groupId });
    const tasks = ["a", "b"].map((name) => ({ name, config: {} }));
    const { task_ids: taskIds } = await rest("POST", "/v1/tasks/batch", { tasks });
    const [taskId, other] = taskIds as [string, string];
    await rest("PATCH", `/v1/tasks/${taskId}/priority`, { priority: 5 });
    await rest("POST", "/v1/queue/reorder", { task_ids: [other, taskId] });
    await rest("POST", `/v1/tasks/${taskId}/cancel`);
    await rest("POST", `/v1/tasks/${taskId}/retry`);
    await rest("POST", "/v1/queue/pause", { queue: "q" });
    await rest("POST", "/v1/queue/resume", { queue: "q" });
    const template = String((await rest("POST", "/v1/configs/templates", { name: "t", config: {} })).template_id);
    await rest("PUT", `/v1/configs/templates/${template}`, { description: "d" });
    await rest("DELETE", `/v1/configs/templates/${template}`);
    const key = await rpc("accounts.keys.create", { name: "k", scopes: ["read"] });
    await rpc("accounts.keys.revoke", { keyId: String(key.keyId) });
    const hook = String((await rest("POST", "/v1/webhooks", { url: "http://127.0.0.1:9/x" })).webhook_id);
    await rest("PUT", `/v1/webhooks/${hook}`, { active: true });
    await rest("POST", `/v1/webhooks/${hook}/rotate`);
    const { delivery_id: delivery } = await rest("POST", `/v1/webhooks/${hook}/test`);
    await rest("POST", `/v1/webhooks/${hook}/deliveries/${delivery}/replay`);
    await rest("DELETE", `/v1/webhooks/${hook}`);
    await endSignIn(await createSignIn(owner.userId));
    await rpc("accounts.changePassword", { current: owner.password, next: "another password" });
    const made = await rpc("admin.accounts.add", { email: `${guest.userId}@y.z`, password: "a password for tests" });
    const { userId } = made.user as { userId: string };
    await rpc("admin.accounts.change", { userId, role: "viewer", isOff: false });
    await rpc("admin.accounts.invite", { userId });

    const written = (await read(owner)).filter((one) => Number(one.activityId) > Number(since)).reverse();
    expect(
      written
        .map((one) => one.verb)
        .filter((verb, at, all) => all.indexOf(verb) === at)
        .sort(),
    ).toEqual([...ALL_VERBS].sort());
    // A verb that does nothing else wrote one row, and no other verb wrote one for it.
    expect(written.length).toBe(ALL_VERBS.length);
    const byKey = written.filter((one) => !["account.signedIn", "account.signedOut"].includes(one.verb));
    for (const one of byKey)
      expect(one).toMatchObject({
        via: "key",
        keyPrefix: owner.key.slice(0, 8),
        actorId: owner.userId,
        actorEmail: owner.email,
        requestId: expect.stringMatching(/^req_/),
      });
    expect(new Set(byKey.map((one) => one.requestId)).size).toBe(byKey.length);
    expect(written.find((one) => one.verb === "account.signedIn")).toMatchObject({ via: "browser", keyPrefix: null });
    expect(written.find((one) => one.verb === "run.created")).toMatchObject({
      count: 2,
      objectId: null,
      unitId,
      groupId,
    });
    expect(written.find((one) => one.verb === "task.prioritized")?.details).toEqual({ from: 0, to: 5 });
    expect(written.find((one) => one.verb === "account.changed")).toMatchObject({
      ...{ objectId: userId, details: { role: "viewer", state: "on" } },
    });
    expect(written.find((one) => one.verb === "unit.changed")?.details).toEqual({ fields: ["config"] });
  });

  test("machine traffic, reads, single tasks and what changes nothing write none", async () => {
    const { unitId, groupId } = await makeUnit();
    const run = await as(owner)("POST", `/v2/units/${unitId}/queues`, { parameters: { lr: 1 } });
    const before = await countRows();
    await as(owner)("POST", "/v1/tasks", { name: "a", config: {} });
    await as(owner)("POST", "/v1/tasks/batch", { tasks: [] });
    await as(owner)("POST", `/v2/units/${unitId}/heartbeat`);
    await as(owner)("POST", `/v2/units/${unitId}/claim`);
    await as(owner)("POST", `/v2/queues/${run.queue_id}/metrics`, { points: [{ key: "a", value: 1, step: 1 }] });
    await as(owner)("POST", `/v2/queues/${run.queue_id}/logs`, { lines: [{ message: "a" }] });
    await as(owner)("POST", `/v2/queues/${run.queue_id}/complete`, {});
    await as(owner)("PUT", `/v2/groups/${groupId}`, {});
    await as(owner)("PUT", `/v2/units/${unitId}`, { name: "u" });
    await as(owner)("GET", "/v1/activity");
    await trpc(owner)("runs.bulk", { unitId, action: "cancel", dryRun: false });
    expect(await countRows()).toBe(before);
  });

  test("a change that is refused or rolled back leaves none", async () => {
    const { groupId, unitId } = await makeUnit();
    const before = await countRows();
    const refused = await Promise.all([
      call("PUT", `/v2/units/${unitId}`, { key: owner.key, body: { name: "x" }, headers: { "If-Match": "99" } }),
      call("DELETE", `/v2/groups/${groupId}`, { key: guest.key }),
      call("POST", `/v2/units/${unitId}/queues/reorder`, { key: owner.key, body: { queue_ids: ["no"] } }),
      call("PUT", `/v2/groups/${groupId}/shares`, { key: owner.key, body: { email: "nobody@example.org" } }),
      call("POST", "/api/trpc/accounts.changePassword", {
        key: owner.key,
        body: { current: "wrong", next: "12345678" },
      }),
    ]);
    expect(refused.map((one) => one.status >= 400)).toEqual(refused.map(() => true));
    expect(await countRows()).toBe(before);
    const broken = getSql().begin(async (sql) => {
      await recordActivity(sql, owner.userId, { verb: "group.changed", objectId: groupId });
      throw new Error("rolled back");
    });
    await expect(broken).rejects.toThrow("rolled back");
    expect(await countRows()).toBe(before);
  });

  test("nothing changes where it cannot be written", async () => {
    const { groupId, unitId } = await makeUnit();
    const run = await as(owner)("POST", `/v2/units/${unitId}/queues`, { parameters: { lr: 1 } });
    const task = await as(owner)("POST", "/v1/tasks", { name: "a", config: {} });
    const state = async () =>
      Promise.all([
        as(owner)("GET", `/v2/groups/${groupId}`),
        as(owner)("GET", `/v2/units/${unitId}`),
        as(owner)("GET", `/v2/queues/${run.queue_id}`),
        as(owner)("GET", `/v1/tasks/${task.task_id}`),
        as(owner)("GET", "/v2/groups"),
        as(owner)("GET", "/v1/configs/templates"),
        as(owner)("GET", "/v1/webhooks"),
      ]);
    const before = await state();
    await getSql()`ALTER TABLE activity ADD CONSTRAINT broken CHECK (false) NOT VALID`;
    try {
      for (const [method, path, body] of [
        ["POST", "/v2/groups", { name: "n" }],
        ["PUT", `/v2/groups/${groupId}`, { name: "n" }],
        ["DELETE", `/v2/groups/${groupId}`, undefined],
        ["POST", `/v2/groups/${groupId}/units`, { name: "n" }],
        ["PUT", `/v2/units/${unitId}`, { name: "n" }],
        ["DELETE", `/v2/units/${unitId}`, undefined],
        ["POST", `/v2/units/${unitId}/queues`, { parameters: {} }],
        ["PUT", `/v2/queues/${run.queue_id}`, { name: "n" }],
        ["POST", `/v2/queues/${run.queue_id}/cancel`, {}],
        ["DELETE", `/v2/queues/${run.queue_id}`, undefined],
        ["POST", `/v1/tasks/${task.task_id}/cancel`, {}],
        ["PATCH", `/v1/tasks/${task.task_id}/priority`, { priority: 9 }],
        ["POST", "/v1/configs/templates", { name: "n", config: {} }],
        ["POST", "/v1/webhooks", { url: "http://127.0.0.1:9/x" }],
      ] as const)
        expect((await call(method, path, { key: owner.key, ...(body && { body }) })).status).toBe(500);
    } finally {
      await getSql()`ALTER TABLE activity DROP CONSTRAINT broken`;
    }
    expect(await state()).toEqual(before);
  });
});

describe("who is told", () => {
  test("a group's activity: its owner all, whom it is shared with all but the shares, others nothing", async () => {
    const { groupId, unitId } = await makeUnit();
    const third = await makeAccount();
    expect(await read(guest, { groupId })).toEqual([]);
    await as(owner)("PUT", `/v2/groups/${groupId}/shares`, { email: guest.email, role: "editor" });
    await as(owner)("PUT", `/v2/groups/${groupId}/shares`, { email: third.email, role: "viewer" });
    await trpc(guest)("units.pause", { unitId });
    expect(await verbs(owner, { groupId })).toEqual([
      "group.created",
      "unit.created",
      "share.given",
      "share.given",
      "unit.paused",
    ]);
    for (const account of [guest, third])
      expect(await verbs(account, { groupId })).toEqual(["group.created", "unit.created", "unit.paused"]);
    expect(await newest(owner, { unitId })).toMatchObject({ actorId: guest.userId, actorEmail: guest.email });
    expect((await newest(third))?.verb).toBe("unit.paused");
    expect(JSON.stringify(await read(guest))).not.toContain(third.userId);
    expect(await read(await makeAccount(), { groupId })).toEqual([]);
  });

  test("after a withdrawal nobody sees more: his own actions stay, without the name as it is now", async () => {
    const { groupId, unitId } = await makeUnit();
    await as(owner)("PUT", `/v2/groups/${groupId}/shares`, { email: guest.email, role: "editor" });
    await trpc(guest)("units.pause", { unitId });
    const before = await read(guest);
    expect(before[0]).toMatchObject({ verb: "unit.paused", objectName: "u" });
    await as(owner)("DELETE", `/v2/groups/${groupId}/shares/${guest.userId}`);
    await as(owner)("PUT", `/v2/units/${unitId}`, { name: "renamed since" });
    const after = await read(guest);
    const seen = new Set(before.map((one) => one.activityId));
    expect(after.filter((one) => !seen.has(one.activityId))).toEqual([]);
    expect(after.find((one) => one.activityId === before[0]?.activityId)).toMatchObject({ objectName: null });
    expect(JSON.stringify(after)).not.toContain("renamed since");
    for (const query of [{ groupId }, { unitId }, { objectId: unitId }]) expect(await read(guest, query)).toEqual([]);
  });

  test("the own account's objects are its own", async () => {
    const [one, other] = [await makeAccount(), await makeAccount()];
    const { task_ids: ids } = await as(one)("POST", "/v1/tasks/batch", { tasks: [{ name: "a", config: {} }] });
    const [taskId = ""] = ids as string[];
    await as(one)("POST", `/v1/tasks/${taskId}/cancel`);
    expect(await verbs(one, { objectId: taskId })).toEqual(["task.cancelled"]);
    expect(await newest(one)).toMatchObject({ verb: "task.cancelled", objectName: "a" });
    expect(await read(other, { objectId: taskId })).toEqual([]);
    expect(await read(other)).toEqual([]);
  });
});

describe("GET /v1/activity", () => {
  test("pages by cursor, newest first, filtered by kind and person", async () => {
    const account = await makeAccount();
    const { groupId } = await makeUnit(account);
    await as(account)("PUT", `/v2/groups/${groupId}/shares`, { email: guest.email, role: "editor" });
    for (let n = 0; n < 5; n++) await as(guest)("POST", `/v2/groups/${groupId}/units`, { name: `u${n}` });
    const all: JsonObject[] = [];
    for (let cursor = ""; ; ) {
      const page = await as(account)("GET", `/v1/activity?limit=3&cursor=${cursor}`);
      all.push(...(page.activity as JsonObject[]));
      if (page.next_cursor === null) break;
      cursor = String(page.next_cursor);
    }
    expect(all.map((one) => one.activity_id)).toEqual((await read(account)).map((one) => one.activityId));
    expect(all.length).toBe(8);
    const ask = async (query: string) => (await as(account)("GET", `/v1/activity?${query}`)).activity as JsonObject[];
    expect((await ask("kind=group")).map((one) => one.verb)).toEqual(["group.created"]);
    expect((await ask(`actor_id=${guest.userId}`)).length).toBe(5);
    expect((await ask(`actor_id=${guest.userId}&kind=group`)).length).toBe(0);
    expect((await ask(`actor_id=${account.userId}`)).length).toBe(3);
    expect((await ask(`group_id=${groupId}&kind=unit`)).length).toBe(6);
  });

  test.each(["kind=nothing", "cursor=x", "limit=0"])("?%s is refused, and named", async (query) => {
    const refusal = refusalIn(await call("GET", `/v1/activity?${query}`, { key: owner.key }));
    expect(refusal).toEqual({ status: 400, code: "INVALID_REQUEST", paths: [query.split("=")[0]] });
  });
});

test("what is older than ACTIVITY_DAYS is purged, in slices, and what is younger stays", async () => {
  const sql = getSql();
  await sql`DELETE FROM activity`;
  await sql`
    INSERT INTO activity (at, actor_id, via, verb, kind, owner_id)
    SELECT now() - make_interval(days => CASE WHEN n <= 12000 THEN 366 ELSE 364 END), 'user_a', 'key', 'group.created', 'group', 'user_a'
    FROM generate_series(1, 12100) n`;
  expect(await purgeActivity()).toBe(12_000);
  expect(await countRows()).toBe(100);
});

describe("of 1,000,000 rows", () => {
  const me = "user_me";
  beforeAll(async () => {
    const sql = getSql();
    await sql`DELETE FROM activity`;
    await sql`INSERT INTO groups (id, user_id, name) VALUES ('group_0', 'user_other', 'g'), ('group_1', 'user_other', 'g')`;
    await sql`INSERT INTO group_shares (group_id, user_id, role, created_by) VALUES ('group_0', ${me}, 'viewer', 'user_other'), ('group_1', ${me}, 'viewer', 'user_other')`;
    // Nearly all of it is mine and of one kind and person: what is rare must not be searched for among it.
    await sql`
      INSERT INTO activity (actor_id, via, verb, kind, object_id, owner_id, group_id, unit_id)
      SELECT CASE WHEN n % 1000 = 0 THEN 'user_rare' ELSE ${me} END, 'key', 'run.changed', kinds.kind, 'run_' || n % 1000, CASE n % 50 % 3 WHEN 0 THEN 'user_other' ELSE ${me} END, 'group_' || n % 20, 'unit_' || n % 50
      FROM generate_series(1, 1000000) n
      CROSS JOIN LATERAL (SELECT CASE WHEN n % 5000 = 1 THEN 'key' ELSE 'run' END AS kind) AS kinds`;
    // Of one unit, one run and one group there are few, and these were first.
    await sql`
      UPDATE activity SET unit_id = 'unit_rare', object_id = 'run_rare', group_id = 'group_rare', owner_id = ${me}
      WHERE id IN (SELECT id FROM activity ORDER BY id LIMIT 3)`;
    await sql`VACUUM ANALYZE activity`;
  }, 240_000);

  test.each<[string, Partial<ActivityQuery>]>([
    ["all", {}],
    ["one kind", { kind: "run" }],
    ["a rare kind", { kind: "key" }],
    ["a kind that there is none of", { kind: "task" }],
    ["a person", { actorId: "user_rare" }],
    ["a person that there is not", { actorId: "user_none" }],
    ["a person and a kind", { actorId: "user_rare", kind: "run" }],
    ["myself", { actorId: me }],
    ["a later page", { cursor: "500000" }],
    ["a group", { groupId: "group_0" }],
    ["a group, a person", { groupId: "group_1", actorId: "user_rare" }],
    ["a unit", { unitId: "unit_1" }],
    ["an object", { objectId: "run_2" }],
    ["a unit of which there is little", { unitId: "unit_rare" }],
    ["an object of which there is little", { objectId: "run_rare" }],
    ["a group of which there is little", { groupId: "group_rare" }],
    ["a late page of a unit", { unitId: "unit_1", cursor: "200000" }],
  ])("%s is ranges of indexes, of about a page each", async (_, query) => {
    const plan = await explain({ limit: 50, ...query });
    expect(plan.seqScans).toEqual([]);
    // 11 kinds, 51 rows each, from at most four places, and the page itself.
    expect(plan.rows).toBeLessThan(4 * KINDS.length * 51 + 3 * 51);
    expect(plan.ms).toBeLessThan(200);
  });

  const explain = async (query: ActivityQuery) => {
    const sql = getSql();
    const page = await pageQuery(sql, me, query);
    if (!page) throw new Error("Nothing to read.");
    const [row] = await sql<{ "QUERY PLAN": JsonObject[] }[]>`EXPLAIN (ANALYZE, FORMAT JSON) ${page.statement}`;
    const root = row?.["QUERY PLAN"][0] as { Plan: JsonObject; "Execution Time": number };
    const nodes: JsonObject[] = [];
    const walk = (node: JsonObject) => {
      nodes.push(node);
      for (const one of (node.Plans as JsonObject[] | undefined) ?? []) walk(one);
    };
    walk(root.Plan);
    const ofActivity = nodes.filter((node) => node["Relation Name"] === "activity");
    const rowsOf = (node: JsonObject) =>
      (Number(node["Actual Rows"]) + Number(node["Rows Removed by Filter"] ?? 0)) * Number(node["Actual Loops"]);
    return {
      seqScans: ofActivity.filter((node) => node["Node Type"] === "Seq Scan"),
      rows: ofActivity.reduce((sum, node) => sum + rowsOf(node), 0),
      ms: root["Execution Time"],
    };
  };
});
