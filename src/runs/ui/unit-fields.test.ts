import { expect, test } from "vitest";
import { endOf } from "./unit-end";
import { fieldsOf, parametersFrom } from "./unit-fields";

const schema = {
  type: "object",
  properties: {
    lr: { type: "number", description: "learning rate" },
    epochs: { type: "integer", default: 10 },
    amp: { type: "boolean" },
    opt: { enum: ["sgd", "adam"] },
  },
  required: ["lr", "epochs"],
};

test("simple properties become fields, required where nothing stands for them", () => {
  expect(fieldsOf(schema)?.map(({ name, kind, required, initial }) => [name, kind, required, initial])).toEqual([
    ["lr", "number", true, ""],
    ["epochs", "integer", false, "10"],
    ["amp", "boolean", false, ""],
    ["opt", "choice", false, ""],
  ]);
});

test("what needs JSON, or says nothing, makes no form", () => {
  expect(fieldsOf({ properties: { lr: { type: "number" }, layers: { type: "array" } } })).toBeNull();
  expect(fieldsOf({ properties: {} })).toBeNull();
  expect(fieldsOf(null)).toBeNull();
});

test("what is filled in becomes parameters of the right kind; empty ones are left out", () => {
  const fields = fieldsOf(schema) ?? [];
  expect(parametersFrom(fields, { lr: "1e-3", epochs: "", amp: "false", opt: "adam" })).toEqual({
    parameters: { lr: 0.001, amp: false, opt: "adam" },
  });
  expect(parametersFrom(fields, { lr: "fast" })).toEqual({ bad: "lr" });
});

test("a run ends when it goes on as fast as until now; too little progress says nothing", () => {
  const startedAt = new Date(1_000_000).toISOString();
  expect(endOf({ startedAt, progress: { done: 1, total: 4 } }, 1_010_000)).toBe(1_040_000);
  expect(endOf({ startedAt, progress: { done: 1, total: 100 } }, 1_010_000)).toBeNull();
  expect(endOf({ startedAt, progress: null }, 1_010_000)).toBeNull();
});
