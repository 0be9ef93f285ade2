// What holds for each V2 route, whatever it does: objects that are not there, fields of the server's own, bodies that cannot be read.
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { toSnake } from "../platform/field-names";
import type { JsonObject } from "../platform/json-safety";
import { MIB, type Route } from "../platform/route";
import { refusalIn, useHttpServer } from "../testing/http";
import { GROUP_FIELDS, QUEUE_FIELDS, UNIT_FIELDS, useRestUnits } from "../testing/rest-units";
import { useTestServices } from "../testing/services";
import { runRoutes } from "./rest";

useTestServices();
const { call, rawExchange } = useHttpServer();
const { accounts, ask, askOther, newGroup, newUnit, addQueue, addQueues, unit, queue, claim } = useRestUnits(call);

const nameOf = ({ method, path }: Route) => `${method} ${path}`;
const below = runRoutes.filter((route) => route.path.includes(":id"));
const withBody = runRoutes.filter(({ method }) => method === "POST" || method === "PUT");
type Ids = { groups: string; units: string; queues: string };
const at = (path: string, ids: Ids): string =>
  path.replace(/(groups|units|queues)\/:id/, (_, kind: keyof Ids) => `${kind}/${ids[kind]}`);
/** The names that a body's fields have on the wire. */
const known = ({ description: { body } }: Route): string[] =>
  body instanceof z.ZodObject ? Object.keys(body.shape).map(toSnake) : [];
const isRequired = ({ description: { body } }: Route) => body !== undefined && !body.safeParse({}).success;

/** A queue in the status from which the route takes it, and what holds it. */
const makeFor = async ({ path }: Route): Promise<Ids> => {
  const groups = await newGroup();
  const units = await newUnit({}, groups);
  const queues = await addQueue(units);
  if (/(complete|fail|metrics|logs|retry)$/.test(path)) await claim(units);
  if (path.endsWith("retry")) await ask("POST", `/v2/queues/${queues}/fail`);
  return { groups, units, queues };
};
const bodyFor = (route: Route, ids: Ids): JsonObject => {
  if (route.path.endsWith("reorder")) return { queue_ids: [ids.queues] };
  if (route.path.endsWith("shares")) return { email: accounts.other.email, role: "viewer" };
  return route.description.exampleBody ?? {};
};

describe("an object that is not there is 404:", () => {
  /** What stands for each kind of object, by why it is not there. */
  const gone: [why: string, ids: Ids][] = [];
  let theirs: Ids;
  beforeAll(async () => {
    const make = async (): Promise<Ids> => {
      const groups = await newGroup();
      const units = await newUnit({}, groups);
      return { groups, units, queues: await addQueue(units) };
    };
    theirs = await make();
    const removed = await make();
    const single = { ...removed, queues: await addQueue(removed.units) };
    await ask("DELETE", `/v2/queues/${single.queues}`);
    const ofUnit = await make();
    await ask("DELETE", `/v2/units/${ofUnit.units}`);
    await ask("DELETE", `/v2/groups/${removed.groups}`);
    gone.push(
      ["removed with its group", removed],
      ["removed by itself, or with its unit", { groups: removed.groups, units: ofUnit.units, queues: single.queues }],
      ["in a unit that was removed", { ...removed, queues: ofUnit.queues }],
    );
    for (const nobodys of ["nobodys", "a%20b", "%00", "x".repeat(200), "..%2F.."])
      gone.push([nobodys, { groups: nobodys, units: nobodys, queues: nobodys }]);
  });

  const notFound = { status: 404, code: "NOT_FOUND", paths: [] };

  test.each(below.map((route) => [nameOf(route), route] as const))("%s", async (_, route) => {
    for (const [why, ids] of gone) {
      const answer = await ask(route.method, at(route.path, ids), bodyOf(route, ids));
      expect({ why, ...refusalIn(answer) }).toEqual({ why, ...notFound });
    }
    const before = [await unit(theirs.units), await queue(theirs.queues)];
    const answer = await askOther(route.method, at(route.path, theirs), bodyOf(route, theirs));
    expect(refusalIn(answer)).toEqual(notFound);
    expect([await unit(theirs.units), await queue(theirs.queues)]).toEqual(before);
  });

  const bodyOf = (route: Route, ids: Ids) => (withBody.includes(route) ? bodyFor(route, ids) : undefined);

  test.each(["/v2/queues?unit_id=ID", "/v2/queues/ID/logs?follow=1", "/v2/queues/ID/logs?format=text"])(
    "GET %s",
    async (path) => {
      for (const [why, ids] of gone) {
        const id = path.includes("unit_id") ? ids.units : ids.queues;
        // In a query parameter it is no value at all.
        if (id === "%00" && path.includes("unit_id")) continue;
        expect({ why, ...refusalIn(await ask("GET", path.replace("ID", id))) }).toEqual({ why, ...notFound });
      }
      const id = path.includes("unit_id") ? theirs.units : theirs.queues;
      expect(refusalIn(await askOther("GET", path.replace("ID", id)))).toEqual(notFound);
    },
  );

  test("a heartbeat, a reorder and a list by status do not know them either", async () => {
    const [, ids] = gone[1] ?? [];
    const mine = await newUnit();
    const running = [ids?.queues, theirs.queues];
    expect((await ask("POST", `/v2/units/${mine}/heartbeat`, { running })).json.cancel).toEqual(running);
    const reorder = await ask("POST", `/v2/units/${mine}/queues/reorder`, { queue_ids: running });
    expect(refusalIn(reorder)).toMatchObject({ status: 409, paths: ["queue_ids[0]", "queue_ids[1]"] });
    const listed = (await ask("GET", "/v2/queues?limit=1000")).json.queues as JsonObject[];
    const listedIds = listed.map((one) => one.queue_id);
    expect(listedIds).toContain(theirs.queues);
    expect(gone.some(([, one]) => listedIds.includes(one.queues))).toBe(false);
  });
});

describe.each(withBody.map((route) => [nameOf(route), route] as const))("%s", (_, route) => {
  const send = (ids: Ids, text: string | Buffer<ArrayBuffer>) =>
    ask(route.method, at(route.path, ids), undefined, { text, headers: { "Content-Type": "application/json" } });

  test("ignores unknown fields and those that only the server sets, whatever their type", async () => {
    const ids = await makeFor(route);
    const own = known(route);
    const server = [...GROUP_FIELDS, ...UNIT_FIELDS, ...QUEUE_FIELDS, "unknown", "__proto__", "constructor"];
    const planted = server.filter((name) => !own.includes(name)).map((name) => [name, { planted: [true, 5] }] as const);
    // fromEntries makes `__proto__` a field like any other.
    const body = Object.fromEntries([...planted, ...Object.entries(bodyFor(route, ids))]);
    const answer = await send(ids, JSON.stringify(body));
    expect(answer.status).toBe(route.status ?? 200);
    expect(answer.text).not.toContain("planted");
    const { json } = answer;
    expect(json.success).toBe(true);
    for (const [name, id] of [
      ["user_id", (route.path.endsWith("shares") ? accounts.other : accounts.mine).userId],
      ["group_id", route.path.includes("/groups/") ? ids.groups : undefined],
      ["unit_id", route.path.includes("/units/") ? ids.units : undefined],
    ] as const)
      if (id !== undefined && name in json) expect([name, json[name]]).toEqual([name, id]);
    for (const path of [`/v2/groups/${ids.groups}`, `/v2/units/${ids.units}`, `/v2/queues/${ids.queues}`])
      expect((await ask("GET", path)).text).not.toContain("planted");
  });

  test("takes no body where every field is optional, and names what is missing where not", async () => {
    for (const text of ["", " \n", "{}"]) {
      const answer = await send(await makeFor(route), text);
      if (isRequired(route)) expect(refusalIn(answer)).toMatchObject({ status: 400, paths: [expect.any(String)] });
      else expect(answer.status).toBe(route.status ?? 200);
    }
  });

  test("null for an optional field is the same as leaving it out", async () => {
    const ids = await makeFor(route);
    const given = bodyFor(route, ids);
    const nulls = Object.fromEntries(known(route).map((name) => [name, null]));
    // In these null is a value of its own.
    for (const name of ["stall_timeout_seconds", ...(route.method === "PUT" ? ["description"] : [])])
      delete nulls[name];
    const [bare, filled] = [ids, await makeFor(route)];
    const answers = [
      await ask(route.method, at(route.path, bare), given),
      await ask(route.method, at(route.path, filled), { ...nulls, ...bodyFor(route, filled) }),
    ];
    const told = answers.map(({ status, json }) => [status, withoutIds(json)]);
    expect(told[1]).toEqual(told[0]);
    expect(answers[0]?.status).toBe(route.status ?? 200);
  });

  test("refuses what is no JSON object, and names where a value stands that cannot be stored", async () => {
    const ids = await makeFor(route);
    const bad = (paths: string[]) => ({ status: 400, code: "INVALID_REQUEST", paths });
    for (const text of [
      "{",
      "[]",
      "[{}]",
      '"text"',
      "5",
      "null",
      "true",
      "{'a':1}",
      "{} {}",
      Buffer.from([0x7b, 0xff, 0x7d]),
    ])
      expect({ text, ...refusalIn(await send(ids, text)) }).toEqual({ text, ...bad([""]) });
    for (const [value, below] of [
      ['"\\u0000"', ""],
      ['["\\ud800"]', "[0]"],
      ['{"b":NaN}', ".b"],
      ['{"b":-Infinity}', ".b"],
      ["1e400", ""],
      ['{"\\u0000":1}', ".\\u0000"],
      [`${"[".repeat(65)}${"]".repeat(65)}`, "[0]".repeat(63)],
      [`${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`, ".a".repeat(63)],
    ] as const)
      expect({ value, ...refusalIn(await send(ids, `{"unknown":${value}}`)) }).toEqual({
        value,
        ...bad([`unknown${below}`]),
      });
  });

  test("refuses a body beyond its limit by what is announced", async () => {
    const limit = /(batch|reorder|metrics|logs)$/.test(route.path) ? 32 * MIB : MIB;
    const ids = await makeFor(route);
    const announced = async (bytes: number) => {
      const head = `${route.method} ${at(route.path, ids)} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${accounts.mine.key}\r\n`;
      return rawExchange(`${head}Content-Length: ${bytes}\r\n\r\n{`, { ms: 300, until: (text) => text.endsWith("}") });
    };
    expect(await announced(limit + 1)).toMatch(/^HTTP\/1.1 413 [\s\S]*"PAYLOAD_TOO_LARGE"/);
    expect(await announced(limit)).toBe("");
  });
});

/** Ids and times are others in each answer. */
const withoutIds = (json: JsonObject): unknown =>
  JSON.parse(
    JSON.stringify(json, (key, value) =>
      /(_ids?|_at|heartbeat|message)$/.test(key) && value !== null ? "set" : value,
    ),
  );

test("a batch's queues are read field by field as a single one is", async () => {
  const unitId = await newUnit();
  const fields = [...QUEUE_FIELDS, "unknown"].filter(
    (name) => !["parameters", "name", "metadata", "created_by"].includes(name),
  );
  const planted = Object.fromEntries(fields.map((name) => [name, { planted: true }]));
  const queues = [
    { ...planted, parameters: { a: 1 }, name: null, metadata: null, created_by: null },
    { parameters: { a: 1 } },
  ];
  const answer = await ask("POST", `/v2/units/${unitId}/queues/batch`, { queues, created_by: null });
  expect([answer.status, answer.text.includes("planted")]).toEqual([201, false]);
  const [a, b] = (answer.json.queues as JsonObject[]).map((one) => withoutIds({ ...one, order: 0 }));
  expect(a).toEqual(b);
});

test("what a DELETE carries as its body means nothing", async () => {
  const [a = "", b = ""] = await addQueues(await newUnit(), 2);
  for (const [id, text] of [
    [a, "{"],
    [b, ""],
  ] as const) {
    const answer = await ask("DELETE", `/v2/queues/${id}`, undefined, {
      text,
      headers: { "Content-Type": "application/json" },
    });
    expect([answer.status, Object.keys(answer.json).sort()]).toEqual([200, ["message", "success"]]);
  }
});
