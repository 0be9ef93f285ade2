// PURE. How long a run takes, as draws: what runs of the same unit took, scaled by the work that they declare.
import { normal, type Random } from "./seeded-random";

/** Work that a run declares in its parameters; the first of these names that it has. */
const WORK_NAMES = ["epochs", "num_epochs", "max_epochs", "n_epochs", "steps", "max_steps", "num_steps", "iterations"];

export type Work = { name: string; amount: number };

/** @returns null where it declares none, or one that is not above 0 */
export const workOf = (parameters: { [name: string]: unknown }): Work | null => {
  for (const name of WORK_NAMES) {
    const amount = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (typeof amount === "number" && Number.isFinite(amount) && amount > 0) return { name, amount };
  }
  return null;
};

/** A completed run: from start to end, above 0. */
export type Measured = { seconds: number; work: Work | null };

/**
 * Runs of one kind, in logarithms of seconds (or of seconds per epoch or step): durations vary by factors, and never below 0.
 */
type Durations = { mean: number; deviation: number; count: number; residuals: number[] };

/** Before much is measured: runs of one unit with the same work differ by about a fifth. Counts as this many measurements. */
const EXPECTED_DEVIATION = 0.2;
const EXPECTED_WEIGHT = 3;
/** From here on the shape that was measured is used instead of a normal one. */
const ENOUGH_FOR_SHAPE = 30;

const spreadOf = (seconds: number[]): Durations | null => {
  const count = seconds.length;
  if (count === 0) return null;
  const logs = seconds.map(Math.log);
  const mean = logs.reduce((sum, x) => sum + x, 0) / count;
  const squares = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const deviation = Math.sqrt((squares + EXPECTED_WEIGHT * EXPECTED_DEVIATION ** 2) / (count - 1 + EXPECTED_WEIGHT));
  const residuals = count < ENOUGH_FOR_SHAPE ? [] : logs.map((x) => x - mean);
  return { mean, deviation, count, residuals };
};

/** Draws how long a run takes. `luck` is shared by all runs of one trial: when the mean was measured wrong, it is wrong for all. */
export type DrawSeconds = (random: Random, luck: number) => number;

/**
 * For a run with this work: by what those that declare the same work took per epoch or step; where none did, by what all took.
 *
 * @returns null while nothing was measured
 */
export const durationsFor = (measured: Measured[]): ((work: Work | null) => DrawSeconds | null) => {
  const valid = measured.filter(({ seconds }) => Number.isFinite(seconds) && seconds > 0);
  const all = spreadOf(valid.map(({ seconds }) => seconds));
  const byWork = new Map<string, Durations | null>();
  const perUnitOf = (name: string) => {
    if (!byWork.has(name))
      byWork.set(
        name,
        spreadOf(valid.flatMap(({ seconds, work }) => (work?.name === name ? [seconds / work.amount] : []))),
      );
    return byWork.get(name) ?? null;
  };
  return (work) => {
    const perUnit = work === null ? null : perUnitOf(work.name);
    const kind = perUnit ?? all;
    if (kind === null) return null;
    const shift = perUnit !== null && work !== null ? Math.log(work.amount) : 0;
    return (random, luck) => {
      const mean = kind.mean + shift + (luck * kind.deviation) / Math.sqrt(kind.count);
      const picked = kind.residuals[Math.floor(random() * kind.residuals.length)];
      return Math.exp(mean + (picked ?? kind.deviation * normal(random)));
    };
  };
};
