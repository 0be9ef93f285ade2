// The contract's routes of queues below a unit, and of one queue: adding, listing, changing, order, life.
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../platform/json-safety";
import { refusalIn, useHttpServer } from "../testing/http";
import { fieldsOf } from "../testing/rest-account";
import { QUEUE_FIELDS, queueIn, queuesIn, useRestUnits } from "../testing/rest-units";
import { useTestServices } from "../testing/services";
import { publishSchema } from "./edit-runs";

useTestServices();
const { call } = useHttpServer();
const { accounts, ask, askOther, newUnit, addQueue, addQueues, unit, queue, order, claim } = useRestUnits(call);

const wrongStatus = { status: 409, code: "INVALID_QUEUE_STATUS", paths: [] };
const version = async (unitId: string) => (await unit(unitId)).version;

describe("adding and listing", () => {
  test("POST …/queues answers 201 with `queue_id`, `queue` and its fields, appended last, and raises the version", async () => {
    const id = await newUnit();
    await addQueue(id);
    const body = {
      name: "try",
      parameters: { lr: 1, Nested_key: { a: [1] } },
      metadata: { m: 1 },
      created_by: "client",
    };
    const { status, json } = await ask("POST", `/v2/units/${id}/queues`, body);
    expect([status, fieldsOf(json)]).toEqual([201, [...QUEUE_FIELDS, "queue"].sort()]);
    expect(fieldsOf(json.queue as JsonObject)).toEqual(QUEUE_FIELDS);
    expect(json).toMatchObject({
      ...body,
      unit_id: id,
      status: "pending",
      order: 2,
      attempt: 0,
      result: null,
      metrics: null,
      error_msg: null,
      cancelled_at: null,
      started_at: null,
      completed_at: null,
    });
    expect(json.queue_id).toMatch(/^run_[A-Za-z0-9_-]+$/);
    expect([await version(id), (await unit(id)).queue_count]).toEqual([3, 2]);
  });

  test("created_by is `web` and the name is made of the parameters unless they are given", async () => {
    const id = await newUnit();
    const made = async (body: JsonObject) => queueIn(await ask("POST", `/v2/units/${id}/queues`, body));
    expect(await made({ parameters: { lr: 0.01, bs: 32, deep: { a: 1 } } })).toMatchObject({
      created_by: "web",
      name: "lr=0.01 bs=32",
      metadata: {},
    });
    expect((await made({ parameters: {}, name: null })).name).toBe("run");
  });

  test("a batch keeps its order, raises the version by one, and is all or nothing", async () => {
    const id = await newUnit();
    const queues = [{ parameters: { n: 1 } }, { parameters: { n: 2 }, created_by: "web", name: "two" }];
    const { status, json } = await ask("POST", `/v2/units/${id}/queues/batch`, { queues, created_by: "client" });
    expect([status, fieldsOf(json)]).toEqual([201, ["created_count", "queue_ids", "queues"]]);
    expect(json.created_count).toBe(2);
    expect(queuesIn({ json }).map((one) => one.created_by)).toEqual(["client", "web"]);
    expect(json.queue_ids).toEqual(await order(id));
    expect(await version(id)).toBe(2);
    const bad = await ask("POST", `/v2/units/${id}/queues/batch`, { queues: [{ parameters: {} }, { name: "x" }] });
    expect(refusalIn(bad)).toEqual({ status: 400, code: "INVALID_CONFIG", paths: ["queues[1].parameters"] });
    expect([await version(id), (await order(id)).length]).toEqual([2, 2]);
  });

  test("a batch of none answers 201 and leaves the version alone; one of 1000 is taken, of 1001 refused", async () => {
    const id = await newUnit();
    const batch = (count: number) =>
      ask("POST", `/v2/units/${id}/queues/batch`, {
        queues: Array.from({ length: count }, () => ({ parameters: {} })),
      });
    const { status, json } = await batch(0);
    expect([status, json]).toEqual([201, { success: true, queue_ids: [], queues: [], created_count: 0 }]);
    expect(await version(id)).toBe(1);
    expect((await batch(1000)).json.created_count).toBe(1000);
    expect(refusalIn(await batch(1001))).toEqual({ status: 400, code: "INVALID_REQUEST", paths: ["queues"] });
  });

  test("twenty that add at once get places of their own, and each raises the version", async () => {
    const id = await newUnit();
    await Promise.all(Array.from({ length: 20 }, () => addQueue(id)));
    const places = queuesIn(await ask("GET", `/v2/units/${id}/queues`)).map((one) => one.order);
    expect([places, await version(id)]).toEqual([Array.from({ length: 20 }, (_, n) => n + 1), 21]);
  });

  test("lists are by order, with `count`; status tells cancelled and failed apart", async () => {
    const id = await newUnit();
    const [a = "", b = "", c = "", d = ""] = await addQueues(id, 4);
    await ask("POST", `/v2/queues/${b}/cancel`);
    await ask("POST", `/v2/queues/${await claim(id)}/fail`);
    const listed = async (query: string) => {
      const paths = [`/v2/units/${id}/queues?${query}`, `/v2/queues?unit_id=${id}&${query}`];
      const [below, flat] = [await ask("GET", paths[0] ?? ""), await ask("GET", paths[1] ?? "")];
      expect(queuesIn(flat)).toEqual(queuesIn(below));
      expect(below.json.count).toBe(queuesIn(below).length);
      return queuesIn(below).map((one) => one.queue_id);
    };
    expect(await listed("")).toEqual([a, b, c, d]);
    expect(await listed("status=cancelled")).toEqual([b]);
    expect(await listed("status=failed")).toEqual([a]);
    expect(await listed("status=failed,cancelled&status=pending")).toEqual([a, b, c, d]);
    expect(refusalIn(await ask("GET", `/v2/units/${id}/queues?status=lost`)).paths).toEqual(["status"]);
  });

  test("without a unit all of the account's are listed, newest first, by pages", async () => {
    const ids = [...(await addQueues(await newUnit(), 3)), ...(await addQueues(await newUnit(), 2))].reverse();
    const first = await ask("GET", "/v2/queues?limit=3");
    expect(queuesIn(first).map((one) => one.queue_id)).toEqual(ids.slice(0, 3));
    const second = await ask("GET", `/v2/queues?limit=2&cursor=${first.json.next_cursor}`);
    expect(queuesIn(second).map((one) => one.queue_id)).toEqual(ids.slice(3));
    expect((await ask("GET", "/v2/queues?limit=99999999999999999999")).status).toBe(200);
    expect(refusalIn(await ask("GET", "/v2/queues?limit=0")).paths).toEqual(["limit"]);
    expect(refusalIn(await ask("GET", "/v2/queues?cursor=x")).paths).toEqual(["cursor"]);
    expect((await askOther("GET", "/v2/queues")).json).toMatchObject({ queues: [], count: 0 });
  });
});

describe("order", () => {
  test("the named exchange the places they hold; those not named keep theirs", async () => {
    const id = await newUnit();
    const [a = "", b = "", c = "", d = ""] = await addQueues(id, 4);
    const reorder = (queue_ids: string[]) => ask("POST", `/v2/units/${id}/queues/reorder`, { queue_ids });
    const { status, json } = await reorder([d, a, b]);
    expect([status, fieldsOf(json)]).toEqual([200, ["count", "message", "queues"]]);
    expect(queuesIn({ json }).map((one) => one.queue_id)).toEqual([d, a, c, b]);
    expect([json.count, await version(id)]).toEqual([4, 3]);
    await reorder([d, a, c, b]); // as they are
    expect(await version(id)).toBe(3);
    expect([await claim(id), await claim(id)]).toEqual([d, a]);
  });

  test("what is not pending, of another unit or unknown is 409, a repeated id 400; all are named, and nothing moves", async () => {
    const id = await newUnit();
    const [a = "", b = "", c = ""] = await addQueues(id, 3);
    const elsewhere = await addQueue(await newUnit());
    await claim(id);
    const reorder = async (queue_ids: string[]) =>
      refusalIn(await ask("POST", `/v2/units/${id}/queues/reorder`, { queue_ids }));
    expect(await reorder([c, a, b, elsewhere, "nobodys"])).toEqual({
      ...wrongStatus,
      paths: ["queue_ids[1]", "queue_ids[3]", "queue_ids[4]"],
    });
    expect(await reorder([c, b, c])).toEqual({ status: 400, code: "INVALID_REQUEST", paths: ["queue_ids[2]"] });
    expect([await order(id), await version(id)]).toEqual([[a, b, c], 2]);
  });
});

describe("one queue", () => {
  test("PUT changes a pending one; only a change of name or parameters raises the version", async () => {
    const id = await newUnit();
    const queueId = await addQueue(id, { name: "a" });
    const put = (body: JsonObject) => ask("PUT", `/v2/queues/${queueId}`, body);
    const { status, json } = await put({ name: "b", parameters: { lr: 2 }, metadata: { m: 1 } });
    expect([status, fieldsOf(json)]).toEqual([200, ["queue"]]);
    expect(queueIn({ json })).toMatchObject({ name: "b", parameters: { lr: 2 }, metadata: { m: 1 } });
    expect(await version(id)).toBe(3);
    for (const same of [
      {},
      { name: "b" },
      { parameters: { lr: 2.0 } },
      { metadata: { m: 2 } },
      { order: 9, status: 1 },
    ])
      expect((await put(same)).status).toBe(200);
    expect(await version(id)).toBe(3);
    await claim(id);
    expect(refusalIn(await put({ name: "late" }))).toEqual(wrongStatus);
    expect((await queue(queueId)).name).toBe("b");
  });

  test("DELETE raises the version; 409 while it runs; then it is gone, and its place stays empty", async () => {
    const id = await newUnit();
    const [a = "", b = "", c = ""] = await addQueues(id, 3);
    await claim(id);
    expect(refusalIn(await ask("DELETE", `/v2/queues/${a}`))).toEqual(wrongStatus);
    const { status, json } = await ask("DELETE", `/v2/queues/${b}`);
    expect([status, fieldsOf(json), await version(id)]).toEqual([200, ["message"], 3]);
    expect((await ask("DELETE", `/v2/queues/${b}`)).status).toBe(404);
    expect([await order(id), (await queue(c)).order]).toEqual([[a, c], 3]);
  });

  test("start takes a pending one, whatever its place, and refuses the second caller", async () => {
    const id = await newUnit();
    const [, b = ""] = await addQueues(id, 2);
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask("POST", `/v2/queues/${b}/start`)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409, 409, 409]);
    expect(await queue(b)).toMatchObject({ status: "running", attempt: 1, started_at: expect.any(String) });
    expect(await version(id)).toBe(2);
  });

  test("cancel ends a pending or running one at once, as failed with cancelled_at; an ended one is 409", async () => {
    const id = await newUnit();
    const [a = "", b = ""] = await addQueues(id, 2);
    await claim(id);
    const cancelled = queueIn(await ask("POST", `/v2/queues/${a}/cancel`, { reason: "wrong data" }));
    expect(cancelled).toMatchObject({ status: "failed", error_msg: "cancelled: wrong data" });
    expect(cancelled.cancelled_at).toEqual(expect.any(String));
    expect(queueIn(await ask("POST", `/v2/queues/${b}/cancel`))).toMatchObject({ error_msg: "cancelled" });
    expect(refusalIn(await ask("POST", `/v2/queues/${b}/cancel`))).toEqual(wrongStatus);
    expect(refusalIn(await ask("POST", `/v2/queues/${a}/complete`))).toEqual(wrongStatus);
    expect([await claim(id), await version(id)]).toEqual([null, 2]);
  });

  test("retry puts a failed or cancelled one back in its place from a clean slate; others are 409", async () => {
    const id = await newUnit();
    const [a = "", b = ""] = await addQueues(id, 2);
    expect(refusalIn(await ask("POST", `/v2/queues/${a}/retry`))).toEqual(wrongStatus);
    await claim(id);
    expect(refusalIn(await ask("POST", `/v2/queues/${a}/retry`))).toEqual(wrongStatus);
    await ask("POST", `/v2/queues/${a}/fail`, { error_msg: "oom" });
    expect(queueIn(await ask("POST", `/v2/queues/${a}/retry`))).toMatchObject({
      status: "pending",
      order: 1,
      error_msg: null,
      started_at: null,
      completed_at: null,
      cancelled_at: null,
    });
    expect([await claim(id), (await queue(a)).attempt, await version(id)]).toEqual([a, 2, 2]);
    await ask("POST", `/v2/queues/${a}/complete`);
    expect(refusalIn(await ask("POST", `/v2/queues/${a}/retry`))).toEqual(wrongStatus);
    await ask("POST", `/v2/queues/${b}/cancel`);
    expect((await ask("POST", `/v2/queues/${b}/retry`)).status).toBe(200);
  });

  test("one that does not fit the published schema waits, also when it was not waiting as the schema came", async () => {
    const id = await newUnit();
    const [a = "", b = "", c = ""] = await addQueues(id, 3);
    await ask("POST", `/v2/queues/${a}/cancel`);
    const schema = { type: "object", properties: { n: { type: "string" } }, required: ["n"] };
    await publishSchema(accounts.mine.userId, { unitId: id, parametersSchema: schema });
    await ask("POST", `/v2/queues/${a}/retry`);
    expect(await claim(id)).toBeNull();
    const fits = await addQueue(id, { parameters: { n: "text" } });
    expect(await claim(id)).toBe(fits);
    await ask("PUT", `/v2/queues/${c}`, { parameters: { n: "now" } });
    expect([await claim(id), await claim(id)]).toEqual([c, null]);
    await ask("POST", `/v2/queues/${b}/cancel`);
    await publishSchema(accounts.mine.userId, { unitId: id, parametersSchema: null });
    await ask("POST", `/v2/queues/${b}/retry`);
    expect([await claim(id), await claim(id), await claim(id)]).toEqual([a, b, null]);
  });
});
