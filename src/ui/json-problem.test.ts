import fc from "fast-check";
import { expect, test } from "vitest";
import { readJsonObject } from "./json-problem";

test.each([
  ["", "empty", 1, 1],
  ['{"lr": 0.1,}', "trailingComma", 1, 11],
  ['{\n  "lr": 0.1\n  "epochs": 3\n}', "missingComma", 3, 3],
  ['{"lr" 0.1}', "missingColon", 1, 7],
  ['{"lr": }', "missingValue", 1, 8],
  ["{lr: 0.1}", "keyNeedsQuotes", 1, 2],
  ["{'lr': 0.1}", "singleQuotes", 1, 2],
  ['{"name": "x}', "unclosedText", 1, 10],
  ['{"path": "C:\\data"}', "badEscape", 1, 13],
  ['{"lr": 0.1', "unclosed", 1, 1],
  ['{\n  // the rate\n  "lr": 1}', "comment", 2, 3],
  ['{"amp": True}', "pythonWord", 1, 9],
  ['{"lr": NaN}', "notFinite", 1, 8],
  ['{"lr": 1e999}', "notFinite", 1, 8],
  ['{"lr": .5}', "badNumber", 1, 8],
  ['{"seed": 12345678901234567890}', "unsafeNumber", 1, 10],
  ['{"lr": 1, "lr": 2}', "duplicateKey", 1, 11],
  ['{"lr": 1} x', "extra", 1, 11],
  ["[1, 2]", "notObject", 1, 1],
  [`{"a": ${"[".repeat(70)}${"]".repeat(70)}}`, "tooDeep", 1, 71],
])("%j has %s at line %i, column %i", (text, reason, line, column) => {
  expect(readJsonObject(text)).toMatchObject({ problem: { reason, line, column } });
});

test("every object that JSON can write is read back equal", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (object) => {
      const text = JSON.stringify(object, null, 2);
      const found = readJsonObject(text);
      if ("problem" in found) expect(found.problem.reason).toBe("unsafeNumber");
      else expect(found.value).toEqual(JSON.parse(text));
    }),
  );
});

test("what passes the check is JSON, whatever the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."{}[]\",:\\ntrue01.-e'/ ") }), (text) => {
      const found = readJsonObject(text);
      if ("problem" in found) expect(found.problem.reason).not.toBe("unknown");
    }),
    { numRuns: 2000 },
  );
});
