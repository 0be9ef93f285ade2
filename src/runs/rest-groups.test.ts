// The contract's routes of groups and units, over HTTP.
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../platform/json-safety";
import { refusalIn, useHttpServer } from "../testing/http";
import { fieldsOf } from "../testing/rest-account";
import { GROUP_FIELDS, UNIT_FIELDS, useRestUnits } from "../testing/rest-units";
import { useTestServices } from "../testing/services";

useTestServices();
const { call } = useHttpServer();
const { accounts, ask, askOther, newGroup, newUnit, addQueue, unit, claim } = useRestUnits(call);

describe("groups", () => {
  test("POST /v2/groups answers 201 with the group's fields at the top level", async () => {
    const { status, json } = await ask("POST", "/v2/groups", { name: "vision", description: "d", metadata: { a: 1 } });
    expect(status).toBe(201);
    expect(fieldsOf(json)).toEqual(GROUP_FIELDS);
    expect(json).toMatchObject({
      success: true,
      name: "vision",
      description: "d",
      metadata: { a: 1 },
      unit_count: 0,
      user_id: accounts.mine.userId,
    });
    expect(json.group_id).toMatch(/^group_[A-Za-z0-9_-]+$/);
    expect((await ask("POST", "/v2/groups", { name: "bare" })).json).toMatchObject({ description: null, metadata: {} });
  });

  test("GET /v2/groups lists them newest first, only the caller's", async () => {
    const [a, b] = [await newGroup(), await newGroup()];
    const { json } = await ask("GET", "/v2/groups");
    const ids = (json.groups as JsonObject[]).map((group) => group.group_id);
    expect(ids.slice(0, 2)).toEqual([b, a]);
    expect(fieldsOf((json.groups as JsonObject[])[0] ?? {})).toEqual(GROUP_FIELDS);
    expect((await askOther("GET", "/v2/groups")).json.groups).toEqual([]);
  });

  test("GET /v2/groups/:id answers `group` and `unit_count`", async () => {
    const id = await newGroup();
    await newUnit({}, id);
    const { json } = await ask("GET", `/v2/groups/${id}`);
    expect(fieldsOf(json)).toEqual(["group", "unit_count"]);
    expect([json.unit_count, (json.group as JsonObject).unit_count]).toEqual([1, 1]);
  });

  test("PUT /v2/groups/:id changes what is given; null clears the description alone", async () => {
    const id = await newGroup({ description: "d", metadata: { a: 1 } });
    const { status, json } = await ask("PUT", `/v2/groups/${id}`, { name: "new" });
    expect(status).toBe(200);
    expect(fieldsOf(json)).toEqual([...GROUP_FIELDS, "group"].sort());
    expect(json).toMatchObject({ name: "new", description: "d", metadata: { a: 1 }, group: { name: "new" } });
    const cleared = (await ask("PUT", `/v2/groups/${id}`, { name: null, description: null, metadata: null })).json;
    expect(cleared).toMatchObject({ name: "new", description: null, metadata: { a: 1 } });
    expect((await ask("PUT", `/v2/groups/${id}`, {})).json).toMatchObject({ name: "new" });
  });

  test("DELETE /v2/groups/:id takes its units and queues along; 409 while one of its queues runs, unless forced", async () => {
    const id = await newGroup();
    const unitId = await newUnit({}, id);
    const queueId = await addQueue(unitId);
    await claim(unitId);
    expect(refusalIn(await ask("DELETE", `/v2/groups/${id}`))).toEqual({ status: 409, code: "CONFLICT", paths: [] });
    expect((await ask("GET", `/v2/queues/${queueId}`)).status).toBe(200);
    const { status, json } = await ask("DELETE", `/v2/groups/${id}?force=true`);
    expect([status, fieldsOf(json)]).toEqual([200, ["message"]]);
    for (const path of [`/v2/groups/${id}`, `/v2/groups/${id}/units`, `/v2/units/${unitId}`, `/v2/queues/${queueId}`])
      expect(refusalIn(await ask("GET", path))).toMatchObject({ status: 404, code: "NOT_FOUND" });
    expect((await ask("DELETE", `/v2/groups/${id}`)).status).toBe(404);
    expect(refusalIn(await ask("DELETE", `/v2/groups/${await newGroup()}?force=maybe`)).paths).toEqual(["force"]);
  });
});

describe("units", () => {
  test("POST /v2/groups/:id/units answers 201 with the unit's fields, version 1", async () => {
    const groupId = await newGroup();
    const body = { name: "resnet", config: { a: { B_c: 1 } }, description: "d", metadata: { m: 1 } };
    const { status, json } = await ask("POST", `/v2/groups/${groupId}/units`, body);
    expect([status, fieldsOf(json)]).toEqual([201, UNIT_FIELDS]);
    expect(json).toMatchObject({
      ...body,
      group_id: groupId,
      version: 1,
      status: "idle",
      connection_status: "disconnected",
      last_heartbeat: null,
      queue_count: 0,
      stall_timeout_seconds: 120,
    });
    expect(json.unit_id).toMatch(/^unit_[A-Za-z0-9_-]+$/);
  });

  test("stall_timeout_seconds is settable in POST and PUT; null and 0 turn it off", async () => {
    for (const off of [null, 0])
      expect((await unit(await newUnit({ stall_timeout_seconds: off }))).stall_timeout_seconds).toBeNull();
    const id = await newUnit({ stall_timeout_seconds: 30 });
    const put = async (value: number | null) =>
      (await ask("PUT", `/v2/units/${id}`, { stall_timeout_seconds: value })).json.stall_timeout_seconds;
    expect([
      (await unit(id)).stall_timeout_seconds,
      await put(60),
      await put(0),
      await put(5),
      await put(null),
    ]).toEqual([30, 60, null, 5, null]);
  });

  test("GET /v2/groups/:id/units and /v2/units/:id answer whole units, the latter with its version as ETag", async () => {
    const groupId = await newGroup();
    const ids = [await newUnit({}, groupId), await newUnit({}, groupId)];
    const units = (await ask("GET", `/v2/groups/${groupId}/units`)).json.units as JsonObject[];
    expect(units.map((one) => one.unit_id)).toEqual(ids);
    expect(fieldsOf(units[0] ?? {})).toEqual(UNIT_FIELDS);
    const { headers, json } = await ask("GET", `/v2/units/${ids[0]}`);
    expect([headers.get("ETag"), fieldsOf(json)]).toEqual(['"1"', ["unit"]]);
    expect(json.unit).toEqual(units[0]);
  });

  test("PUT /v2/units/:id raises the version by one, and by none when nothing changes", async () => {
    const id = await newUnit({ config: { a: 1, b: 2 } });
    const put = async (body: JsonObject) => (await ask("PUT", `/v2/units/${id}`, body)).json;
    const json = await put({ config: { b: 3 }, name: "new", metadata: { m: 1 }, description: "d" });
    expect(fieldsOf(json)).toEqual([...UNIT_FIELDS, "unit"].sort());
    expect(json).toMatchObject({ version: 2, config: { b: 3 }, unit: { version: 2, name: "new", description: "d" } });
    const versions = [];
    for (const body of [
      {},
      { config: { b: 3 } },
      { name: "new", description: "d" },
      { name: null, config: null },
      { stall_timeout_seconds: 7 },
      { version: 99, status: "running", unit_id: 5, created_at: false },
    ])
      versions.push((await put(body)).version);
    expect(versions).toEqual([2, 2, 2, 2, 2, 2]);
    expect(await put({ description: null })).toMatchObject({ version: 3, description: null });
  });

  test("with If-Match a PUT is 412 when the unit has changed meanwhile, and then nothing changes", async () => {
    const id = await newUnit();
    const put = (ifMatch: string, name: string) =>
      ask("PUT", `/v2/units/${id}`, { name }, { headers: { "If-Match": ifMatch } });
    expect((await put("1", "a")).json.version).toBe(2);
    expect((await put('"2"', "b")).headers.get("ETag")).toBe('"3"');
    for (const stale of ["1", '"2"', "4", "nonsense", '"2", "1"', "99999999999999999999"])
      expect(refusalIn(await put(stale, "lost"))).toEqual({ status: 412, code: "PRECONDITION_FAILED", paths: [] });
    expect(await unit(id)).toMatchObject({ name: "b", version: 3 });
    for (const current of ["*", 'W/"3"', '"2", "3"', "2,3", ""]) expect((await put(current, "b")).status).toBe(200);
    await addQueue(id); // another's queue is a change, too
    expect((await put("3", "late")).status).toBe(412);
  });

  test("of ten PUTs with the same If-Match one wins", async () => {
    const id = await newUnit();
    const puts = Array.from({ length: 10 }, (_, n) =>
      ask("PUT", `/v2/units/${id}`, { name: `n${n}` }, { headers: { "If-Match": "1" } }),
    );
    const statuses = (await Promise.all(puts)).map((answer) => answer.status);
    expect(statuses.sort()).toEqual([200, ...Array.from({ length: 9 }, () => 412)]);
  });

  test("DELETE /v2/units/:id takes its queues along; 409 while one of them runs, unless forced", async () => {
    const id = await newUnit();
    const queueId = await addQueue(id);
    await claim(id);
    expect(refusalIn(await ask("DELETE", `/v2/units/${id}`))).toEqual({ status: 409, code: "CONFLICT", paths: [] });
    expect((await ask("DELETE", `/v2/units/${id}?force=true`)).status).toBe(200);
    for (const path of [
      `/v2/units/${id}`,
      `/v2/units/${id}/queues`,
      `/v2/queues?unit_id=${id}`,
      `/v2/queues/${queueId}`,
    ])
      expect((await ask("GET", path)).status).toBe(404);
  });

  test("a unit runs while a queue does, and is completed when it has queues and all ended", async () => {
    const id = await newUnit();
    const statuses = [(await unit(id)).status];
    const queueId = await addQueue(id);
    statuses.push((await unit(id)).status);
    await claim(id);
    statuses.push((await unit(id)).status);
    await ask("POST", `/v2/queues/${queueId}/complete`);
    statuses.push((await unit(id)).status);
    await addQueue(id);
    statuses.push((await unit(id)).status);
    expect(statuses).toEqual(["idle", "idle", "running", "completed", "idle"]);
    expect((await unit(id)).queue_count).toBe(2);
  });

  test("statistics count a unit's and a group's queues; cancelled ones are among the failed", async () => {
    const groupId = await newGroup();
    const id = await newUnit({}, groupId);
    for (let n = 0; n < 5; n++) await addQueue(id);
    await ask("POST", `/v2/queues/${await claim(id)}/complete`);
    await ask("POST", `/v2/queues/${await claim(id)}/fail`);
    await ask("POST", `/v2/queues/${await claim(id)}/cancel`);
    await claim(id);
    await addQueue(await newUnit({}, groupId));
    const of = async (path: string) => (await ask("GET", `${path}/statistics`)).json.statistics;
    expect(await of(`/v2/units/${id}`)).toEqual({ total: 5, pending: 1, running: 1, completed: 1, failed: 2 });
    expect(await of(`/v2/groups/${groupId}`)).toEqual({ total: 6, pending: 2, running: 1, completed: 1, failed: 2 });
  });
});
