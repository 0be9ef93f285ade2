// What a driver sends while a queue runs, and how it is read: metrics and log lines.
import { describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { refusalIn, useHttpServer } from "../testing/http";
import { fieldsOf } from "../testing/rest-account";
import { useRestUnits } from "../testing/rest-units";
import { useTestServices } from "../testing/services";
import { LOST_MESSAGE, sweepStalled } from "./stall-sweep";

useTestServices();
const { call, readEvents } = useHttpServer();
const { accounts, ask, newUnit, addQueue, queue, claim } = useRestUnits(call);

const wrongStatus = { status: 409, code: "INVALID_QUEUE_STATUS", paths: [] };
const running = async () => {
  const unitId = await newUnit({ stall_timeout_seconds: 30 });
  const id = await addQueue(unitId);
  await claim(unitId);
  return { unitId, id };
};
const send = (id: string, points: unknown, more: JsonObject = {}) =>
  ask("POST", `/v2/queues/${id}/metrics`, { points, ...more });
const write = (id: string, lines: unknown, more: JsonObject = {}) =>
  ask("POST", `/v2/queues/${id}/logs`, { lines, ...more });
const series = async (id: string, query = "") =>
  (await ask("GET", `/v2/queues/${id}/metrics${query}`)).json.metrics as Record<string, JsonObject[]>;
const lines = async (id: string, query = "") =>
  (await ask("GET", `/v2/queues/${id}/logs${query}`)).json.logs as JsonObject[];
const messages = async (id: string, query = "") => (await lines(id, query)).map((line) => line.message);

describe("metrics", () => {
  test("are stored and read back by key, with step, value and time", async () => {
    const { id } = await running();
    const timestamp = "2026-11-25T10:00:00+02:00";
    const answer = await send(id, [
      { key: "loss", value: 0.5, step: 1, timestamp },
      { key: "loss", value: 0.25, step: 2, timestamp },
      { key: "acc", value: 1 },
    ]);
    expect([answer.status, answer.json]).toEqual([200, { success: true, accepted: 3 }]);
    const { json } = await ask("GET", `/v2/queues/${id}/metrics`);
    expect(fieldsOf(json)).toEqual(["metrics", "queue_id"]);
    const at = "2026-11-25T08:00:00.000Z";
    expect(json.metrics).toEqual({
      loss: [
        { step: 1, value: 0.5, timestamp: at },
        { step: 2, value: 0.25, timestamp: at },
      ],
      acc: [{ step: 0, value: 1, timestamp: expect.any(String) }],
    });
  });

  test("of the same key and step the last one stays; key and max_points choose", async () => {
    const { id } = await running();
    await send(
      id,
      [1, 2, 3, 4, 5, 6].map((step) => ({ key: "loss", value: step, step })),
    );
    await send(id, [
      { key: "loss", value: 7, step: 6 },
      { key: "loss", value: 8, step: 6 },
      { key: "acc", value: 1, step: 1 },
    ]);
    const thin = await series(id, "?key=loss&max_points=2");
    expect(Object.keys(thin)).toEqual(["loss"]);
    expect(thin.loss?.map(({ step, value }) => [step, value])).toEqual([
      [1, 1],
      [6, 8],
    ]);
    expect(refusalIn(await ask("GET", `/v2/queues/${id}/metrics?max_points=0`)).paths).toEqual(["max_points"]);
  });

  test.each<[unknown, string]>([
    [undefined, "points"],
    ["x", "points"],
    [[5], "points[0]"],
    [[{ value: 1 }], "points[0].key"],
    [[{ key: "", value: 1 }], "points[0].key"],
    [[{ key: "a" }], "points[0].value"],
    [[{ key: "a", value: null }], "points[0].value"],
    [
      [
        { key: "a", value: 1 },
        { key: "a", value: "1" },
      ],
      "points[1].value",
    ],
    [[{ key: "a", value: 1, step: "1" }], "points[0].step"],
    [[{ key: "a", value: 1, timestamp: 5 }], "points[0].timestamp"],
    [[{ key: "a", value: 1, timestamp: "2026-02-30T00:00:00Z" }], "points[0].timestamp"],
    [[{ key: "a", value: 1, timestamp: "0000-01-01T00:00:00Z" }], "points[0].timestamp"],
    [[{ key: "a", value: 1, timestamp: "9999-12-31T23:59:59-10:00" }], "points[0].timestamp"],
    [Array.from({ length: 10_001 }, () => ({ key: "a", value: 1 })), "points"],
  ])("case %# is refused at its place, and nothing is stored", async (points, path) => {
    const { id } = await running();
    expect(refusalIn(await send(id, points))).toEqual({ status: 400, code: "INVALID_REQUEST", paths: [path] });
    expect(await series(id)).toEqual({});
  });

  test("ten thousand points and lines are taken at once", async () => {
    const { id } = await running();
    const points = Array.from({ length: 10_000 }, (_, step) => ({ key: "a", value: step, step }));
    expect((await send(id, points)).json.accepted).toBe(10_000);
    const many = Array.from({ length: 10_000 }, (_, n) => ({ message: `line ${n}` }));
    expect((await write(id, many)).json.accepted).toBe(10_000);
    expect(await messages(id, "?lines=1")).toEqual(["line 9999"]);
    expect((await series(id)).a?.at(-1)).toMatchObject({ step: 9999, value: 9999 });
  });
});

describe("logs", () => {
  test("are numbered, and after, limit, lines and attempt choose; the attempt of a retry goes on counting", async () => {
    const { unitId, id } = await running();
    const timestamp = "2026-11-25T08:00:00Z";
    expect(
      (
        await write(id, [
          { message: "a", timestamp },
          { message: "b", stream: "stderr" },
        ])
      ).json.accepted,
    ).toBe(2);
    expect(await lines(id)).toEqual([
      { line: 1, message: "a", level: "INFO", stream: "stdout", timestamp: "2026-11-25T08:00:00.000Z", attempt: 1 },
      { line: 2, message: "b", level: "ERROR", stream: "stderr", timestamp: expect.any(String), attempt: 1 },
    ]);
    await ask("POST", `/v2/queues/${id}/fail`);
    await ask("POST", `/v2/queues/${id}/retry`);
    await claim(unitId);
    await write(id, [{ message: "c" }], { attempt: 2 });
    expect((await lines(id, "?attempt=2")).map(({ line, message }) => [line, message])).toEqual([[3, "c"]]);
    expect(await messages(id, "?after=1&limit=1")).toEqual(["b"]);
    expect(await messages(id, "?lines=2")).toEqual(["b", "c"]);
    expect(await messages(id, "?after=99999999999999999999")).toEqual([]);
    const text = await ask("GET", `/v2/queues/${id}/logs?format=text`);
    expect([text.headers.get("content-type"), text.text]).toEqual(["text/plain; charset=utf-8", "a\nb\nc\n"]);
    expect(refusalIn(await ask("GET", `/v2/queues/${id}/logs?format=xml`)).paths).toEqual(["format"]);
  });

  test("first_line leaves out what is stored already, so that a call may be repeated", async () => {
    const { id } = await running();
    const all = ["a", "b", "c"].map((message) => ({ message }));
    await write(id, all.slice(0, 2), { first_line: 0 });
    await write(id, all.slice(0, 2), { first_line: 0 });
    await write(id, all.slice(1), { first_line: 1 });
    expect(await messages(id)).toEqual(["a", "b", "c"]);
  });

  test("of ten that write at once no line is lost or numbered twice", async () => {
    const { id } = await running();
    await Promise.all(Array.from({ length: 10 }, (_, n) => write(id, [{ message: `${n}a` }, { message: `${n}b` }])));
    const stored = await lines(id);
    expect(stored.map((one) => one.line)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(new Set(stored.map((one) => one.message)).size).toBe(20);
  });

  test("follow=1 sends each line once, then `end` when the queue has ended", async () => {
    const { id } = await running();
    await write(id, [{ message: "before" }]);
    let asked = false;
    const events = await readEvents(`/v2/queues/${id}/logs?follow=1`, {
      headers: { Authorization: `Bearer ${accounts.mine.key}` },
      until: (seen) => {
        if (!asked && seen.length > 0) {
          asked = true;
          void write(id, [{ message: "after" }]).then(() => ask("POST", `/v2/queues/${id}/complete`));
        }
        return seen.some((one) => one.event === "end");
      },
    });
    expect(events.map(({ id: number, event, data }) => [number, event, (data as JsonObject).message])).toEqual([
      ["1", "log", "before"],
      ["2", "log", "after"],
      [undefined, "end", undefined],
    ]);
    expect(events.at(-1)?.data).toEqual({ queue_id: id, status: "completed" });
  });

  test.each<[unknown, string]>([
    [undefined, "lines"],
    [{}, "lines"],
    [["text"], "lines[0]"],
    [[{}], "lines[0].message"],
    [[{ message: "a" }, { message: 5 }], "lines[1].message"],
    [[{ message: "a", stream: "stdin" }], "lines[0].stream"],
    [[{ message: "a", timestamp: "now" }], "lines[0].timestamp"],
    [[{ message: "a\u0000" }], "lines[0].message"],
    [[{ message: "\ud800" }], "lines[0].message"],
    [Array.from({ length: 10_001 }, () => ({ message: "a" })), "lines"],
  ])("case %# is refused at its place, and nothing is stored", async (given, path) => {
    const { id } = await running();
    expect(refusalIn(await write(id, given))).toEqual({ status: 400, code: "INVALID_REQUEST", paths: [path] });
    expect(await lines(id)).toEqual([]);
  });
});

test("output is refused before the start and after the end; after `driver lost` it is taken until a retry or a removal", async () => {
  const writes = async (id: string) => [
    (await send(id, [{ key: "a", value: 1 }])).status,
    (await write(id, [{ message: "a" }])).status,
  ];
  const unitId = await newUnit({ stall_timeout_seconds: 30 });
  const id = await addQueue(unitId);
  expect(refusalIn(await send(id, []))).toEqual(wrongStatus);
  expect(refusalIn(await write(id, []))).toEqual(wrongStatus);
  await ask("POST", `/v2/units/${unitId}/heartbeat`);
  await claim(unitId);
  await getSql()`UPDATE runs SET last_named_at = now() - interval '31 seconds' WHERE id = ${id}`;
  await sweepStalled(1000);
  expect(await queue(id)).toMatchObject({ status: "failed", error_msg: LOST_MESSAGE, cancelled_at: null });
  expect(await writes(id)).toEqual([200, 200]);
  await ask("POST", `/v2/queues/${id}/retry`);
  expect(await writes(id)).toEqual([409, 409]);
  await claim(unitId);
  expect(await writes(id)).toEqual([200, 200]);
  await ask("POST", `/v2/queues/${id}/cancel`);
  expect(await writes(id)).toEqual([409, 409]);
  await ask("DELETE", `/v2/queues/${id}`);
  expect(await writes(id)).toEqual([404, 404]);
});
