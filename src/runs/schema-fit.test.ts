import { describe, expect, test } from "vitest";
import type { JsonObject } from "../platform/json-safety";
import { checkSchema, fitOf } from "./schema-fit";

const lr = { type: "object", properties: { lr: { type: "number", minimum: 0 } }, required: ["lr"] };

test("without a schema everything fits", () => {
  expect(fitOf(null)({ any: ["thing"] })).toBeNull();
});

test.each<[JsonObject, string | null]>([
  [{ lr: 0.1 }, null],
  [{ lr: 0.1, more: true }, null],
  [{}, "lr is required"],
  [{ lr: "0.1" }, "lr must be a number, not text"],
  [{ lr: -1 }, "lr must be at least 0"],
])("%j against a number of at least 0: %s", (parameters, misfit) => {
  expect(fitOf(lr)(parameters)).toBe(misfit);
});

describe("patterns are left out", () => {
  // 30 letters would take this pattern about a minute, 40 days.
  const slow = "^(a+)+$";
  const bad = `${"a".repeat(40)}!`;

  test.each<[string, JsonObject, JsonObject]>([
    ["of a text", { properties: { a: { type: "string", pattern: slow } } }, { a: bad }],
    ["of names", { patternProperties: { [slow]: { type: "number" } } }, { [bad]: "x" }],
    ["of allowed names", { propertyNames: { pattern: slow } }, { [bad]: 1 }],
    ["beside closed names", { patternProperties: { [slow]: {} }, additionalProperties: false }, { [bad]: 1 }],
    ["deep down", { properties: { a: { type: "array", items: { type: "string", pattern: slow } } } }, { a: [bad] }],
    ["in a choice", { properties: { a: { anyOf: [{ type: "string", pattern: slow }] } } }, { a: bad }],
    [
      "by reference",
      { $defs: { t: { type: "string", pattern: slow } }, properties: { a: { $ref: "#/$defs/t" } } },
      { a: bad },
    ],
  ])("%s", (_, schema, parameters) => {
    expect(fitOf({ type: "object", ...schema })(parameters)).toBeNull();
  });

  test("but not a parameter that is called pattern, or data that looks like one", () => {
    const misfitOf = fitOf({
      type: "object",
      properties: { pattern: { type: "number" }, mode: { enum: ["pattern"] } },
      required: ["pattern"],
    });
    expect(misfitOf({ pattern: "x" })).toBe("pattern must be a number, not text");
    expect(misfitOf({})).toBe("pattern is required");
    expect([misfitOf({ pattern: 1, mode: "pattern" }), misfitOf({ pattern: 1, mode: "other" })]).toEqual([
      null,
      expect.stringContaining("mode"),
    ]);
  });
});

test("a schema that cannot be read is refused by name", () => {
  expect(() => checkSchema({ type: "nonsense" })).toThrow(/^parametersSchema cannot be read/);
});
