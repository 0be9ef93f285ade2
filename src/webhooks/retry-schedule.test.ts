import fc from "fast-check";
import { expect, test } from "vitest";
import { retryDelaySeconds } from "./retry-schedule";

const allDelays = (quickTries: number, random: number): number[] => {
  const delays: number[] = [];
  for (let tries = 1; ; tries++) {
    const delay = retryDelaySeconds(tries, quickTries, random);
    if (delay === null) return delays;
    delays.push(delay);
  }
};

test("the quick tries come within seconds, then the intervals grow, over a day in all", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), fc.double({ min: 0, max: 1, noNaN: true }), (quickTries, random) => {
      const delays = allDelays(quickTries, random);
      const [quick, slow] = [delays.slice(0, quickTries), delays.slice(quickTries)];
      expect(quick).toHaveLength(quickTries);
      expect(Math.max(0, ...quick)).toBeLessThanOrEqual(5.5);
      expect(slow.length).toBeGreaterThan(5);
      expect(slow).toEqual([...slow].sort((a, b) => a - b));
      expect(slow[0]).toBeGreaterThanOrEqual(50);
      const hours = delays.reduce((sum, delay) => sum + delay, 0) / 3600;
      expect(hours).toBeGreaterThan(21);
      expect(hours).toBeLessThan(27);
    }),
  );
});

test("jitter takes or adds a tenth at most, and does spread", () => {
  const spread = Array.from({ length: 200 }, () => retryDelaySeconds(4, 3) ?? 0);
  expect(Math.min(...spread)).toBeGreaterThanOrEqual(54);
  expect(Math.max(...spread)).toBeLessThanOrEqual(66);
  expect(new Set(spread).size).toBeGreaterThan(190);
});
