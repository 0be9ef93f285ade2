// The routes that a driver calls: sync, heartbeat, claim, complete, fail; and Idempotency-Key on what creates or claims.
import { describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { refusalIn, useHttpServer } from "../testing/http";
import { fieldsOf } from "../testing/rest-account";
import { QUEUE_FIELDS, queueIn, queuesIn, useRestUnits } from "../testing/rest-units";
import { useTestServices } from "../testing/services";
import { pauseUnit, resumeUnit } from "./units";

useTestServices();
const { call } = useHttpServer();
const { accounts, ask, newUnit, addQueue, addQueues, unit, queue, claim } = useRestUnits(call);

const wrongStatus = { status: 409, code: "INVALID_QUEUE_STATUS", paths: [] };
const end = (queueId: string | null, how: "complete" | "fail", body?: JsonObject) =>
  ask("POST", `/v2/queues/${queueId}/${how}`, body);
const beat = async (unitId: string, body?: JsonObject) =>
  (await ask("POST", `/v2/units/${unitId}/heartbeat`, body)).json;
const claimed = async () => {
  const id = await newUnit();
  await addQueue(id);
  return { id, queueId: (await claim(id)) ?? "" };
};

describe("sync", () => {
  test("answers whether the unit has changed since, the unit, and its queues by order", async () => {
    const id = await newUnit();
    const ids = await addQueues(id, 2);
    const { status, json } = await ask("POST", `/v2/units/${id}/sync`, { client_version: 1 });
    expect([status, fieldsOf(json)]).toEqual([200, ["cloud_version", "need_sync", "queues", "unit"]]);
    expect(json).toMatchObject({ need_sync: true, cloud_version: 2, unit: await unit(id) });
    expect(queuesIn({ json }).map((one) => one.queue_id)).toEqual(ids);
    for (const [client_version, need] of [
      [2, false],
      [3, false],
      [0, true],
    ])
      expect((await ask("POST", `/v2/units/${id}/sync`, { client_version })).json.need_sync).toBe(need);
    expect((await ask("POST", `/v2/units/${id}/sync`)).json.need_sync).toBe(true);
    expect(refusalIn(await ask("POST", `/v2/units/${id}/sync`, { client_version: "1" })).paths).toEqual([
      "client_version",
    ]);
  });
});

describe("heartbeat", () => {
  test("connects the unit for 10 s, with or without a body, and leaves the version alone", async () => {
    const id = await newUnit();
    const json = await beat(id);
    expect(fieldsOf(json)).toEqual(["cancel", "connection_status", "last_heartbeat"]);
    expect(json).toMatchObject({ connection_status: "connected", cancel: [] });
    expect(await unit(id)).toMatchObject({
      connection_status: "connected",
      last_heartbeat: json.last_heartbeat,
      version: 1,
    });
    await getSql()`UPDATE unit_presence SET last_heartbeat_at = now() - interval '11 seconds' WHERE unit_id = ${id}`;
    expect((await unit(id)).connection_status).toBe("disconnected");
    await getSql()`UPDATE unit_presence SET last_heartbeat_at = now() - interval '8 seconds' WHERE unit_id = ${id}`;
    expect((await unit(id)).connection_status).toBe("connected");
  });

  test("cancel names those of `running` to stop: cancelled, deleted, retried, or none of this unit", async () => {
    const id = await newUnit();
    const [runs = "", done = "", cancelled = "", deleted = "", retried = ""] = await addQueues(id, 5);
    for (let n = 0; n < 5; n++) await claim(id);
    await end(done, "complete");
    await ask("POST", `/v2/queues/${cancelled}/cancel`);
    await ask("POST", `/v2/queues/${deleted}/cancel`);
    await ask("DELETE", `/v2/queues/${deleted}`);
    await end(retried, "fail");
    await ask("POST", `/v2/queues/${retried}/retry`);
    const elsewhere = (await claimed()).queueId;
    const running = [runs, done, cancelled, deleted, retried, elsewhere, "nobodys"];
    expect((await beat(id, { running })).cancel).toEqual([cancelled, deleted, retried, elsewhere, "nobodys"]);
    expect((await beat(id, { running: [] })).cancel).toEqual([]);
  });

  test("running must be a list of ids", async () => {
    const id = await newUnit();
    for (const [running, path] of [
      ["run_1", "running"],
      [{}, "running"],
      [["a", 5], "running[1]"],
    ] as const)
      expect(refusalIn(await ask("POST", `/v2/units/${id}/heartbeat`, { running }))).toEqual({
        status: 400,
        code: "INVALID_REQUEST",
        paths: [path],
      });
    expect((await beat(id, { running: null })).success).toBe(true);
  });
});

describe("claim", () => {
  test("takes the lowest pending one and sets it running; null when there is none; the version stays", async () => {
    const id = await newUnit();
    const [a, b] = await addQueues(id, 2);
    const { status, json } = await ask("POST", `/v2/units/${id}/claim`);
    expect([status, fieldsOf(json), fieldsOf(queueIn({ json }))]).toEqual([200, ["queue"], QUEUE_FIELDS]);
    expect(queueIn({ json })).toMatchObject({ queue_id: a, status: "running", attempt: 1, completed_at: null });
    expect([await claim(id), await claim(id), (await unit(id)).version]).toEqual([b, null, 2]);
  });

  test("nothing is claimed while the unit is paused; what runs goes on", async () => {
    const { id, queueId } = await claimed();
    await addQueue(id);
    await pauseUnit(accounts.mine.userId, { unitId: id, reason: "upgrade" });
    expect(await claim(id)).toBeNull();
    expect((await end(queueId, "complete")).status).toBe(200);
    await resumeUnit(accounts.mine.userId, { unitId: id });
    expect(await claim(id)).not.toBeNull();
  });
});

describe("complete and fail", () => {
  test("complete keeps result and metrics; the same body again is 200, another 409, and nothing changes", async () => {
    const { queueId } = await claimed();
    const body = { result: { accuracy: 0.9, deep: { b: 1, a: 2 } }, metrics: { loss: 0.1 } };
    const { status, json } = await end(queueId, "complete", body);
    expect([status, fieldsOf(json)]).toEqual([200, ["queue"]]);
    expect(queueIn({ json })).toMatchObject({ ...body, status: "completed", completed_at: expect.any(String) });
    const reordered = { metrics: { loss: 0.1 }, result: { deep: { a: 2, b: 1 }, accuracy: 0.9 } };
    expect((await end(queueId, "complete", reordered)).json).toEqual(json);
    for (const other of [undefined, { result: {} }, { ...body, metrics: {} }])
      expect(refusalIn(await end(queueId, "complete", other))).toEqual(wrongStatus);
    expect(refusalIn(await end(queueId, "fail", { error_msg: "late" }))).toEqual(wrongStatus);
    expect(await queue(queueId)).toEqual(queueIn({ json }));
  });

  test("fail keeps the message under either name, and is repeated likewise", async () => {
    const { queueId } = await claimed();
    expect(queueIn(await end(queueId, "fail", { error_msg: "oom" }))).toMatchObject({
      status: "failed",
      error_msg: "oom",
      cancelled_at: null,
    });
    expect((await end(queueId, "fail", { error_message: "oom" })).status).toBe(200);
    expect(refusalIn(await end(queueId, "fail", { error_msg: "other" }))).toEqual(wrongStatus);
    expect(refusalIn(await end(queueId, "complete"))).toEqual(wrongStatus);
  });

  test("bodies may be empty", async () => {
    for (const how of ["complete", "fail"] as const) {
      const { queueId } = await claimed();
      const path = `/v2/queues/${queueId}/${how}`;
      const answer = await ask("POST", path, undefined, { text: "", headers: { "Content-Type": "application/json" } });
      expect(queueIn(answer).status).toBe(how === "complete" ? "completed" : "failed");
      expect((await ask("POST", path)).status).toBe(200);
    }
  });

  test("a pending one is 409", async () => {
    const queueId = await addQueue(await newUnit());
    for (const how of ["complete", "fail"] as const) expect(refusalIn(await end(queueId, how))).toEqual(wrongStatus);
  });

  test("another attempt than the current is 409, whatever its number; the current one is taken", async () => {
    const { id, queueId } = await claimed();
    await end(queueId, "fail");
    await ask("POST", `/v2/queues/${queueId}/retry`);
    await claim(id);
    for (const attempt of [1, 3, 2_147_483_648, Number.MAX_SAFE_INTEGER])
      for (const [how, body] of [
        ["complete", {}],
        ["fail", {}],
        ["metrics", { points: [] }],
        ["logs", { lines: [] }],
      ] as const)
        expect(refusalIn(await ask("POST", `/v2/queues/${queueId}/${how}`, { ...body, attempt }))).toEqual(wrongStatus);
    expect((await end(queueId, "complete", { attempt: 2 })).status).toBe(200);
    expect((await end(queueId, "complete", { attempt: 2 })).status).toBe(200);
    expect(refusalIn(await end(queueId, "complete", { attempt: 1 }))).toEqual(wrongStatus);
  });

  test.each<[string, JsonObject, string, string]>([
    ["complete", { result: 5 }, "INVALID_CONFIG", "result"],
    ["complete", { result: [] }, "INVALID_CONFIG", "result"],
    ["complete", { metrics: "x" }, "INVALID_REQUEST", "metrics"],
    ["complete", { attempt: 0 }, "INVALID_REQUEST", "attempt"],
    ["complete", { attempt: "1" }, "INVALID_REQUEST", "attempt"],
    ["complete", { attempt: 1.5 }, "INVALID_REQUEST", "attempt"],
    ["fail", { error_msg: 5 }, "INVALID_REQUEST", "error_msg"],
    ["fail", { error_message: {} }, "INVALID_REQUEST", "error_message"],
    ["cancel", { reason: 5 }, "INVALID_REQUEST", "reason"],
  ])("%s %j is refused, and it still runs", async (how, body, code, path) => {
    const { queueId } = await claimed();
    const answer = await ask("POST", `/v2/queues/${queueId}/${how}`, body);
    expect(refusalIn(answer)).toEqual({ status: 400, code, paths: [path] });
    expect((await queue(queueId)).status).toBe("running");
  });
});

describe("Idempotency-Key", () => {
  let keys = 0;
  const twice = async (path: string, body: JsonObject, other: JsonObject) => {
    const headers = { "Idempotency-Key": `v2-${++keys}` };
    const [first, again] = [await ask("POST", path, body, { headers }), await ask("POST", path, body, { headers })];
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(refusalIn(await ask("POST", path, other, { headers }))).toMatchObject({ status: 409, code: "CONFLICT" });
    return first;
  };

  test("on all that create: the first answer again, nothing twice; another body is 409", async () => {
    const before = ((await ask("GET", "/v2/groups")).json.groups as JsonObject[]).length;
    const group = (await twice("/v2/groups", { name: "g" }, { name: "h" })).json.group_id;
    expect(((await ask("GET", "/v2/groups")).json.groups as JsonObject[]).length).toBe(before + 1);
    const id = (await twice(`/v2/groups/${group}/units`, { name: "u" }, { name: "v" })).json.unit_id;
    expect(((await ask("GET", `/v2/groups/${group}/units`)).json.units as JsonObject[]).length).toBe(1);
    await twice(`/v2/units/${id}/queues`, { parameters: { a: 1 } }, { parameters: { a: 2 } });
    await twice(`/v2/units/${id}/queues/batch`, { queues: [{ parameters: {} }] }, { queues: [] });
    expect(await unit(String(id))).toMatchObject({ queue_count: 2, version: 3 });
  });

  test("on claim: the same queue again, also without /v2; a new key takes the next", async () => {
    const id = await newUnit();
    const [a, b] = await addQueues(id, 2);
    const first = await twice(`/v2/units/${id}/claim`, {}, { driver_id: "d" });
    expect(queueIn(first)).toMatchObject({ queue_id: a, status: "running" });
    const headers = { "Idempotency-Key": `v2-${keys}` };
    expect((await ask("POST", `/units/${id}/claim`, {}, { headers })).text).toBe(first.text);
    expect(await claim(id)).toBe(b);
  });

  test("of twenty claims at once with one key one is made", async () => {
    const id = await newUnit();
    await addQueues(id, 20);
    const headers = { "Idempotency-Key": "v2-storm" };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask("POST", `/v2/units/${id}/claim`, {}, { headers })),
    );
    expect(new Set(answers.map((answer) => answer.status)).size).toBeLessThanOrEqual(2);
    expect(new Set(answers.filter(({ status }) => status === 200).map(({ text }) => text)).size).toBe(1);
    expect((await ask("GET", `/v2/units/${id}/statistics`)).json.statistics).toMatchObject({ running: 1, pending: 19 });
  });
});
