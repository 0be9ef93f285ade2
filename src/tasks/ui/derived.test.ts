import { expect, test } from "vitest";
import { mainMetric } from "./main-metric";
import { goalOf, progressOf } from "./progress";

test("the main metric is a quality before a loss before anything else", () => {
  expect(mainMetric({ loss: 0.2, accuracy: 0.97, lr: 0.1 })).toEqual({ name: "accuracy", value: 0.97 });
  expect(mainMetric({ lr: 0.1, "val/loss": 0.3, model: "mlp" })).toEqual({ name: "val/loss", value: 0.3 });
  expect(mainMetric({ rows: 3 })).toEqual({ name: "rows", value: 3 });
  expect(mainMetric({ model: "mlp" })).toBeNull();
  expect(mainMetric(null)).toBeNull();
});

test("progress is the last step of the epochs that the config asks for", () => {
  const goal = goalOf({ lr: 0.1, epochs: 10 });
  expect(goal).toEqual({ total: 10, word: "epoch" });
  if (!goal) return;
  expect(
    progressOf(goal, {
      loss: [
        { step: 1, value: 2 },
        { step: 4, value: 1 },
      ],
    }),
  ).toMatchObject({ done: 4, share: 0.4 });
  expect(progressOf(goal, {})).toBeNull();
});

test("where steps are batches, an epoch metric is followed instead, and without one there is no progress", () => {
  const goal = { total: 3, word: "epoch" } as const;
  expect(progressOf(goal, { loss: [{ step: 900, value: 1 }], epoch: [{ step: 900, value: 2 }] })).toMatchObject({
    done: 2,
  });
  expect(progressOf(goal, { loss: [{ step: 900, value: 1 }] })).toBeNull();
});

test("a config without a number of rounds has no goal", () => {
  expect(goalOf({ epochs: "many", lr: 1 })).toBeNull();
});
