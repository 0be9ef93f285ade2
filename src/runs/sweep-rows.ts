// PURE. A recipe's rows, what each is called, and which of them ran before.
import { keyOf } from "./parameters-key";
import { type Random, randomFor, shuffled } from "./seeded-random";
import type { NumberedRow } from "./sweep-edits";
import { type Spec, type SweepRecipe, sizeOf } from "./sweep-recipe";

export type Parameters = { [name: string]: unknown };

/** 12 digits: 3 x 0.1 is 0.3, not 0.30000000000000004. */
const tidy = (x: number): number => Number(x.toPrecision(12));
const within = (x: number, min: number, max: number): number => Math.min(max, Math.max(min, x));

/** The nth of the values that a list or a range holds. */
const valueAt = (spec: Spec, nth: number): unknown => {
  switch (spec.kind) {
    case "list":
    case "choice":
      return spec.values[nth];
    case "fixed":
      return spec.value;
    case "range": {
      if (nth === 0) return spec.from;
      const last = sizeOf(spec) - 1;
      if (spec.step === undefined && nth === last) return spec.to;
      const at = tidy(
        spec.step === undefined
          ? spec.from + ((spec.to - spec.from) * nth) / last
          : spec.from + Math.sign(spec.to - spec.from) * spec.step * nth,
      );
      return within(at, Math.min(spec.from, spec.to), Math.max(spec.from, spec.to));
    }
    case "logRange": {
      if (nth === 0) return spec.from;
      if (nth === spec.count - 1) return spec.to;
      const at = Math.exp(Math.log(spec.from) + ((Math.log(spec.to) - Math.log(spec.from)) * nth) / (spec.count - 1));
      return within(tidy(at), Math.min(spec.from, spec.to), Math.max(spec.from, spec.to));
    }
    case "uniform":
    case "logUniform":
    case "int":
      return undefined;
  }
};

/** One draw. Of what is listed, each value is as likely. */
const draw = (spec: Spec, random: Random): unknown => {
  switch (spec.kind) {
    case "uniform":
      return within(tidy(spec.min + (spec.max - spec.min) * random()), spec.min, spec.max);
    case "logUniform": {
      const at = Math.exp(Math.log(spec.min) + (Math.log(spec.max) - Math.log(spec.min)) * random());
      return within(tidy(at), spec.min, spec.max);
    }
    case "int":
      return within(Math.floor(spec.min + (spec.max - spec.min + 1) * random()), spec.min, spec.max);
    case "choice":
      return spec.values[Math.floor(random() * spec.values.length)];
    case "fixed":
    case "list":
    case "range":
    case "logRange":
      return valueAt(spec, Math.floor(random() * sizeOf(spec)));
  }
};

const isDrawn = (spec: Spec): boolean => ["uniform", "logUniform", "int", "choice"].includes(spec.kind);

/** Rows with, for `cornersFirst`, the number of parameters that are at neither end of their list. */
type Row = { parameters: Parameters; inside: number };

/** Each parameter draws from a stream of its own: another parameter, or another row, does not change what it gets. */
const drawersOf = (recipe: SweepRecipe): [string, () => unknown][] =>
  Object.entries(recipe.parameters).map(([name, spec]) => {
    const random = randomFor(recipe.seed, name);
    return [name, () => draw(spec, random)];
  });

const randomRows = (recipe: SweepRecipe): Row[] => {
  const drawers = drawersOf(recipe);
  return Array.from({ length: recipe.count ?? 0 }, () => ({
    parameters: Object.fromEntries(drawers.map(([name, next]) => [name, next()])),
    inside: 0,
  }));
};

const gridRows = (recipe: SweepRecipe): Row[] => {
  const specs = Object.entries(recipe.parameters);
  const draws = new Map(drawersOf(recipe));
  const total = specs.reduce((product, [, spec]) => product * sizeOf(spec), 1);
  return Array.from({ length: total }, (_, row) => {
    let left = total;
    let inside = 0;
    const parameters = specs.map(([name, spec]): [string, unknown] => {
      if (isDrawn(spec)) return [name, draws.get(name)?.()];
      const size = sizeOf(spec);
      left /= size;
      const nth = Math.floor(row / left) % size;
      if (nth > 0 && nth < size - 1) inside++;
      return [name, valueAt(spec, nth)];
    });
    return { parameters: Object.fromEntries(parameters), inside };
  });
};

/** All rows of a recipe, in the order in which they are to run. */
export const rowsOf = (recipe: SweepRecipe): Parameters[] => {
  const rows = recipe.method === "random" ? randomRows(recipe) : gridRows(recipe);
  const ordered =
    recipe.order === "shuffled"
      ? shuffled(rows, randomFor(recipe.seed, "order of rows"))
      : recipe.order === "cornersFirst"
        ? [...rows].sort((a, b) => a.inside - b.inside)
        : rows;
  return ordered.map((row) => row.parameters);
};

const MAX_NAME = 200;
const shown = (value: unknown): string => (typeof value === "string" ? value : keyOf(value));

const FEWEST_DIGITS = 4;
const MOST_DIGITS = 12;

/** What stands before the point is kept: a seed with other digits at its end is another seed. */
const rounded = (value: unknown, digits: number): unknown => {
  if (typeof value !== "number" || Number.isInteger(value)) return value;
  const before = Math.abs(value) < 1 ? 0 : Math.floor(Math.log10(Math.abs(value))) + 1;
  return Number(value.toPrecision(Math.max(digits, before)));
};

/** How a parameter's values are told: with four significant digits, or with as many more as keep different ones apart. */
const tellerOf = (values: unknown[]): ((value: unknown) => string) => {
  const different = new Set(values.map(keyOf)).size;
  for (let digits = FEWEST_DIGITS; digits < MOST_DIGITS; digits++)
    if (new Set(values.map((one) => keyOf(rounded(one, digits)))).size === different)
      return (value) => shown(rounded(value, digits));
  return shown;
};

/**
 * `lr=0.01 bs=32`: what differs between the rows, in the order of their parameters, with four significant digits where that tells them
 * apart. At most 200 characters.
 *
 * @returns null for each where nothing differs
 */
export const namesOf = (rows: Parameters[]): (string | null)[] => {
  const textOf = (row: Parameters, name: string) => (Object.hasOwn(row, name) ? keyOf(row[name]) : "");
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  const first = rows[0] ?? {};
  const differing = [...names].filter((name) => {
    const text = textOf(first, name);
    return rows.some((row) => textOf(row, name) !== text);
  });
  if (differing.length === 0) return rows.map(() => null);
  const tellers = differing.map((name): [string, (value: unknown) => string] => [
    name,
    tellerOf(rows.flatMap((row) => (Object.hasOwn(row, name) ? [row[name]] : []))),
  ]);
  return rows.map((row) => {
    const parts = tellers.filter(([one]) => Object.hasOwn(row, one)).map(([one, told]) => `${one}=${told(row[one])}`);
    return [...parts.join(" ").replace(/\p{Cc}/gu, " ")].slice(0, MAX_NAME).join("");
  });
};

export type MarkedRow = NumberedRow & {
  name: string | null;
  /** a run that has the same parameters */
  ranBefore: string | null;
  /** number, from 0, of the earlier row that has the same parameters */
  repeats: number | null;
};

/** @param before run ids by the key of their parameters (keyOf) */
export const markRows = (rows: NumberedRow[], before: ReadonlyMap<string, string>): MarkedRow[] => {
  const names = namesOf(rows.map((one) => one.parameters));
  const seen = new Map<string, number>();
  return rows.map((one, nth) => {
    const key = keyOf(one.parameters);
    const repeats = seen.get(key) ?? null;
    if (repeats === null) seen.set(key, one.row);
    return { ...one, name: names[nth] ?? null, ranBefore: before.get(key) ?? null, repeats };
  });
};
