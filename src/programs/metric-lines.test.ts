import fc from "fast-check";
import { expect, test } from "vitest";
import { metricPoints, printedPoints } from "./metric-lines";

const NOW = Date.UTC(2026, 10, 25);

test("every finite number beside step is a point", () => {
  const line =
    '{"step": 3, "loss": 0.2, "acc": 1, "ok": true, "note": "x", "nested": {"a": 1}, "gone": null, "": 4, "huge": 1e999}';
  expect(metricPoints(line, NOW)).toEqual([
    { key: "loss", step: 3, value: 0.2, at: NOW },
    { key: "acc", step: 3, value: 1, at: NOW },
  ]);
});

test("a line may name its own time, in seconds, milliseconds or as text", () => {
  const at = (field: string) => metricPoints(`{"step": 1, "loss": 2, ${field}}`, NOW)?.[0]?.at;
  expect(at('"timestamp": 1700000000')).toBe(1_700_000_000_000);
  expect(at('"timestamp": 1700000000123')).toBe(1_700_000_000_123);
  expect(at('"time": "2026-01-02T03:04:05Z"')).toBe(Date.UTC(2026, 0, 2, 3, 4, 5));
  expect(at('"time": 12.5')).toBe(NOW);
  expect(at('"timestamp": "yesterday"')).toBe(NOW);
});

test.each([
  "",
  "no json",
  "[1]",
  "null",
  "3",
  '{"loss": 1}',
  '{"step": "3", "loss": 1}',
  '{"step": 1e999, "loss": 1}',
  '{"step": 1, "loss":',
])("%s is no metric line", (line) => expect(metricPoints(line, NOW)).toBeNull());

test("a key is a text that can be stored, of at most 200 characters", () => {
  const keys = (key: string) => metricPoints(JSON.stringify({ step: 1, [key]: 1 }), NOW)?.map((point) => point.key);
  expect(keys("k".repeat(200))).toHaveLength(1);
  expect(keys("k".repeat(201))).toEqual([]);
  expect(keys("a\0b")).toEqual([]);
});

test("on stdout only objects with a step are looked at", () => {
  expect(printedPoints('  {"step": 1, "loss": 2}', NOW)).toHaveLength(1);
  expect(printedPoints('epoch {"step": 1, "loss": 2}', NOW)).toBeNull();
});

test("no text makes it throw, and all points are finite", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.dictionary(fc.string(), fc.double()).map((given) => JSON.stringify({ step: 1, ...given })),
      ),
      (line) => {
        for (const point of metricPoints(line, NOW) ?? [])
          expect(Number.isFinite(point.value) && Number.isFinite(point.step)).toBe(true);
      },
    ),
  );
});
