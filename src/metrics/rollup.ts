// PURE. Extremes of buckets of steps, so that a chart of a million points reads some thousand rows.
import type { MetricPoint } from "./append";

/** Buckets of 512 and of 65,536 steps: series of a point each step, and of a point each some hundred steps. */
export const LEVELS = [9, 16] as const;

/** Beyond it neighbouring steps are no longer told apart. */
const MAX_STEP = 2 ** 52;

export const bucketOf = (step: number, level: number): number => Math.floor(step / 2 ** level);

export type Rollup = {
  key: string;
  level: number;
  bucket: number;
  low: number;
  lowStep: number;
  high: number;
  highStep: number;
};

/** The extremes of a batch. Points beyond ±2^52 are in none, and a series that has them is read as it is. */
export const rollUp = (points: MetricPoint[]): Rollup[] => {
  const found = new Map<string, Rollup>();
  for (const level of LEVELS)
    for (const { key, step, value } of points) {
      if (Math.abs(step) > MAX_STEP) continue;
      const bucket = bucketOf(step, level);
      const id = `${level} ${bucket} ${key}`;
      const known = found.get(id);
      if (!known) found.set(id, { key, level, bucket, low: value, lowStep: step, high: value, highStep: step });
      else {
        if (value < known.low) Object.assign(known, { low: value, lowStep: step });
        if (value > known.high) Object.assign(known, { high: value, highStep: step });
      }
    }
  return [...found.values()];
};

/**
 * The level that a chart is read from: the coarsest with at least twice as many buckets as the chart has stretches.
 * @returns null where the points themselves are to be read
 */
export const levelFor = (from: number, to: number, stretches: number): number | null => {
  const isFit = (level: number) => (to - from) / 2 ** level >= 2 * stretches;
  if (Math.max(Math.abs(from), Math.abs(to)) > MAX_STEP) return null;
  return [...LEVELS].reverse().find(isFit) ?? null;
};
