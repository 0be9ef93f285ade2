// PURE. A name for a run that was given none.
import type { JsonObject } from "../platform/json-safety";

/** Characters, by code points. */
const MAX_LENGTH = 200;
const cut = (name: string, length: number): string =>
  name.length <= length ? name : [...name].slice(0, length).join("");
const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** `lr=0.01 bs=32`: its first parameters that are no objects; `run` where it has none. At most 200 characters. */
export const nameOfRun = (parameters: JsonObject): string => {
  const parts = Object.entries(parameters)
    .filter(([, value]) => value !== null && typeof value !== "object")
    .slice(0, 5)
    .map(([key, value]) => `${key}=${shown(value)}`);
  const name = parts
    .join(" ")
    .replace(/\p{Cc}/gu, " ")
    .trim();
  return name === "" ? "run" : cut(name, MAX_LENGTH);
};

/** Room for ` #` and a number of a sweep's rows and those of its extensions. */
const STEM_LENGTH = MAX_LENGTH - 9;

/**
 * `lr=0.1`, `lr=0.1 #2`, `lr=0.1 #3`: the first of equal names stays as it is, the others are counted. Names that are given are never
 * made for another, and those that are taken for none.
 */
export const uniqueNames = (names: readonly string[], taken: Iterable<string>): string[] => {
  const used = new Set(taken);
  const given = new Set(names);
  // Per stem, so that a thousand equal names do not each count from 2.
  const counts = new Map<string, number>();
  return names.map((name) => {
    const whole = cut(name, MAX_LENGTH);
    if (!used.has(whole)) {
      used.add(whole);
      return whole;
    }
    const stem = cut(name, STEM_LENGTH);
    for (let nth = counts.get(stem) ?? 2; ; nth++) {
      const counted = `${stem} #${nth}`;
      if (used.has(counted) || given.has(counted)) continue;
      counts.set(stem, nth + 1);
      used.add(counted);
      return counted;
    }
  });
};
