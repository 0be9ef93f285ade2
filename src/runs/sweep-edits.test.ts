import fc from "fast-check";
import { expect, test } from "vitest";
import { withEdits } from "./sweep-edits";

const parameters = fc.record({ lr: fc.integer(), bs: fc.integer() });
const rows = fc.array(parameters, { minLength: 1, maxLength: 20 });
const given = rows.chain((all) => {
  const row = fc.nat({ max: all.length - 1 });
  return fc.record({
    all: fc.constant(all),
    removed: fc.array(row),
    changed: fc.uniqueArray(fc.record({ row, parameters }), { selector: (one) => one.row }),
  });
});

test("what is not named stays as it is, in its order and under its number", () => {
  fc.assert(
    fc.property(given, ({ all, removed, changed }) => {
      const made = withEdits(all, { removed, changed });
      const kept = all.flatMap((_, row) => (removed.includes(row) ? [] : [row]));
      expect(made.map((one) => one.row)).toEqual(kept);
      for (const one of made) {
        const change = changed.find(({ row }) => row === one.row);
        expect(one.edited).toBe(change !== undefined);
        expect(one.parameters).toEqual(change ? change.parameters : all[one.row]);
      }
    }),
  );
});
