import fc from "fast-check";
import { expect, test } from "vitest";
import { differencesOf, keyOf } from "./parameters-key";

const reversed = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(reversed)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, one]) => [key, reversed(one)]),
        )
      : value;

const json = fc.jsonValue();

test("the order of keys does not matter, and the key is JSON of an equal value", () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(keyOf(reversed(value))).toBe(keyOf(value));
      expect(JSON.parse(keyOf(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("values that only look alike differ", () => {
  const alike = [1, "1", [1], { 0: 1 }, [{ a: 1 }], { a: 1 }, [], {}, null, "null", false];
  expect(new Set(alike.map(keyOf)).size).toBe(alike.length);
  expect(keyOf(1.0)).toBe(keyOf(1));
});

test("differences name what was added, dropped and changed", () => {
  expect(differencesOf({ lr: 0.1, bs: 32, old: null }, { bs: 32, lr: 0.2, seed: 1 })).toEqual([
    { name: "lr", before: 0.1, after: 0.2 },
    { name: "old", before: null, after: undefined },
    { name: "seed", before: undefined, after: 1 },
  ]);
});

test("no differences exactly between equal parameters", () => {
  const parameters = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom<unknown>(0, 1, "1", null, [1]));
  fc.assert(
    fc.property(parameters, parameters, (a, b) => {
      expect(differencesOf(a, b).length === 0).toBe(keyOf(a) === keyOf(b));
      expect(differencesOf(a, b)).toHaveLength(differencesOf(b, a).length);
    }),
  );
});
