import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { replaced } from "../../scripts/lib/replacing-text.mjs";
import { faultNamed } from "./faults";
import { MUTATIONS } from "./mutations";

test("every mutation applies to the sources as they are, and its faults exist", () => {
  expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
  for (const { replacements, faults, hides } of MUTATIONS) {
    expect(hides === undefined ? faults.length > 0 : existsSync(hides.test)).toBe(true);
    for (const file of new Set(replacements.map((one) => one.file)))
      expect(replaced(file, replacements)).not.toBe(replaced(file, []));
    expect(faults.map((name) => faultNamed(name).name)).toEqual(faults);
  }
});

test("a text that is not in its source is refused", () => {
  const file = "src/tasks/cancel.ts";
  expect(() => replaced(file, [{ file, text: "SELECT no such text", by: "" }])).toThrow("0 times");
});
