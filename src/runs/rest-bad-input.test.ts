// Bad input gets the contract's answer at every route of V2 that takes a body, and nothing is stored.
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { refusalIn, useHttpServer } from "../testing/http";
import { useRestUnits } from "../testing/rest-units";
import { useTestServices } from "../testing/services";

useTestServices();
const { call } = useHttpServer();
const { accounts, ask, newGroup, newUnit, addQueue, claim, queue } = useRestUnits(call);

const ids = { G: "", U: "", Q: "", R: "" };
let stored: string;

/** Everything that a request could have left behind. */
const everything = async (): Promise<string> => {
  const [row] = await getSql()`
    SELECT (SELECT count(*) FROM groups) AS groups, (SELECT count(*) FROM units) AS units, (SELECT count(*) FROM runs) AS runs,
      (SELECT sum(version) FROM units) AS versions, (SELECT count(*) FROM log_chunks) AS logs, (SELECT count(*) FROM metric_points) AS points,
      (SELECT count(*) FROM unit_presence) AS beats, (SELECT count(*) FROM idempotency_keys) AS keys,
      (SELECT string_agg(status || attempt || name || parameters::text, ',' ORDER BY id) FROM runs) AS states,
      (SELECT max(updated_at) FROM runs) AS run_changed, (SELECT max(updated_at) FROM units) AS unit_changed, (SELECT max(updated_at) FROM groups) AS group_changed`;
  return JSON.stringify(row);
};

beforeAll(async () => {
  ids.G = await newGroup();
  ids.U = await newUnit({}, ids.G);
  ids.R = await addQueue(ids.U);
  await claim(ids.U);
  ids.Q = await addQueue(ids.U);
  stored = await everything();
});
afterEach(async () => {
  expect(await everything()).toBe(stored);
});

/** `R` is a queue that runs, `Q` one that waits. */
const at = (path: string) => path.replace(/(?<=\/)[GUQR](?=$|\/)/g, (letter) => ids[letter as keyof typeof ids]);
const send = (route: string, body: JsonObject) => {
  const [method = "", path = ""] = route.split(" ");
  return ask(method, at(path), body);
};
const sendText = (route: string, text: string | Buffer<ArrayBuffer>) => {
  const [method = "", path = ""] = route.split(" ");
  return ask(method, at(path), undefined, { text, headers: { "Content-Type": "application/json" } });
};

const long = "x".repeat(501);
describe("wrong types and values", () => {
  test.each<[string, JsonObject, string, string]>([
    ["POST /v2/groups", {}, "INVALID_REQUEST", "name"],
    ["POST /v2/groups", { name: null }, "INVALID_REQUEST", "name"],
    ["POST /v2/groups", { name: "" }, "INVALID_REQUEST", "name"],
    ["POST /v2/groups", { name: 5 }, "INVALID_REQUEST", "name"],
    ["POST /v2/groups", { name: long }, "INVALID_REQUEST", "name"],
    ["POST /v2/groups", { name: "a", description: 5 }, "INVALID_REQUEST", "description"],
    ["POST /v2/groups", { name: "a", metadata: [] }, "INVALID_REQUEST", "metadata"],
    ["PUT /v2/groups/G", { name: "" }, "INVALID_REQUEST", "name"],
    ["PUT /v2/groups/G", { description: {} }, "INVALID_REQUEST", "description"],
    ["PUT /v2/groups/G", { metadata: "x" }, "INVALID_REQUEST", "metadata"],
    ["POST /v2/groups/G/units", {}, "INVALID_REQUEST", "name"],
    ["POST /v2/groups/G/units", { name: "a", config: 5 }, "INVALID_CONFIG", "config"],
    ["POST /v2/groups/G/units", { name: "a", config: [] }, "INVALID_CONFIG", "config"],
    ["POST /v2/groups/G/units", { name: "a", metadata: 5 }, "INVALID_REQUEST", "metadata"],
    ["POST /v2/groups/G/units", { name: "a", stall_timeout_seconds: "60" }, "INVALID_REQUEST", "stall_timeout_seconds"],
    ["POST /v2/groups/G/units", { name: "a", stall_timeout_seconds: -1 }, "INVALID_REQUEST", "stall_timeout_seconds"],
    ["POST /v2/groups/G/units", { name: "a", stall_timeout_seconds: 0.5 }, "INVALID_REQUEST", "stall_timeout_seconds"],
    ["POST /v2/groups/G/units", { name: "a", stall_timeout_seconds: 1e12 }, "INVALID_REQUEST", "stall_timeout_seconds"],
    ["PUT /v2/units/U", { name: 5 }, "INVALID_REQUEST", "name"],
    ["PUT /v2/units/U", { config: "x" }, "INVALID_CONFIG", "config"],
    ["PUT /v2/units/U", { description: 5 }, "INVALID_REQUEST", "description"],
    ["PUT /v2/units/U", { metadata: true }, "INVALID_REQUEST", "metadata"],
    ["PUT /v2/units/U", { stall_timeout_seconds: {} }, "INVALID_REQUEST", "stall_timeout_seconds"],
    ["POST /v2/units/U/sync", { client_version: -1 }, "INVALID_REQUEST", "client_version"],
    ["POST /v2/units/U/sync", { client_version: 1.5 }, "INVALID_REQUEST", "client_version"],
    ["POST /v2/units/U/heartbeat", { running: 5 }, "INVALID_REQUEST", "running"],
    ["POST /v2/units/U/claim", { driver_id: 5 }, "INVALID_REQUEST", "driver_id"],
    ["POST /v2/units/U/queues", {}, "INVALID_CONFIG", "parameters"],
    ["POST /v2/units/U/queues", { parameters: null }, "INVALID_CONFIG", "parameters"],
    ["POST /v2/units/U/queues", { parameters: [] }, "INVALID_CONFIG", "parameters"],
    ["POST /v2/units/U/queues", { parameters: {}, name: 5 }, "INVALID_REQUEST", "name"],
    ["POST /v2/units/U/queues", { parameters: {}, name: "" }, "INVALID_REQUEST", "name"],
    ["POST /v2/units/U/queues", { parameters: {}, created_by: "sdk" }, "INVALID_REQUEST", "created_by"],
    ["POST /v2/units/U/queues", { parameters: {}, metadata: [] }, "INVALID_REQUEST", "metadata"],
    ["POST /v2/units/U/queues/batch", {}, "INVALID_REQUEST", "queues"],
    ["POST /v2/units/U/queues/batch", { queues: {} }, "INVALID_REQUEST", "queues"],
    ["POST /v2/units/U/queues/batch", { queues: [5] }, "INVALID_REQUEST", "queues[0]"],
    ["POST /v2/units/U/queues/batch", { queues: [], created_by: 5 }, "INVALID_REQUEST", "created_by"],
    [
      "POST /v2/units/U/queues/batch",
      { queues: [{ parameters: {} }, { parameters: {}, created_by: "x" }] },
      "INVALID_REQUEST",
      "queues[1].created_by",
    ],
    ["POST /v2/units/U/queues/reorder", {}, "INVALID_REQUEST", "queue_ids"],
    ["POST /v2/units/U/queues/reorder", { queue_ids: "Q" }, "INVALID_REQUEST", "queue_ids"],
    ["POST /v2/units/U/queues/reorder", { queue_ids: [5] }, "INVALID_REQUEST", "queue_ids[0]"],
    ["PUT /v2/queues/Q", { parameters: 5 }, "INVALID_CONFIG", "parameters"],
    ["PUT /v2/queues/Q", { name: 5 }, "INVALID_REQUEST", "name"],
    ["PUT /v2/queues/Q", { metadata: 5 }, "INVALID_REQUEST", "metadata"],
    ["POST /v2/queues/R/complete", { result: "x" }, "INVALID_CONFIG", "result"],
    ["POST /v2/queues/R/fail", { error_msg: [] }, "INVALID_REQUEST", "error_msg"],
  ])("%s %j", async (route, body, code, path) => {
    expect(refusalIn(await send(route, body))).toEqual({ status: 400, code, paths: [path] });
  });

  test("every bad field is named; the first decides the code", async () => {
    const answer = await send("POST /v2/groups/G/units", { name: 5, config: 5, metadata: 5 });
    expect(refusalIn(answer)).toEqual({ status: 400, code: "INVALID_REQUEST", paths: ["name", "config", "metadata"] });
  });
});

// Where an object of the caller's own stands in the body, and the code that its field has.
const objects: [route: string, field: string, code: string, body: (value: string) => string][] = [
  ["POST /v2/groups", "metadata", "INVALID_REQUEST", (value) => `{"name":"a","metadata":${value}}`],
  ["PUT /v2/groups/G", "metadata", "INVALID_REQUEST", (value) => `{"metadata":${value}}`],
  ["POST /v2/groups/G/units", "config", "INVALID_CONFIG", (value) => `{"name":"a","config":${value}}`],
  ["PUT /v2/units/U", "config", "INVALID_CONFIG", (value) => `{"config":${value}}`],
  ["POST /v2/units/U/queues", "parameters", "INVALID_CONFIG", (value) => `{"parameters":${value}}`],
  [
    "POST /v2/units/U/queues/batch",
    "queues[1].parameters",
    "INVALID_CONFIG",
    (value) => `{"queues":[{"parameters":{}},{"parameters":${value}}]}`,
  ],
  ["PUT /v2/queues/Q", "parameters", "INVALID_CONFIG", (value) => `{"parameters":${value}}`],
  ["POST /v2/queues/R/complete", "result", "INVALID_CONFIG", (value) => `{"result":${value}}`],
  ["POST /v2/queues/R/complete", "metrics", "INVALID_REQUEST", (value) => `{"metrics":${value}}`],
];

describe.each(objects)("%s, %s", (route, field, code, body) => {
  test.each([
    ["an integer beyond 2^53", "9007199254740993", ""],
    ["a number beyond a double", "1e400", ""],
    ["a NUL character", '"a\\u0000b"', ""],
    ["a lone surrogate", '"\\ud800"', ""],
    ["one in a list", '[1,"\\udfff"]', "[1]"],
  ])("%s is named", async (_, value, below) => {
    const answer = refusalIn(await sendText(route, body(`{"a":{"b":${value}}}`)));
    expect(answer).toEqual({ status: 400, code, paths: [`${field}.a.b${below}`] });
  });

  test("JSON deeper than 64 levels is refused, and a path is named", async () => {
    const deep = `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`;
    const answer = refusalIn(await sendText(route, body(deep)));
    expect({ ...answer, paths: answer.paths.length }).toEqual({ status: 400, code, paths: 1 });
    expect(answer.paths[0]?.startsWith(field)).toBe(true);
  });
});

test.each([
  "POST /v2/groups",
  "PUT /v2/groups/G",
  "POST /v2/groups/G/units",
  "PUT /v2/units/U",
  "POST /v2/units/U/claim",
  "POST /v2/units/U/queues",
  "POST /v2/queues/R/complete",
])("%s: what is no JSON object is 400", async (route) => {
  for (const text of ["{", "[]", '"text"', "5", "{'a':1}", '{"a":NaN}', Buffer.from([0x7b, 0xff, 0x7d])])
    expect((await sendText(route, text)).json).toMatchObject({ success: false, code: "INVALID_REQUEST" });
});

test("a body of more than 1 MiB is 413, but a batch may have 32", async () => {
  const fat = `{"name":"a","parameters":{"x":"${"x".repeat(1_100_000)}"}}`;
  for (const route of ["POST /v2/groups", "POST /v2/units/U/queues", "PUT /v2/queues/Q"])
    expect(refusalIn(await sendText(route, fat))).toMatchObject({ status: 413, code: "PAYLOAD_TOO_LARGE" });
  const batch = `{"queues":[${fat},{"parameters":5}]}`;
  expect(refusalIn(await sendText("POST /v2/units/U/queues/batch", batch))).toMatchObject({
    status: 400,
    paths: ["queues[1].parameters"],
  });
});

test("values come back equal: big numbers within 2^53, names of any kind, the wrapper of the SDKs", async () => {
  const unitId = await newUnit();
  const parameters = {
    big: 9007199254740991,
    small: -9007199254740991,
    tiny: 5e-324,
    键: { __proto: 1, constructor: { a: null } },
    empty: [[], {}],
    text: "😀\t\\",
    config: { config_id: "c", config: { lr: 1 }, created_at: "2026-01-01" },
  };
  const id = await addQueue(unitId, { parameters, metadata: parameters });
  expect(await queue(id)).toMatchObject({ parameters, metadata: parameters, user_id: accounts.mine.userId });
  await ask("DELETE", `/v2/units/${unitId}`);
  stored = await everything();
});
