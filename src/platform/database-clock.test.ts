import { expect, test } from "vitest";
import { useTestServices } from "../testing/services";
import { DatabaseClock } from "./database-clock";

useTestServices();

test("a clock that is set ahead or back, and a machine that slept, are seen once; slow answers are not", async () => {
  let ours = 1000;
  let theirs = 1_700_000_000_000;
  let latency = 0;
  const clock = new DatabaseClock(
    5000,
    async () => {
      ours += latency;
      theirs += latency;
      return theirs - latency / 2;
    },
    () => ours,
  );
  const after = (oursMs: number, theirsMs: number) => {
    ours += oursMs;
    theirs += theirsMs;
    return clock.wasSet();
  };
  expect(await clock.wasSet()).toBe(false);
  expect(await after(5000, 5000)).toBe(false);
  latency = 8000;
  expect(await after(5000, 5000)).toBe(false);
  latency = 0;
  expect(await after(5000, 3_605_000)).toBe(true);
  expect(await after(5000, 5000)).toBe(false);
  expect(await after(5000, -3_595_000)).toBe(true);
  expect(await after(60_000, 60_000)).toBe(false);
  expect(await after(10, 900_000)).toBe(true);
});

test("PostgreSQL's own clock goes on as ours does", async () => {
  const clock = new DatabaseClock(5000);
  expect([await clock.wasSet(), await clock.wasSet()]).toEqual([false, false]);
});
