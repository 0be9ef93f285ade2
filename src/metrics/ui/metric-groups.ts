// Which metrics share a chart: the same quantity of the training and of the held-out data.

const SPLIT =
  /^(train|training|val|valid|validation|test|eval|held_?out)[_\-/. ]|[_\-/. ](train|training|val|valid|validation|test|eval)$/i;

export type MetricGroup = { name: string; keys: string[] };

/** `loss`, `train_loss` and `val/loss` are one group; order of names, then of keys as they came. */
export const groupMetrics = (keys: string[]): MetricGroup[] => {
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    const name = key.replace(SPLIT, "") || key;
    const group = groups.get(name);
    if (group) group.push(key);
    else groups.set(name, [key]);
  }
  return [...groups].map(([name, members]) => ({ name, keys: members }));
};
