// The one number that says how good a run is, out of whatever its program wrote.

/** Asked for in this order: held-out before training, quality before loss. */
const PREFERRED = [
  "accuracy",
  "val_accuracy",
  "test_accuracy",
  "best_accuracy",
  "acc",
  "val_acc",
  "test_acc",
  "top1",
  "f1",
  "val_f1",
  "auc",
  "roc_auc",
  "map",
  "miou",
  "bleu",
  "score",
  "reward",
  "r2",
  "psnr",
  "val_loss",
  "test_loss",
  "eval_loss",
  "loss",
  "perplexity",
  "rmse",
  "mae",
  "mse",
];

export type MainMetric = { name: string; value: number };

/** @returns null when there is no number in it */
export const mainMetric = (values: Record<string, unknown> | null): MainMetric | null => {
  if (!values) return null;
  const numbers = Object.entries(values).flatMap(([name, value]) =>
    typeof value === "number" && Number.isFinite(value) ? [{ name, value }] : [],
  );
  const rank = ({ name }: MainMetric) => {
    const index = PREFERRED.indexOf(name.toLowerCase().replaceAll(/[-/. ]/g, "_"));
    return index === -1 ? PREFERRED.length : index;
  };
  return numbers.sort((a, b) => rank(a) - rank(b))[0] ?? null;
};
