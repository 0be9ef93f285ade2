import { expect, test } from "vitest";
import {
  beforeAtIndex,
  beforeLifted,
  differingKeys,
  foundInLine,
  liftedAt,
  movedBefore,
  movesBack,
} from "./unit-order";

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

test.each([
  ["", "1 2 3 12"],
  ["12", "12 2"],
  ["#3", "3"],
  ["SEED", "1 2"],
  ["gone", ""],
])("what is typed, %j, finds the run of that number first, then those of that name", (text, places) => {
  const line = [
    { place: 1, name: "seed 1" },
    { place: 2, name: "seed 12" },
    { place: 3, name: "lr=0.1" },
    { place: 12, name: "lr=0.2" },
  ];
  expect(
    foundInLine(line, text)
      .map((run) => run.place)
      .join(" "),
  ).toBe(places);
});

test("every move of two runs is undone by its moves back", () => {
  for (const one of ids)
    for (const other of ids.filter((id) => id !== one))
      for (const before of [...ids, null].filter((id) => id !== one && id !== other)) {
        const moved = movedBefore(ids, [one, other], before);
        const back = movesBack(ids, [one, other]).reduce(
          (order, move) => movedBefore(order, move.runIds, move.beforeId),
          moved,
        );
        expect(back).toEqual(ids);
      }
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
