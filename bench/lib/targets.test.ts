import { expect, test } from "vitest";
import { type Figure, verdict } from "./figures";
import { targetsTable } from "./targets";

const figure = (value: number, target: Figure["target"], more: Partial<Figure> = {}): Figure => ({
  ...{ name: "a figure", unit: "ms", runs: [value, value * 100, 0] },
  ...(target && { target }),
  ...more,
});
const beside = (value: number) => ({ limit: { name: "another", runs: [value] } });

test.each([
  [figure(20, { atMost: 20 }), "met"],
  [figure(39, { atMost: 20 }), "at least half"],
  [figure(41, { atMost: 20 }), "**below half**"],
  [figure(0.01, { atMost: 0 }), "**below half**"],
  [figure(0, { atMost: 0 }), "met"],
  [figure(30, { atLeast: 50 }), "at least half"],
  [figure(15, { atLeastTimes: 1.5 }, beside(10)), "met"],
  [figure(7, { atLeastTimes: 1.5 }, beside(10)), "**below half**"],
  [figure(25, { atMostTimes: 1.3 }, beside(10)), "at least half"],
  [figure(20, { atMostBeyond: 15 }, beside(5)), "met"],
  [figure(4, { atMostBeyond: 15 }, beside(5)), "met"],
  [figure(40, { atMostBeyond: 15 }, beside(5)), "**below half**"],
  [figure(41, { atMost: 20 }, { explained: "the disk" }), "**below half**: the disk"],
  [figure(15, { atLeastTimes: 1.5 }), ""],
  [figure(15, undefined), ""],
])("%j is %s", (given, said) => {
  expect(verdict(given)).toBe(said);
});

test("the table leaves out what was not compared, and lets the worst of a kind speak for it", () => {
  const page = (value: number) => figure(value, { atMost: 20 }, { kind: "pages" });
  const table = targetsTable([page(5), figure(1, { atLeastTimes: 2 }), page(30), figure(7, { atMost: 10 })]);
  expect(table.split("\n").slice(2)).toEqual([
    "| pages, 2 of them | 5.00 ms to 30.0 ms |  |  | ≤ 20 ms | at least half |",
    "| a figure | 7.00 ms |  |  | ≤ 10 ms | met |",
  ]);
});
