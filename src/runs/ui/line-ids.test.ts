import { expect, test } from "vitest";
import { idsOf, isKnown, renamed, standIn, windowAround } from "./line-ids";
import { beforeLifted, liftedAt, movedBefore } from "./unit-order";

const run = (at: number, runId: string) => ({ at, runId, unitId: "u", name: runId, parameters: {}, misfit: null });

test("what was not fetched has a stand-in", () => {
  const ids = idsOf({ total: 5, runs: [run(0, "a"), run(4, "e")] });
  expect(ids).toEqual(["a", standIn(1), standIn(2), standIn(3), "e"]);
  expect(ids.map(isKnown)).toEqual([true, false, false, false, true]);
  expect(idsOf({ total: 0, runs: [] })).toEqual([]);
});

const letters = [..."abcdefghij"];
/** Ten runs, of which those of a text were fetched. */
const knowing = (text: string) =>
  idsOf({ total: 10, runs: letters.flatMap((id, at) => (text.includes(id) ? [run(at, id)] : [])) });

test("a run in the hand stays where it was put, whatever part of the line is known", () => {
  const windows = ["abcde", "cfghij", "cdef", "abcdefghij", "c"];
  for (const seen of windows)
    for (const later of windows)
      for (let index = 0; index < 10; index++) {
        const lifted = renamed(knowing(later), liftedAt(knowing(seen), "c", index));
        const order = movedBefore(knowing(later), ["c"], beforeLifted(knowing(later), lifted));
        expect([seen, later, index, order.indexOf("c")]).toEqual([seen, later, index, index]);
      }
});

test("a neighbour that is claimed while it is in sight is no neighbour any more", () => {
  const lifted = liftedAt(letters, "c", 6);
  const now = letters.filter((id) => id !== "h");
  expect(movedBefore(now, ["c"], beforeLifted(now, renamed(now, lifted))).join("")).toBe("abdefgcij");
});

test.each([
  [0, 0, 0, 100],
  [10, 90, 0, 150],
  [60, 80, 0, 150],
  [100, 120, 50, 100],
  [9980, 9999, 9950, 100],
])("runs %i to %i are seen: the window begins at %i and has %i", (first, last, from, count) => {
  expect(windowAround(first, last)).toEqual({ from, count });
});

test("a window holds what is seen and some of what is near, wherever it is", () => {
  for (let first = 0; first < 300; first++) {
    const { from, count } = windowAround(first, first + 30);
    expect(from).toBeLessThanOrEqual(Math.max(0, first - 25));
    expect(from + count).toBeGreaterThan(first + 30 + 25);
    expect(count).toBeLessThanOrEqual(200);
  }
});
