// Who may do what with a shared group, from the table of routes and that of procedures: owner, editor, viewer and stranger for each.
import { beforeAll, describe, expect, test } from "vitest";
import { appRouter } from "../api/root";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import type { Route } from "../platform/route";
import type { Access } from "../sharing/access";
import { type HttpAnswer, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { runRoutes } from "./rest";

useTestServices({ RATE_LIMIT_STANDARD: "0", RATE_LIMIT_BATCH: "0", RATE_LIMIT_TRAFFIC: "0" });
const { call } = useHttpServer();

const accounts = {} as { owner: Account; editor: Account; viewer: Account; stranger: Account };
type Who = keyof typeof accounts;
const EVERYONE = ["stranger", "viewer", "editor", "owner"] as const satisfies Who[];
beforeAll(async () => {
  for (const who of EVERYONE) accounts[who] = await makeAccount();
});

const ALLOWED: Record<Access, Who[]> = {
  view: ["viewer", "editor", "owner"],
  edit: ["editor", "owner"],
  own: ["owner"],
};
const refusalFor = (who: Who) => (who === "stranger" ? [404, "NOT_FOUND"] : [403, "FORBIDDEN"]);

type Ids = { groupId: string; unitId: string; runId: string; otherId: string; sweepId: string; goneId: string };

const ask = (who: Who, method: string, path: string, body?: JsonObject): Promise<HttpAnswer> =>
  call(method, path, { key: accounts[who].key, ...(body && { body }) });
const procedure = (who: Who, path: string, type: string, input: JsonObject): Promise<HttpAnswer> =>
  type === "query"
    ? ask(who, "GET", `/api/trpc/${path}?input=${encodeURIComponent(JSON.stringify(input))}`)
    : ask(who, "POST", `/api/trpc/${path}`, input);
const done = async (answer: Promise<HttpAnswer>): Promise<JsonObject> => {
  const { status, json, text } = await answer;
  expect({ status, text: status < 300 ? "" : text }).toEqual({
    status: expect.toSatisfy((code) => code < 300),
    text: "",
  });
  return json;
};
const data = async (answer: Promise<HttpAnswer>): Promise<JsonObject> =>
  ((await done(answer)).result as { data: JsonObject }).data;

/** A group of the owner's, shared with editor and viewer, and in it a unit with a run in the state that is asked for. */
const makeShared = async (state: "pending" | "running" | "failed"): Promise<Ids> => {
  const owner = "owner";
  const groupId = String((await done(ask(owner, "POST", "/v2/groups", { name: "shared" }))).group_id);
  for (const role of ["editor", "viewer"] as const)
    await done(ask(owner, "PUT", `/v2/groups/${groupId}/shares`, { email: accounts[role].email, role }));
  const unitId = String((await done(ask(owner, "POST", `/v2/groups/${groupId}/units`, { name: "u" }))).unit_id);
  const addQueue = async (lr: number) =>
    String((await done(ask(owner, "POST", `/v2/units/${unitId}/queues`, { parameters: { lr } }))).queue_id);
  const [runId, otherId, goneId] = [await addQueue(1), await addQueue(2), await addQueue(3)];
  const recipe = { parameters: { lr: { kind: "list", values: [0.1, 0.2] } } };
  const made = await data(
    procedure(owner, "sweeps.create", "mutation", { unitId, name: "s", recipe, leaveOut: [], onlyFresh: false }),
  );
  await done(ask(owner, "DELETE", `/v2/queues/${goneId}`));
  if (state !== "pending") await done(ask(owner, "POST", `/v2/queues/${runId}/start`));
  if (state === "failed") await done(ask(owner, "POST", `/v2/queues/${runId}/fail`));
  return { groupId, unitId, runId, otherId, goneId, sweepId: String((made.sweep as JsonObject).sweepId) };
};

const TABLES =
  `groups units unit_presence unit_drivers runs run_checkpoints sweeps group_shares log_chunks metric_points webhook_events`.split(
    " ",
  );
/** All that a refused call must leave as it is. */
const everything = async () => {
  const sql = getSql();
  return Promise.all(
    TABLES.map(async (table) => {
      const [row] = await sql`SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) AS hash FROM ${sql(table)} t`;
      return [table, row?.hash];
    }),
  );
};

/** Refused ones first, on one group, which stays as it is; each of the others on a group of its own. */
const checkAccess = async (
  access: Access,
  state: Parameters<typeof makeShared>[0],
  send: (who: Who, ids: Ids) => Promise<HttpAnswer>,
) => {
  const closed = await makeShared(state);
  const before = await everything();
  for (const who of EVERYONE.filter((one) => !ALLOWED[access].includes(one))) {
    const { status, json } = await send(who, closed);
    const code = json.code ?? ((json.error as JsonObject)?.data as JsonObject)?.code;
    expect({ who, answer: [status, code] }).toEqual({ who, answer: refusalFor(who) });
  }
  expect(await everything()).toEqual(before);
  for (const who of ALLOWED[access]) {
    const { status, text } = await send(who, await makeShared(state));
    expect({ who, status, text: status < 300 ? "" : text }).toEqual({
      who,
      status: expect.toSatisfy((code) => code < 300),
      text: "",
    });
  }
};

/** Written down once more, so that a route that is added has to be thought of. */
const accessFor = (method: string, path: string): Access => {
  if (/^\/v2\/groups\/:id(\/shares.*)?$/.test(path)) return method === "GET" && path.endsWith(":id") ? "view" : "own";
  return method === "GET" || path.endsWith("/sync") ? "view" : "edit";
};
const stateFor = (name: string) =>
  /(retry|retryFailed)$/.test(name)
    ? "failed"
    : /(complete|fail|metrics|logs|appendMetrics|appendLogs|saveCheckpoint)$/.test(name)
      ? "running"
      : "pending";

const pathFor = ({ path }: Route, ids: Ids): string =>
  path
    .replace("/v2/groups/:id", `/v2/groups/${ids.groupId}`)
    .replace("/v2/units/:id", `/v2/units/${ids.unitId}`)
    .replace("/v2/queues/:id", `/v2/queues/${ids.runId}`)
    .replace(":user_id", accounts.viewer.userId);
const bodyFor = ({ method, path, description }: Route, ids: Ids): JsonObject | undefined => {
  if (method === "GET" || method === "DELETE") return undefined;
  if (path.endsWith("/reorder")) return { queue_ids: [ids.otherId, ids.runId] };
  if (path.endsWith("/shares")) return { email: accounts.stranger.email, role: "viewer" };
  return description.exampleBody ?? {};
};

describe("routes", () => {
  test.each(
    runRoutes.filter(({ path }) => path.includes(":id")).map((route) => [route.method, route.path, route] as const),
  )("%s %s", async (method, path, route) => {
    const send = async (who: Who, ids: Ids) => {
      // Its owner, too, may only withdraw a share that is there: an editor's own is his to give back.
      if (path.endsWith("/shares"))
        await getSql()`DELETE FROM group_shares WHERE user_id = ${accounts.stranger.userId}`;
      const at =
        who === "viewer"
          ? pathFor(route, ids).replace(accounts.viewer.userId, accounts.editor.userId)
          : pathFor(route, ids);
      const answer = await ask(who, method, at, bodyFor(route, ids));
      if (path.endsWith("/shares"))
        await getSql()`DELETE FROM group_shares WHERE user_id = ${accounts.stranger.userId}`;
      return answer;
    };
    await checkAccess(accessFor(method, path), stateFor(path), send);
  });
});

const parameters = { lr: 0.5 };
const recipe = { parameters: { lr: { kind: "list", values: [7, 8] } } };
const newRows = { recipe, leaveOut: [], onlyFresh: false };
/** What each procedure asks for, and with what it is called. A procedure that is added has to be thought of. */
const PROCEDURES: Record<string, [Access, (ids: Ids) => JsonObject]> = {
  "shares.list": ["own", ({ groupId }) => ({ groupId })],
  "shares.put": ["own", ({ groupId }) => ({ groupId, email: accounts.viewer.email, role: "editor" })],
  "groups.get": ["view", ({ groupId }) => ({ groupId })],
  "groups.update": ["own", ({ groupId }) => ({ groupId, name: "renamed" })],
  "groups.remove": ["own", ({ groupId }) => ({ groupId })],
  "groups.statistics": ["view", ({ groupId }) => ({ groupId })],
  "units.create": ["edit", ({ groupId }) => ({ groupId, name: "another" })],
  "units.list": ["view", ({ groupId }) => ({ groupId })],
  "units.get": ["view", ({ unitId }) => ({ unitId })],
  "units.update": ["edit", ({ unitId }) => ({ unitId, name: "renamed" })],
  "units.remove": ["edit", ({ unitId }) => ({ unitId })],
  "units.sync": ["view", ({ unitId }) => ({ unitId })],
  "units.heartbeat": ["edit", ({ unitId }) => ({ unitId, driverId: "d" })],
  "units.claim": ["edit", ({ unitId }) => ({ unitId })],
  "units.pause": ["edit", ({ unitId }) => ({ unitId, reason: "lunch" })],
  "units.resume": ["edit", ({ unitId }) => ({ unitId })],
  "units.publishSchema": ["edit", ({ unitId }) => ({ unitId, parametersSchema: { type: "object" } })],
  "units.plan": ["view", ({ unitId }) => ({ unitId })],
  "units.results": ["view", ({ groupId }) => ({ groupId })],
  "units.statistics": ["view", ({ unitId }) => ({ unitId })],
  "runs.create": ["edit", ({ unitId, runId }) => ({ unitId, parameters, parentId: runId })],
  "runs.createMany": ["edit", ({ unitId }) => ({ unitId, runs: [{ parameters }] })],
  "runs.list": ["view", ({ unitId }) => ({ unitId, limit: 10 })],
  "runs.best": ["view", ({ unitId }) => ({ unitId, key: "loss", goal: "min" })],
  "runs.latest": ["view", ({ unitId }) => ({ unitId, limit: 3 })],
  "runs.get": ["view", ({ runId }) => ({ runId })],
  "runs.lineage": ["view", ({ runId }) => ({ runId })],
  "runs.update": ["edit", ({ runId }) => ({ runId, parameters })],
  "runs.remove": ["edit", ({ runId }) => ({ runId })],
  "runs.start": ["edit", ({ runId }) => ({ runId })],
  "runs.complete": ["edit", ({ runId }) => ({ runId })],
  "runs.fail": ["edit", ({ runId }) => ({ runId })],
  "runs.cancel": ["edit", ({ runId }) => ({ runId })],
  "runs.retry": ["edit", ({ runId }) => ({ runId })],
  "runs.reorder": ["edit", ({ unitId, runId, otherId }) => ({ unitId, runIds: [otherId, runId] })],
  "runs.move": ["edit", ({ unitId, runId }) => ({ unitId, runIds: [runId], beforeId: null })],
  "runs.bulk": ["edit", ({ unitId, runId }) => ({ unitId, action: "cancel", runIds: [runId], dryRun: false })],
  "runs.appendMetrics": ["edit", ({ runId }) => ({ runId, points: [{ key: "loss", step: 1, value: 1 }] })],
  "runs.appendLogs": ["edit", ({ runId }) => ({ runId, lines: [{ message: "a" }] })],
  "runs.metrics": ["view", ({ runId }) => ({ runId })],
  "runs.logs": ["view", ({ runId }) => ({ runId })],
  "runs.saveCheckpoint": ["edit", ({ runId }) => ({ runId, state: { epoch: 1 } })],
  "runs.checkpoint": ["view", ({ runId }) => ({ runId })],
  "line.window": ["view", ({ unitId, runId }) => ({ unitId, from: 0, count: 10, also: [runId] })],
  "line.plan": ["view", ({ unitId }) => ({ unitId, from: 0, count: 10 })],
  "line.ids": ["view", ({ unitId }) => ({ unitId })],
  "line.find": ["view", ({ unitId }) => ({ unitId, text: "1", limit: 10 })],
  "line.keys": ["view", ({ unitId }) => ({ unitId })],
  "line.move": ["edit", ({ unitId, runId }) => ({ unitId, runIds: [runId], to: { at: 0 } })],
  "sweeps.preview": ["view", ({ unitId }) => ({ unitId, recipe })],
  "sweeps.outlook": ["view", ({ unitId }) => ({ unitId, recipe, leaveOut: [] })],
  "sweeps.create": ["edit", ({ unitId }) => ({ unitId, name: "more", ...newRows })],
  "sweeps.extend": ["edit", ({ sweepId }) => ({ sweepId, ...newRows })],
  "sweeps.trim": ["edit", ({ sweepId }) => ({ sweepId, keep: [] })],
  "sweeps.retryFailed": ["edit", ({ sweepId }) => ({ sweepId })],
  "sweeps.get": ["view", ({ sweepId }) => ({ sweepId })],
  "sweeps.list": ["view", ({ unitId }) => ({ unitId })],
};
/** Those that name no object, or one in the trash, which answers 404 to whoever may not bring it back; tested below. */
const OTHERS = [
  "groups.create",
  "groups.list",
  "groups.trash",
  "groups.restore",
  "shares.remove",
  "runs.restore",
  "units.find",
  "units.restore",
];

const procedures = Object.entries(
  appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>,
).filter(([path]) => /^(groups|shares|units|runs|line|sweeps)\./.test(path));

describe("procedures", () => {
  test("each is in the table", () => {
    expect(procedures.map(([path]) => path).sort()).toEqual([...Object.keys(PROCEDURES), ...OTHERS].sort());
  });

  test.each(Object.entries(PROCEDURES))("%s", async (path, [access, inputFor]) => {
    const type = String(procedures.find(([one]) => one === path)?.[1]._def.type);
    await checkAccess(access, stateFor(path), (who, ids) => procedure(who, path, type, inputFor(ids)));
  });

  test("what is in the trash comes back to who may change it, and is not there for others", async () => {
    for (const who of EVERYONE) {
      const { unitId, goneId } = await makeShared("pending");
      const isAble = who === "owner" || who === "editor";
      expect((await procedure(who, "runs.restore", "mutation", { runId: goneId })).status).toBe(isAble ? 200 : 404);
      await done(ask("owner", "DELETE", `/v2/units/${unitId}`));
      const trash = (await data(procedure(who, "groups.trash", "query", {}))).removed as JsonObject[];
      expect(trash.some(({ id }) => id === unitId)).toBe(isAble);
      expect((await procedure(who, "units.restore", "mutation", { unitId })).status).toBe(isAble ? 200 : 404);
    }
  });

  test("a removed group is its owner's alone, with all that is in it", async () => {
    const { groupId, unitId, runId } = await makeShared("pending");
    await done(ask("owner", "DELETE", `/v2/groups/${groupId}`));
    for (const [path, input] of [
      ["groups.restore", { groupId }],
      ["units.restore", { unitId }],
      ["runs.restore", { runId }],
    ] as const)
      expect((await procedure("editor", path, "mutation", input)).status).toBe(404);
    const trash = (await data(procedure("editor", "groups.trash", "query", {}))).removed as JsonObject[];
    expect(trash.some(({ id }) => [groupId, unitId, runId].includes(String(id)))).toBe(false);
    await done(procedure("owner", "groups.restore", "mutation", { groupId }));
    expect((await ask("editor", "GET", `/v2/groups/${groupId}`)).status).toBe(200);
  });
});
