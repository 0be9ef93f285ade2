import { beforeEach, describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { useTestServices } from "../testing/services";
import { appendLines, type LogLine } from "./append";
import { levelOf } from "./level";
import { lastLineOf, readLines } from "./read";

useTestServices();

const AT = Date.UTC(2026, 10, 25);
let subject = "";
let count = 0;
beforeEach(() => {
  subject = `task_logs_${++count}`;
});

const linesFrom = (first: number, length: number): LogLine[] =>
  Array.from({ length }, (_, index) => [AT + first + index, "stdout", `line ${first + index}`]);
const append = (firstLine: number, lines: LogLine[], attempt = 1, open = true) => {
  const sql = getSql();
  return appendLines(sql, { subjectId: subject, attempt, firstLine, lines }, sql`SELECT 1 WHERE ${open}`);
};
const numbers = async (input: Omit<Parameters<typeof readLines>[0], "subjectId">) =>
  (await readLines({ subjectId: subject, ...input })).map(({ line }) => line);

test("lines come back in order with stream, time, level and attempt", async () => {
  await append(1, [
    [AT, "stdout", "one"],
    [AT + 5, "stderr", "two ␀ 😀"],
  ]);
  await append(3, [[AT + 9, "stderr", "WARNING: three"]], 2);
  expect(await readLines({ subjectId: subject, limit: 10 })).toEqual([
    { line: 1, timestamp: "2026-11-25T00:00:00.000Z", stream: "stdout", level: "INFO", message: "one", attempt: 1 },
    {
      line: 2,
      timestamp: "2026-11-25T00:00:00.005Z",
      stream: "stderr",
      level: "ERROR",
      message: "two ␀ 😀",
      attempt: 1,
    },
    {
      line: 3,
      timestamp: "2026-11-25T00:00:00.009Z",
      stream: "stderr",
      level: "WARN",
      message: "WARNING: three",
      attempt: 2,
    },
  ]);
  expect(await lastLineOf(subject)).toBe(3);
  expect([await lastLineOf("task_unknown"), await readLines({ subjectId: "task_unknown", limit: 10 })]).toEqual([
    0,
    [],
  ]);
});

test("a page starts behind any line, in the middle of a chunk too, and ends at the limit", async () => {
  for (let first = 1; first <= 91; first += 10) await append(first, linesFrom(first, 10));
  expect(await numbers({ limit: 3 })).toEqual([1, 2, 3]);
  expect(await numbers({ after: 14, limit: 8 })).toEqual([15, 16, 17, 18, 19, 20, 21, 22]);
  expect(await numbers({ after: 10, limit: 1 })).toEqual([11]);
  expect(await numbers({ after: 98, limit: 10 })).toEqual([99, 100]);
  expect(await numbers({ after: 100, limit: 10 })).toEqual([]);
  expect(await numbers({ lastLines: 12, limit: 1000 })).toEqual([89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100]);
});

test("one attempt's lines can be asked for", async () => {
  await append(1, linesFrom(1, 5), 1);
  await append(6, linesFrom(6, 5), 2);
  expect(await numbers({ attempt: 1, limit: 10 })).toEqual([1, 2, 3, 4, 5]);
  expect(await numbers({ attempt: 1, lastLines: 2, limit: 10 })).toEqual([4, 5]);
  expect(await numbers({ attempt: 2, after: 7, limit: 2 })).toEqual([8, 9]);
});

test("the same chunk again changes nothing", async () => {
  expect(await append(1, linesFrom(1, 5))).toBe(true);
  expect(await append(1, linesFrom(1, 5))).toBe(true);
  expect(await numbers({ limit: 100 })).toEqual([1, 2, 3, 4, 5]);
});

test("a superseded writer is refused and told so", async () => {
  expect(await append(1, linesFrom(1, 5), 1, false)).toBe(false);
  expect(await lastLineOf(subject)).toBe(0);
});

test("while a chunk is written its attempt cannot be closed, and afterwards nothing is written", async () => {
  const sql = getSql();
  await sql`INSERT INTO task_attempts (task_id, attempt) VALUES (${subject}, 1)`;
  const guard = () =>
    sql`SELECT 1 FROM task_attempts WHERE task_id = ${subject} AND attempt = 1 AND ended_at IS NULL FOR SHARE`;
  const close = () => sql`UPDATE task_attempts SET ended_at = now(), outcome = 'lost' WHERE task_id = ${subject}`;
  const order: string[] = [];
  await sql.begin(async (tx) => {
    expect(
      await appendLines(tx, { subjectId: subject, attempt: 1, firstLine: 1, lines: linesFrom(1, 2) }, guard()),
    ).toBe(true);
    const closing = close().then(() => order.push("closed"));
    // The close waits for a lock: seen in PostgreSQL, not guessed from a pause.
    for (let waiting = 0; waiting === 0; )
      waiting = (
        await sql`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
      ).length;
    order.push("written");
    void closing;
  });
  await expect.poll(() => order).toEqual(["written", "closed"]);
  expect(
    await appendLines(sql, { subjectId: subject, attempt: 1, firstLine: 3, lines: linesFrom(3, 2) }, guard()),
  ).toBe(false);
  expect(await lastLineOf(subject)).toBe(2);
});

test("a page of a million lines costs the same anywhere", async () => {
  const sql = getSql();
  await sql`INSERT INTO log_chunks (subject_id, first_line, last_line, attempt, lines)
    SELECT ${subject}, c * 500 + 1, c * 500 + 500, 1, (SELECT jsonb_agg(jsonb_build_array(${AT}::bigint, 'stdout', 'line ' || (c * 500 + i))) FROM generate_series(1, 500) i)
    FROM generate_series(0, 1999) c`;
  await sql`ANALYZE log_chunks`;
  for (const input of [
    { after: 0, limit: 100 },
    { after: 765_432, limit: 100 },
    { lastLines: 100, limit: 100 },
  ]) {
    const startedAt = performance.now();
    expect(await numbers(input)).toHaveLength(100);
    // 3 ms on an idle machine; a scan of all chunks takes half a second.
    expect(performance.now() - startedAt).toBeLessThan(300);
  }
  expect(await numbers({ after: 999_998, limit: 10 })).toEqual([999_999, 1_000_000]);
});

describe("the level", () => {
  test.each([
    ["WARNING:root:low memory", "WARN"],
    ["INFO: Started", "INFO"],
    ["2026-11-25 08:00:00,123 - DEBUG - x", "DEBUG"],
    ["2026-11-25T08:00:00Z ERROR x", "ERROR"],
    ["[warning] x", "WARN"],
    ["[epoch 3] [Error] x", "ERROR"],
    ["\u001b[33mWARN\u001b[0m x", "WARN"],
    ["FATAL x", "CRITICAL"],
    ["CRITICAL", "CRITICAL"],
    ["INFORMATION about x", null],
    ["error rate 0.3", null],
    ["the [errors] were few", null],
    ["Traceback (most recent call last):", null],
    ["", null],
  ])("of %j is %s", (text, level) => {
    expect(levelOf("stdout", text)).toBe(level ?? "INFO");
    expect(levelOf("stderr", text)).toBe(level ?? "ERROR");
  });
});
