import fc from "fast-check";
import { expect, test } from "vitest";
import type { LogLine } from "../src/logs/append";
import { LIMITS, type Limits, LineBuffer } from "./line-buffer";

const line = (text: string): LogLine => [0, "stdout", text];
const makeBuffer = (limits: Partial<Limits>) => new LineBuffer({ ...LIMITS, ...limits }, (text) => [0, "stderr", text]);
const takeAll = (buffer: LineBuffer): string[] => {
  const texts: string[] = [];
  for (let batch = buffer.take(); batch !== null; batch = buffer.take()) texts.push(...batch.map(([, , text]) => text));
  return texts;
};
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

test("hands out lines in order, in batches of at most 500 lines and 64 KiB", () => {
  const buffer = makeBuffer({});
  for (const text of numbered(1, 1200)) buffer.add(line(text));
  expect([buffer.take()?.length, buffer.take()?.length, buffer.take()?.length, buffer.take()]).toEqual([
    500,
    500,
    200,
    null,
  ]);
  for (let i = 0; i < 10; i++) buffer.add(line("x".repeat(16_000)));
  expect(buffer.take()?.length).toBe(4);
});

test("keeps the newest lines while nothing is taken, and says how many were left out", () => {
  const buffer = makeBuffer({ tailLines: 10, batchLines: 5 });
  for (const text of numbered(1, 100)) buffer.add(line(text));
  expect(takeAll(buffer)).toEqual(["… 90 lines left out …", ...numbered(91, 100)]);
});

test("once the head is full it holds the tail back until the end", () => {
  const buffer = makeBuffer({ headLines: 20, tailLines: 10, batchLines: 5 });
  const texts: string[] = [];
  for (const text of numbered(1, 1020)) {
    buffer.add(line(text));
    texts.push(...takeAll(buffer));
  }
  expect(texts).toEqual([...numbered(1, 20), expect.stringContaining("from here on only its last lines are kept")]);
  expect(buffer.isHeld).toBe(true);
  buffer.release();
  expect(takeAll(buffer)).toEqual(["… 990 lines left out …", ...numbered(1011, 1020)]);
});

test("whenever lines are taken, what comes out is what went in, less what the notes count", () => {
  const moves = fc.array(fc.oneof(fc.nat(30), fc.constant("take" as const)), { maxLength: 60 });
  fc.assert(
    fc.property(
      moves,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 5, max: 80 }),
      (given, batchLines, headLines) => {
        const buffer = makeBuffer({ batchLines, tailLines: 2 * batchLines, headLines });
        const out: string[] = [];
        let written = 0;
        for (const move of given) {
          if (move === "take") out.push(...(buffer.take() ?? []).map(([, , text]) => text));
          else for (let i = 0; i < move; i++) buffer.add(line(String(++written)));
        }
        buffer.release();
        out.push(...takeAll(buffer));
        let expected = 1;
        for (const text of out) {
          const leftOut = /^… ([\d,]+) lines left out …$/.exec(text)?.[1];
          if (leftOut !== undefined) expected += Number(leftOut.replaceAll(",", ""));
          else if (/^\d+$/.test(text)) expect(text).toBe(String(expected++));
        }
        expect(expected - 1).toBe(written);
      },
    ),
  );
});
