import { expect, test } from "vitest";
import { parseInput } from "../../platform/validate";
import { sweepRecipe } from "../sweep-recipe";
import { readValue, recipeOf, rowOfPath, type SweepForm, splitValues } from "./sweep-form";

const form = (rows: SweepForm["rows"], rest: Partial<SweepForm> = {}): SweepForm => ({
  ...{ name: "sweep", rows, method: "grid", count: "", order: "given", seed: "1" },
  ...rest,
});

test("values are JSON where they are JSON, and words otherwise", () => {
  expect(["0.1", "1e-3", "true", "null", '"0.1"', "adam", "[1,2]"].map(readValue)).toEqual([
    ...[0.1, 0.001, true, null, "0.1", "adam"],
    [1, 2],
  ]);
  expect(splitValues('1, 2\n"a, b", [3, 4], {"x": 1}, ')).toEqual(["1", "2", '"a, b"', "[3, 4]", '{"x": 1}']);
});

test("each kind becomes what the server's schema takes", () => {
  const recipe = recipeOf(
    form([
      { id: 1, name: "lr", kind: "logRange", texts: { from: "1e-4", to: "0.1", count: "4" } },
      { id: 2, name: "bs", kind: "list", texts: { values: "32, 64" } },
      { id: 3, name: "epochs", kind: "fixed", texts: { values: "10" } },
      { id: 4, name: "wd", kind: "range", texts: { from: "0", to: "0.2", step: "0.1" } },
      { id: 5, name: "dropout", kind: "uniform", texts: { min: "0", max: "0.5" } },
      { id: 6, name: "", kind: "list", texts: {} },
    ]),
  );
  expect(parseInput(sweepRecipe, recipe)).toMatchObject({
    parameters: {
      lr: { kind: "logRange", from: 1e-4, to: 0.1, count: 4 },
      bs: { kind: "list", values: [32, 64] },
      epochs: { kind: "fixed", value: 10 },
      wd: { kind: "range", from: 0, to: 0.2, step: 0.1 },
      dropout: { kind: "uniform", min: 0, max: 0.5 },
    },
    seed: 1,
  });
});

test("what is no number is left for the server to name", () => {
  const recipe = recipeOf(form([{ id: 1, name: "lr", kind: "uniform", texts: { min: "a", max: "1" } }]));
  expect(() => parseInput(sweepRecipe, recipe)).toThrow(/parameters\.lr\.min/);
  expect(rowOfPath("recipe.parameters.lr.min")).toBe("lr");
  expect(rowOfPath("recipe.count")).toBeNull();
});
