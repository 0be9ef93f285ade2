import fc from "fast-check";
import { expect, test } from "vitest";
import { windowOf } from "./window-of";

const seen = fc.record({
  top: fc.double({ min: 0, max: 500_000, noNaN: true }),
  height: fc.integer({ min: 1, max: 2000 }),
  row: fc.integer({ min: 10, max: 100 }),
  count: fc.integer({ min: 0, max: 10_000 }),
});

test("every row in sight is there, and not many more", () => {
  fc.assert(
    fc.property(seen, (given) => {
      const { first, last } = windowOf(given);
      const top = Math.max(0, Math.min(given.top, given.count * given.row - given.height));
      expect(first >= 0 && last <= given.count && first <= last).toBe(true);
      expect(first * given.row).toBeLessThanOrEqual(top);
      expect(last * given.row).toBeGreaterThanOrEqual(Math.min(given.count * given.row, top + given.height));
      expect(last - first).toBeLessThanOrEqual(given.height / given.row + 23);
    }),
  );
});
