// PURE. Which number of a result says most, and which way is better. Nobody told: it is read from the name, as people write them.

export type Headline = { key: string; goal: "max" | "min" | null };

const words = (list: string) => new RegExp(`(^|[^a-z0-9])(${list})($|[^a-z0-9])`, "i");
const LARGER = words(
  "acc|accuracy|f1|auc|auroc|precision|recall|map|iou|miou|dice|bleu|rouge|reward|score|psnr|ssim|r2",
);
const SMALLER = words("loss|nll|error|err|mae|mse|rmse|perplexity|ppl|wer|cer|fid");

/** null where the name does not tell: `val_acc` is better larger, `loss/val` smaller, `epoch` neither. */
export const goalOf = (key: string): Headline["goal"] => {
  const text = key.replace(/([a-z])([A-Z])/g, "$1 $2");
  if (SMALLER.test(text)) return "min";
  return LARGER.test(text) ? "max" : null;
};

/**
 * A score before a loss before anything else, each the first of its kind.
 *
 * @param keys of the numbers of one result, in their order
 */
export const headlineOf = (keys: readonly string[]): Headline | null => {
  const key =
    keys.find((one) => goalOf(one) === "max") ?? keys.find((one) => goalOf(one) === "min") ?? keys.find(() => true);
  return key === undefined ? null : { key, goal: goalOf(key) };
};
