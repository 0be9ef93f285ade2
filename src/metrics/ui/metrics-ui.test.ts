import { expect, test } from "vitest";
import { groupMetrics } from "./metric-groups";
import { smooth } from "./smoothing";

test("a quantity and its held-out twin share a chart", () => {
  expect(groupMetrics(["loss", "val_loss", "accuracy", "train/accuracy", "lr", "acc_test"])).toEqual([
    { name: "loss", keys: ["loss", "val_loss"] },
    { name: "accuracy", keys: ["accuracy", "train/accuracy"] },
    { name: "lr", keys: ["lr"] },
    { name: "acc", keys: ["acc_test"] },
  ]);
});

test("a metric that is only the name of a split stays itself", () => {
  expect(groupMetrics(["test"])).toEqual([{ name: "test", keys: ["test"] }]);
});

test("smoothing keeps a constant, starts at the first value and leaves holes alone", () => {
  expect(smooth([2, 2, 2], 0.9).map((value) => Number(value.toFixed(6)))).toEqual([2, 2, 2]);
  expect(smooth([5, 1], 0.5)[0]).toBeCloseTo(5);
  expect(smooth([1, Number.NaN, 3], 0.5)[1]).toBeNaN();
  expect(smooth([1, 9], 0)).toEqual([1, 9]);
});
