import { expect, test } from "vitest";
import { parseInput } from "../../platform/validate";
import { sweepRecipe } from "../sweep-recipe";
import { rowsOf } from "../sweep-rows";
import { formOf, readValue, recipeOf, rowOfPath, type SweepForm, splitValues } from "./sweep-form";

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

test("a recipe becomes the form that makes the same rows again", () => {
  const recipe = parseInput(sweepRecipe, {
    parameters: {
      lr: { kind: "list", values: [0.1, "0.1", "adam", "a, b", "", [1, 2], { x: "}" }, null] },
      wd: { kind: "range", from: 0, to: 0.3, count: 4 },
      down: { kind: "range", from: 3, to: 1, step: 1 },
      same: { kind: "range", from: 2, to: 2, count: 2 },
      once: { kind: "range", from: 5, to: 9, count: 1 },
      decay: { kind: "logRange", from: 1e-4, to: 0.1, count: 3 },
      dropout: { kind: "uniform", min: 0, max: 0.5 },
      depth: { kind: "int", min: 1, max: 9 },
      act: { kind: "choice", values: ["relu", "true"] },
      epochs: { kind: "fixed", value: "10" },
    },
    order: "cornersFirst",
    seed: 7,
  });
  const again = parseInput(sweepRecipe, recipeOf(formOf(recipe, "s")));
  expect(rowsOf(again)).toEqual(rowsOf(recipe));
  const random = parseInput(sweepRecipe, {
    parameters: { lr: { kind: "logUniform", min: 1e-5, max: 1 } },
    ...{ method: "random", count: 3, order: "shuffled" },
  });
  expect(parseInput(sweepRecipe, recipeOf(formOf(random, "s")))).toEqual(random);
});
