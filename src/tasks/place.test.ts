import fc from "fast-check";
import { expect, test } from "vitest";
import { placeOf, priorityOf } from "./place";

const priority = fc.integer({ min: -1_000_000, max: 1_000_000 });
const turn = fc.integer({ min: 1, max: 2 ** 32 - 1 });

test("places are exact whole numbers, and give the priority back", () => {
  fc.assert(
    fc.property(priority, turn, (p, t) => {
      const place = placeOf(p, t);
      expect(Number.isSafeInteger(place)).toBe(true);
      expect(priorityOf(place)).toBe(p);
    }),
  );
});

test("higher priority comes first, then the earlier turn", () => {
  fc.assert(
    fc.property(priority, turn, priority, turn, (p1, t1, p2, t2) => {
      fc.pre(p1 !== p2 || t1 !== t2);
      expect(placeOf(p1, t1) < placeOf(p2, t2)).toBe(p1 > p2 || (p1 === p2 && t1 < t2));
    }),
  );
});
