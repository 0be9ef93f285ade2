import fc from "fast-check";
import { expect, test } from "vitest";
import { SlidingWindow } from "./sliding-window";

const WINDOW_MS = 1000;

test("whatever is asked and when, no window of any beginning holds more than the limit, and none is refused that fits", () => {
  const steps = fc.array(
    fc.record({ afterMs: fc.integer({ min: 0, max: 700 }), asked: fc.integer({ min: 0, max: 7 }) }),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 10 }), (asks, limit) => {
      const window = new SlidingWindow(WINDOW_MS);
      const granted: number[] = [];
      let now = 0;
      for (const { afterMs, asked } of asks) {
        now += afterMs;
        const inWindow = () => granted.filter((at) => at > now - WINDOW_MS).length;
        const wanted = Math.min(asked, limit - inWindow());
        const taken = window.take(now, limit, asked);
        for (let index = 0; index < taken.granted; index++) granted.push(now);
        expect(taken.granted).toBe(wanted);
        expect(taken.remaining).toBe(limit - inWindow());
        expect(window.count(now)).toBe(inWindow());
        expect(inWindow()).toBeLessThanOrEqual(limit);
      }
    }),
  );
});

test("the time until there is room is exact: one millisecond before it nothing is granted", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      (pauses, limit) => {
        const window = new SlidingWindow(WINDOW_MS);
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          window.take(now, limit, 1);
        }
        window.take(now, limit, limit);
        const { remaining, resetMs } = window.take(now, limit, 0);
        expect(remaining).toBe(0);
        expect(window.take(now + resetMs - 1, limit, 1).granted).toBe(0);
        expect(window.take(now + resetMs, limit, 1).granted).toBe(1);
      },
    ),
  );
});

test("under a limit that was lowered, as many have to leave first as are too many", () => {
  const window = new SlidingWindow(WINDOW_MS);
  for (const now of [0, 100, 200]) window.take(now, 3, 1);
  expect(window.take(300, 1, 1)).toEqual({ granted: 0, remaining: 0, resetMs: 900 });
  expect(window.take(1199, 1, 1).granted).toBe(0);
  expect(window.take(1200, 1, 1).granted).toBe(1);
});
