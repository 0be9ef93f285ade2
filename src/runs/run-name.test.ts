import fc from "fast-check";
import { expect, test } from "vitest";
import { uniqueNames } from "./run-name";

/** Few and short, so that they often meet, with suffixes that look like ours. */
const name = fc.oneof(
  fc.constantFrom("lr=1", "lr=1 #2", "lr=1 #3", "run", "x".repeat(200), `${"x".repeat(200)}y`, "😀".repeat(199)),
  fc.string({ minLength: 1, maxLength: 3 }),
);
const names = fc.array(name, { maxLength: 30 });

test("no two names are the same, none is one that is taken, and none is longer than 200 characters", () => {
  fc.assert(
    fc.property(names, names, (given, taken) => {
      const made = uniqueNames(given, taken);
      expect(made).toHaveLength(given.length);
      expect(new Set([...made, ...taken]).size).toBe(made.length + new Set(taken).size);
      for (const one of made) expect([...one].length).toBeLessThanOrEqual(200);
    }),
  );
});

test("what is alone keeps its name, and of equal ones the first does", () => {
  fc.assert(
    fc.property(names, (all) => {
      const given = all.filter((one) => [...one].length <= 200);
      const made = uniqueNames(given, []);
      for (const [nth, one] of given.entries())
        if (given.indexOf(one) === nth) expect(made[nth]).toBe(one);
        else expect(made[nth]).toMatch(/ #\d+$/);
    }),
  );
});

test("equal names are counted", () => {
  expect(uniqueNames(["a", "a", "b", "a"], [])).toEqual(["a", "a #2", "b", "a #3"]);
  expect(uniqueNames(["a", "a", "a #2"], [])).toEqual(["a", "a #3", "a #2"]);
  expect(uniqueNames(["a"], ["a", "a #2"])).toEqual(["a #3"]);
});

test("10,000 equal names are not each counted from 2", () => {
  const long = Array.from({ length: 10_000 }, (_, n) => `${"x".repeat(195)}${n >> 1}`);
  for (const given of [Array<string>(10_000).fill("a"), long]) {
    const started = process.cpuUsage();
    expect(new Set(uniqueNames(given, [])).size).toBe(10_000);
    // Not by the clock, which also counts what others do on the machine.
    expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
  }
});
