import { expect, test } from "vitest";
import { goalOf, headlineOf } from "./headline";

test("which way is better is read from whole words of a name", () => {
  for (const key of ["accuracy", "val_acc", "valAcc", "test/F1", "mean-reward"]) expect(goalOf(key), key).toBe("max");
  for (const key of ["loss", "val_loss", "valLoss", "top1.error", "RMSE"]) expect(goalOf(key), key).toBe("min");
  for (const key of ["epoch", "glossary", "account", "steps"]) expect(goalOf(key), key).toBeNull();
});

test("a score says more than a loss, and a loss more than a count", () => {
  expect(headlineOf(["epochs", "loss", "accuracy", "best_accuracy"])).toEqual({ key: "accuracy", goal: "max" });
  expect(headlineOf(["epochs", "val_loss"])).toEqual({ key: "val_loss", goal: "min" });
  expect(headlineOf(["epochs", "size"])).toEqual({ key: "epochs", goal: null });
  expect(headlineOf([])).toBeNull();
});
