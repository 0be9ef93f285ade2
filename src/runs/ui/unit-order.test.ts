import { expect, test } from "vitest";
import { beforeAtIndex, beforeLifted, differingKeys, liftedAt, movedBefore } from "./unit-order";

const ids = ["a", "b", "c", "d", "e"];

test.each([
  [["d"], "b", "adbce"],
  [["a"], "e", "bcdae"],
  [["a"], null, "bcdea"],
  [["e", "b"], "a", "ebacd"],
  [["c"], "gone", "abdec"],
])("%s goes before %s: %s", (moving, before, order) => {
  expect(movedBefore(ids, moving, before).join("")).toBe(order);
});

test.each([
  ["c", 0, "a"],
  ["a", 1, "c"],
  ["a", 4, null],
  ["b", -3, "a"],
  ["b", 99, null],
])("%s at index %i goes before %s, and stands there then", (id, index, before) => {
  expect(beforeAtIndex(ids, id, index)).toBe(before);
  const at = movedBefore(ids, [id], before).indexOf(id);
  expect(at).toBe(Math.min(4, Math.max(0, index)));
});

test.each([
  ["c lifted, a claimed", liftedAt(ids, "c", 2), "bcde", "bcde"],
  ["c lifted, its successor claimed", liftedAt(ids, "c", 2), "abce", "abce"],
  ["c moved up, a claimed", liftedAt(ids, "c", 1), "bcde", "cbde"],
  ["c moved to the end, all others but a claimed", liftedAt(ids, "c", 4), "ac", "ac"],
  ["a moved down, two claimed and one added", liftedAt(ids, "a", 2), "adef", "adef"],
  ["e moved to the top, b and c put at the end by another", liftedAt(ids, "e", 0), "adebc", "eadbc"],
  ["e lifted, f added", liftedAt(ids, "e", 4), "abcdef", "abcdef"],
])("%s: it stands between those of its neighbours that still wait", (_, lifted, now, shown) => {
  const waiting = now.split("");
  expect(movedBefore(waiting, [lifted.id], beforeLifted(waiting, lifted)).join("")).toBe(shown);
});

test("only parameters that differ are shown, a missing one too; a single run shows all", () => {
  expect(
    differingKeys([
      { lr: 0.1, bs: 32, layers: [1, 2] },
      { lr: 0.2, bs: 32, layers: [1, 2], seed: null },
    ]),
  ).toEqual(["lr", "seed"]);
  expect(differingKeys([{ lr: 0.1, bs: 32 }])).toEqual(["lr", "bs"]);
  expect(differingKeys([])).toEqual([]);
});
