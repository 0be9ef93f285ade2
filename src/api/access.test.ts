// What a key may do, from the table of routes and that of procedures; and its life: made, listed, used, taken back.
import { beforeAll, describe, expect, test } from "vitest";
import { createKey } from "../accounts/api-keys";
import { allows, SCOPES } from "../accounts/scopes";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import type { Need } from "../platform/request-context";
import { needsOfRoute } from "../platform/route";
import { type HttpAnswer, refusalIn, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { OPEN_PROCEDURES, procedures } from "../testing/procedures";
import { useTestServices } from "../testing/services";
import { routes } from "./rest";

useTestServices();
const { call } = useHttpServer();

let account: Account;
const keys = new Map<string, string>();
const SETS = [["read"], ["run"], ["write"], ["admin"], ["read", "run"], ["run", "write"], ["*"]];
beforeAll(async () => {
  account = await makeAccount("owner");
  for (const scopes of SETS)
    keys.set(scopes.join(), (await createKey(account.userId, { name: scopes.join(), scopes })).key);
});

/** Written down once more, so that a route that is added has to be thought of. */
const wantedFor = (method: string, path: string): Need => {
  if (path === "/v1/webhooks/task-secret") return "admin";
  if (method === "GET" || path === "/v1/auth/token" || path.endsWith("/sync")) return "read";
  return /\/(heartbeat|claim|start|complete|fail|metrics|logs|result)$/.test(path) ? "run" : "write";
};

test.each(routes.map((route) => [route.method, route.path, route] as const))(
  "%s %s: each key that lacks its scope is FORBIDDEN, and no other",
  async (method, path, route) => {
    const { scope } = needsOfRoute(route);
    expect(scope).toBe(wantedFor(method, path));
    for (const scopes of SETS) {
      const answer = await call(method, path.replace(/:\w+/g, "nobodys"), {
        key: keys.get(scopes.join()) ?? "",
        ...(method !== "GET" && method !== "DELETE" && { body: {} }),
      });
      expect([scopes, answer.status === 403]).toEqual([scopes, !allows(scopes, scope)]);
      if (answer.status !== 403) continue;
      expect(refusalIn(answer)).toEqual({ status: 403, code: "FORBIDDEN", paths: [] });
      expect(answer.json.error).toBe(`This key may not do that: it lacks the scope ${scope}.`);
    }
  },
);

test("procedures need what the routes of the same verb need, and keys are for admins", () => {
  const of = (scope: Need) =>
    procedures
      .filter((one) => one.scope === scope && (scope !== "read" || one.type === "mutation"))
      .map(({ path }) => path)
      .sort();
  expect(of("admin")).toEqual(["webhooks.taskSecret"]);
  expect(of("server")).toEqual([
    "admin.accounts.add",
    "admin.accounts.change",
    "admin.accounts.invite",
    "admin.accounts.list",
    "admin.health",
    "admin.limits",
    "admin.queues",
    "admin.retention",
  ]);
  expect(of("profile")).toEqual([
    "accounts.changePassword",
    "accounts.endSignIn",
    "accounts.keys.create",
    "accounts.keys.list",
    "accounts.keys.revoke",
    "accounts.signIns",
  ]);
  expect(of("read")).toEqual(["sweeps.outlook", "sweeps.preview"]);
  expect(of("run")).toEqual([
    "runs.appendLogs",
    "runs.appendMetrics",
    "runs.complete",
    "runs.fail",
    "runs.saveCheckpoint",
    "runs.start",
    "tasks.start",
    "tasks.submitResult",
    "units.claim",
    "units.heartbeat",
    "units.publishSchema",
  ]);
  expect(
    procedures.filter(
      ({ type, scope }) => type !== "mutation" && !["read", "admin", "profile", "server"].includes(scope),
    ),
  ).toEqual([]);
});

test.each(procedures.filter(({ type }) => type !== "subscription"))(
  "$path ($type) is FORBIDDEN to each key that lacks $scope, and to no other",
  async ({ path, type, scope }) => {
    for (const scopes of SETS) {
      const key = keys.get(scopes.join()) ?? "";
      const answer =
        type === "query"
          ? await call("GET", `/api/trpc/${path}`, { key })
          : await call("POST", `/api/trpc/${path}`, { key, body: {} });
      expect([scopes, answer.status === 403]).toEqual([scopes, !allows(scopes, scope)]);
    }
  },
);

test("without a key every procedure but the open ones answers AUTH_REQUIRED, and those ask for their own secret", async () => {
  for (const { path, type } of procedures) {
    if (type === "subscription") continue;
    const answer =
      type === "query" ? await call("GET", `/api/trpc/${path}`) : await call("POST", `/api/trpc/${path}`, { body: {} });
    expect([path, answer.status]).toEqual([path, 401]);
  }
  for (const path of OPEN_PROCEDURES)
    expect([path, (await call("POST", `/api/trpc/${path}`, { body: {} })).status]).toEqual([path, 400]);
});

describe("the life of a key", () => {
  const data = (answer: HttpAnswer) => (answer.json.result as { data: JsonObject }).data;
  const create = async (input: JsonObject) =>
    call("POST", "/api/trpc/accounts.keys.create", {
      key: account.key,
      body: { name: "n", scopes: ["read"], ...input },
    });
  const list = async (key = account.key) =>
    data(await call("GET", "/api/trpc/accounts.keys.list", { key })).keys as JsonObject[];
  const revoke = (keyId: unknown, key = account.key) =>
    call("POST", "/api/trpc/accounts.keys.revoke", { key, body: { keyId } });
  const read = async (key: string) => (await call("GET", "/v1/tasks?limit=1", { key })).status;

  test("its text is told once, and is kept nowhere", async () => {
    const made = data(await create({ name: "dashboards", scopes: ["read", "read"] }));
    expect(made).toMatchObject({ name: "dashboards", scopes: ["read"], expiresAt: null, lastUsedAt: null });
    expect(await read(String(made.key))).toBe(200);
    const listed = await list();
    expect(listed[0]).toMatchObject({ keyId: made.keyId, name: "dashboards", prefix: String(made.key).slice(0, 8) });
    expect(JSON.stringify(listed)).not.toContain(String(made.key));
    const [row] = await getSql()<
      { row: string }[]
    >`SELECT k::text AS row FROM api_keys k WHERE id = ${String(made.keyId)}`;
    expect(row?.row).not.toContain(String(made.key));
  });

  test("taken back, it and the tokens made with it are refused within 5 s", async () => {
    const made = data(await create({}));
    const key = String(made.key);
    const token = String((await call("POST", "/v1/auth/token", { key })).json.token);
    expect([await read(key), await read(token)]).toEqual([200, 200]);
    expect((await revoke(made.keyId)).status).toBe(200);
    await expect
      .poll(async () => [await read(key), await read(token)], { timeout: 5000, interval: 100 })
      .toEqual([401, 401]);
    expect((await list()).map(({ keyId }) => keyId)).not.toContain(made.keyId);
    expect((await revoke(made.keyId)).status).toBe(404);
  });

  test("a token may do no more than its key", async () => {
    const { json } = await call("POST", "/v1/auth/token", { key: keys.get("read") ?? "" });
    const key = String(json.token);
    expect(await read(key)).toBe(200);
    expect((await call("POST", "/v1/tasks", { key, body: { name: "a", config: {} } })).status).toBe(403);
    expect((await call("POST", "/v1/auth/token", { key })).status).toBe(403);
  });

  test("it works until it expires, and cannot be made with an expiry that is past", async () => {
    const expiresAt = new Date(Date.now() + 1500).toISOString();
    const made = data(await create({ expiresAt }));
    expect(made.expiresAt).toBe(expiresAt);
    expect(await read(String(made.key))).toBe(200);
    await expect.poll(() => read(String(made.key)), { timeout: 6000, interval: 200 }).toBe(401);
    const refused = await create({ expiresAt: "2020-01-01T00:00:00Z" });
    expect((refused.json.error as { data: JsonObject }).data).toMatchObject({
      code: "INVALID_REQUEST",
      details: [{ path: "expiresAt", message: "must be in the future" }],
    });
  });

  test("another account neither sees it nor takes it back", async () => {
    const other = await makeAccount();
    const made = data(await create({}));
    expect((await list(other.key)).map(({ keyId }) => keyId)).not.toContain(made.keyId);
    expect((await revoke(made.keyId, other.key)).status).toBe(404);
    expect(await read(String(made.key))).toBe(200);
  });

  test("a key that is no admin's cannot make itself a stronger one", async () => {
    const weak = keys.get("run,write") ?? "";
    const body = { name: "stronger", scopes: [...SCOPES] };
    expect((await call("POST", "/api/trpc/accounts.keys.create", { key: weak, body })).status).toBe(403);
  });

  test.each([[{ name: "" }], [{ scopes: [] }], [{ scopes: ["everything"] }], [{ expiresAt: "tomorrow" }]])(
    "%j is refused",
    async (input) => {
      expect((await create(input)).status).toBe(400);
    },
  );
});
