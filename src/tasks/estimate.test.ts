import fc from "fast-check";
import { expect, test } from "vitest";
import { estimateWait } from "./estimate";

const count = fc.nat({ max: 100_000 });
const mean = fc.double({ min: 0, max: 1e6, noNaN: true });
const slots = fc.integer({ min: 1, max: 1000 });

test("with a free slot and nothing waiting the wait is 0, without a worker nobody can say", () => {
  fc.assert(fc.property(mean, slots, (m, s) => estimateWait(0, s - 1, m, s) === 0));
  fc.assert(fc.property(count, count, mean, (w, r, m) => estimateWait(w, r, m, 0) === null));
  expect(estimateWait(1, 1, null, 1)).toBeNull();
});

test("more work never shortens the wait, more slots never lengthen it", () => {
  fc.assert(
    fc.property(count, count, mean, slots, (waiting, running, m, s) => {
      const now = estimateWait(waiting + 1, running, m, s) ?? 0;
      expect(estimateWait(waiting + 2, running, m, s) ?? 0).toBeGreaterThanOrEqual(now);
      expect(estimateWait(waiting + 1, running, m, s + 1) ?? 0).toBeLessThanOrEqual(now);
    }),
  );
});
