import { expect, test } from "vitest";
import { appendLines, type Log, type LogLine, prependLines } from "./use-log";

const lines = (from: number, to: number): LogLine[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    line: from + index,
    timestamp: "2026-11-25T08:00:00.000Z",
    stream: "stdout",
    level: "INFO",
    message: `line ${from + index}`,
    attempt: 1,
  }));

const log = (from: number, to: number): Log => ({ lines: lines(from, to), reachedStart: from === 1 });

test("two requests that overlap do not double a line", () => {
  expect(appendLines(log(1, 5), lines(4, 8))).toEqual(log(1, 8));
  expect(prependLines(log(6, 9), lines(1, 7), true)).toEqual(log(1, 9));
});

test("without new lines the log is the same object, so that nothing is drawn again", () => {
  const before = log(1, 5);
  expect(appendLines(before, lines(2, 5))).toBe(before);
});

test("a flood drops the oldest lines, which can be loaded again", () => {
  const after = appendLines(log(1, 15_000), lines(15_001, 25_000));
  expect(after.lines).toHaveLength(20_000);
  expect(after.lines[0]?.line).toBe(5001);
  expect(after.reachedStart).toBe(false);
});
