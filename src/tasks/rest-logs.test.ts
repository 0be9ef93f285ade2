// GET /v1/tasks/:id/logs: the program's real output as JSON, as text, and as a stream that follows.
import { beforeAll, describe, expect, test } from "vitest";
import { appendLines, type LogLine } from "../logs/append";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { publishLive } from "../platform/live";
import { refusalIn, type SseEvent, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices();
const { call, readEvents } = useHttpServer();

let account: Account;
beforeAll(async () => {
  account = await makeAccount();
});

const makeTask = async (): Promise<string> => {
  const { json } = await call("POST", "/v1/tasks", { key: account.key, body: { name: "a", config: {} } });
  return String(json.task_id);
};

const write = async (taskId: string, firstLine: number, texts: string[], attempt = 1): Promise<void> => {
  const sql = getSql();
  const lines = texts.map(
    (text, index): LogLine => [
      Date.UTC(2026, 0, 1, 0, 0, firstLine + index),
      text.startsWith("!") ? "stderr" : "stdout",
      text,
    ],
  );
  await appendLines(sql, { subjectId: taskId, attempt, firstLine, lines }, sql`SELECT 1`);
  publishLive([{ kind: "output", userId: account.userId, taskId }]);
};

const end = (taskId: string) => call("POST", `/v1/tasks/${taskId}/result`, { key: account.key, body: { result: {} } });
const logs = async (taskId: string, query = "") =>
  (await call("GET", `/v1/tasks/${taskId}/logs${query}`, { key: account.key })).json.logs as JsonObject[];
const numbers = (lines: JsonObject[]) => lines.map((line) => line.line);

describe("a page of lines", () => {
  test("has timestamp, level, message, line and stream of each", async () => {
    const id = await makeTask();
    await write(id, 1, ["epoch 1", "!warning: slow"]);
    const { json } = await call("GET", `/v1/tasks/${id}/logs`, { key: account.key });
    expect(json).toMatchObject({
      success: true,
      task_id: id,
      logs: [
        { line: 1, stream: "stdout", level: "INFO", message: "epoch 1", timestamp: "2026-01-01T00:00:01.000Z" },
        { line: 2, stream: "stderr", level: expect.any(String), message: "!warning: slow" },
      ],
    });
  });

  test("after, limit, lines and attempt choose", async () => {
    const id = await makeTask();
    await write(id, 1, ["a", "b", "c"], 1);
    await write(id, 4, ["d", "e"], 2);
    expect(numbers(await logs(id, "?after=1&limit=2"))).toEqual([2, 3]);
    expect(numbers(await logs(id, "?lines=2"))).toEqual([4, 5]);
    expect(numbers(await logs(id, "?attempt=1"))).toEqual([1, 2, 3]);
    for (const after of ["5", "99", "2147483648", "99999999999999999999"])
      expect(await logs(id, `?after=${after}`)).toEqual([]);
    expect(await logs(id, "?attempt=99999999999")).toEqual([]);
    expect(numbers(await logs(id, "?limit=99999999999999999999"))).toEqual([1, 2, 3, 4, 5]);
    expect(numbers(await logs(id, "?lines=99999999999"))).toEqual([1, 2, 3, 4, 5]);
    expect(numbers(await logs(id, "?attempt=2&lines=1"))).toEqual([5]);
    expect(numbers(await logs(id, "?attempt=2&after=4"))).toEqual([5]);
  });

  test("format=text is plain text", async () => {
    const id = await makeTask();
    await write(id, 1, ["a", "b"]);
    const { text, headers } = await call("GET", `/v1/tasks/${id}/logs?format=text`, { key: account.key });
    expect([text, headers.get("content-type")]).toEqual(["a\nb\n", "text/plain; charset=utf-8"]);
    expect([headers.get("X-Request-Id"), headers.get("Access-Control-Allow-Origin")]).toEqual([
      expect.stringMatching(/^req_/),
      "*",
    ]);
  });

  test.each([
    ["after=x", "after"],
    ["after=-1", "after"],
    ["limit=0", "limit"],
    ["lines=0", "lines"],
    ["attempt=0", "attempt"],
    ["format=xml", "format"],
    ["follow=maybe", "follow"],
  ])("a wrong value is 400 and named: %s", async (query, path) => {
    expect(refusalIn(await call("GET", `/v1/tasks/${await makeTask()}/logs?${query}`, { key: account.key }))).toEqual({
      status: 400,
      code: "INVALID_REQUEST",
      paths: [path],
    });
  });
});

const follow = (
  path: string,
  options: { lastEventId?: string; until?: (events: SseEvent[]) => boolean; onOpen?: () => void } = {},
) => {
  const { lastEventId, ...rest } = options;
  const headers = {
    Authorization: `Bearer ${account.key}`,
    ...(lastEventId !== undefined && { "Last-Event-ID": lastEventId }),
  };
  return readEvents(path, { ...rest, headers });
};
const dataOf = (event: SseEvent) => event.data as JsonObject;

describe("follow=1", () => {
  test("sends each line as an event with its number as id, and `end` when the task has ended", async () => {
    const id = await makeTask();
    await write(id, 1, ["a", "b"]);
    const events = await follow(`/v1/tasks/${id}/logs?follow=1`, {
      onOpen: () => void write(id, 3, ["c"]).then(() => end(id)),
    });
    expect(events.map((event) => [event.id, event.event, dataOf(event).message ?? dataOf(event).status])).toEqual([
      ["1", "log", "a"],
      ["2", "log", "b"],
      ["3", "log", "c"],
      [undefined, "end", "completed"],
    ]);
  });

  test("HEAD answers the headers of a stream and ends; a task of nobody has none", async () => {
    const id = await makeTask();
    const { status, headers, text } = await call("HEAD", `/v1/tasks/${id}/logs?follow=1`, { key: account.key });
    expect([status, headers.get("content-type"), text]).toEqual([200, "text/event-stream", ""]);
    expect([headers.get("X-Request-Id"), headers.get("Access-Control-Allow-Origin")]).toEqual([
      expect.stringMatching(/^req_/),
      "*",
    ]);
    expect(refusalIn(await call("GET", "/v1/tasks/nope/logs?follow=1", { key: account.key }))).toMatchObject({
      status: 404,
      code: "TASK_NOT_FOUND",
    });
  });

  test("a line arrives within a second of being written", async () => {
    const id = await makeTask();
    let writtenAt = 0;
    const events = await follow(`/v1/tasks/${id}/logs?follow=1`, {
      onOpen: () => void write(id, 1, ["now"]).then(() => (writtenAt = Date.now())),
      until: (seen) => seen.length === 1,
    });
    expect(events).toMatchObject([{ id: "1", data: { message: "now" } }]);
    expect(Date.now() - writtenAt).toBeLessThan(1000);
  });

  test("honours Last-Event-ID: no line twice, none missing", async () => {
    const id = await makeTask();
    await write(id, 1, ["a", "b", "c"]);
    await end(id);
    const events = await follow(`/v1/tasks/${id}/logs?follow=1`, { lastEventId: "2" });
    expect(events.map((event) => event.id)).toEqual(["3", undefined]);
    const beyond = await follow(`/v1/tasks/${id}/logs?follow=1`, { lastEventId: "999999999999999" });
    expect(beyond.map((event) => event.event)).toEqual(["end"]);
    const odd = await follow(`/v1/tasks/${id}/logs?follow=1`, { lastEventId: "x" });
    expect(odd.map((event) => event.id)).toEqual(["1", "2", "3", undefined]);
  });

  test("more lines than a page holds all arrive, in order; lines=n starts at the last n", async () => {
    const id = await makeTask();
    for (let first = 1; first <= 2501; first += 500)
      await write(
        id,
        first,
        Array.from({ length: 500 }, (_, index) => `line ${first + index}`),
      );
    await end(id);
    const all = await follow(`/v1/tasks/${id}/logs?follow=1`);
    expect(all.slice(0, -1).map((event) => Number(event.id))).toEqual(
      Array.from({ length: 3000 }, (_, index) => index + 1),
    );
    const last = await follow(`/v1/tasks/${id}/logs?follow=1&lines=2`);
    expect(last.map((event) => event.id)).toEqual(["2999", "3000", undefined]);
  });
});
