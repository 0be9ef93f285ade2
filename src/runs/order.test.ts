import fc from "fast-check";
import { expect, test } from "vitest";
import { exchanged, movedBefore, movesBack, type Placed } from "./order";

/** Waiting runs at growing places, with gaps where others run or ended; and some of them in any order. */
const line = fc
  .uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 12 })
  .map((places) => places.sort((a, b) => a - b).map((place, n): Placed => ({ id: `r${n}`, place })))
  .chain((waiting) =>
    fc.record({
      waiting: fc.constant(waiting),
      chosen: fc.shuffledSubarray(
        waiting.map((one) => one.id),
        { minLength: 1 },
      ),
    }),
  );

const byPlace = (placed: Placed[]): string[] => [...placed].sort((a, b) => a.place - b.place).map((one) => one.id);
const placesOf = (placed: Placed[]): number[] => placed.map((one) => one.place).sort((a, b) => a - b);
/** The line as it is after a change. */
const changed = (waiting: Placed[], changes: Placed[]): Placed[] =>
  waiting.map((one) => changes.find((change) => change.id === one.id) ?? one);

test("a reorder gives the named the places that they held, in the order given", () => {
  fc.assert(
    fc.property(line, ({ waiting, chosen }) => {
      const named = waiting.filter((one) => chosen.includes(one.id));
      const after = exchanged(named, chosen);
      expect(byPlace(after)).toEqual(chosen);
      expect(placesOf(after)).toEqual(placesOf(named));
    }),
  );
});

test("a reorder into the order that there is changes nothing, and a second one undoes the first", () => {
  fc.assert(
    fc.property(line, ({ waiting, chosen }) => {
      const named = waiting.filter((one) => chosen.includes(one.id));
      expect(exchanged(named, byPlace(named))).toEqual(named);
      expect(exchanged(exchanged(named, chosen), byPlace(named))).toEqual(named);
    }),
  );
});

test("a move puts the moved together, in their order, right before the one that is named, or last", () => {
  fc.assert(
    fc.property(line, fc.nat(), ({ waiting, chosen }, at) => {
      const others = waiting.filter((one) => !chosen.includes(one.id)).map((one) => one.id);
      const before = others[at % (others.length + 1)] ?? null;
      const after = changed(waiting, movedBefore(waiting, chosen, before));
      const order = byPlace(after);
      const first = order.indexOf(chosen[0] ?? "");
      expect(order.slice(first, first + chosen.length)).toEqual(chosen);
      expect(order[first + chosen.length] ?? null).toBe(before);
      expect(order.filter((id) => others.includes(id))).toEqual(others);
      expect(placesOf(after)).toEqual(placesOf(waiting));
    }),
  );
});

test("a move names only those whose place changes, so that one that changes nothing names none", () => {
  fc.assert(
    fc.property(line, fc.nat(), ({ waiting, chosen }, at) => {
      const others = waiting.filter((one) => !chosen.includes(one.id)).map((one) => one.id);
      const before = others[at % (others.length + 1)] ?? null;
      const changes = movedBefore(waiting, chosen, before);
      const held = new Map(waiting.map((one) => [one.id, one.place]));
      expect(changes.filter((one) => held.get(one.id) === one.place)).toEqual([]);
      expect(movedBefore(changed(waiting, changes), chosen, before)).toEqual([]);
    }),
  );
});

const inLine = (waiting: Placed[], changes: Placed[]): Placed[] =>
  changed(waiting, changes).sort((a, b) => a.place - b.place);

test("every move is undone by its moves back, one after the other", () => {
  fc.assert(
    fc.property(line, fc.nat(), ({ waiting, chosen }, nth) => {
      const ids = waiting.map((one) => one.id);
      const others = [...ids.filter((id) => !chosen.includes(id)), null];
      const moved = inLine(waiting, movedBefore(waiting, chosen, others[nth % others.length] ?? null));
      const back = movesBack(ids, chosen).reduce(
        (now, { runIds, beforeId }) => inLine(now, movedBefore(now, runIds, beforeId)),
        moved,
      );
      expect(byPlace(back)).toEqual(ids);
    }),
  );
});
