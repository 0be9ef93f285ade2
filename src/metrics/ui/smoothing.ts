/**
 * Exponential moving average without the pull towards zero at the start (as TensorBoard does it).
 *
 * @param weight 0 (as measured) up to, not including, 1
 */
export const smooth = (values: number[], weight: number): number[] => {
  if (weight <= 0) return values;
  let average = 0;
  let seen = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    average = average * weight + (1 - weight) * value;
    seen += 1;
    return average / (1 - weight ** seen);
  });
};
