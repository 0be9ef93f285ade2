import { expect, test } from "vitest";
import { toggled } from "./selection";

const order = ["a", "b", "c", "d"];

test.each([
  ["one is added", [], "b", null, "b"],
  ["one is taken away", ["a", "b"], "b", null, "a"],
  ["a range goes down", ["a"], "c", "a", "abc"],
  ["a range goes up, and keeps what was chosen", ["d"], "a", "b", "abd"],
  ["an anchor that is gone counts as none", ["a"], "c", "x", "ac"],
] as const)("%s", (_, before, id, anchor, after) => {
  expect([...toggled(new Set(before), order, id, anchor)].sort().join("")).toBe(after);
});
