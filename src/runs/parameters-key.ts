// PURE. When two runs have the same parameters, and where they differ.

type Json = { [key: string]: unknown };

/**
 * The same text for equal JSON values, whatever the order of their keys: 1 and 1.0 are equal, 1 and "1" are not.
 * It is JSON itself with its keys sorted, so different values never share a text.
 */
export const keyOf = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(keyOf).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, one]) => `${JSON.stringify(key)}:${keyOf(one)}`).join(",")}}`;
};

/** `undefined` on the side that lacks the parameter. */
export type Difference = { name: string; before: unknown; after: unknown };

const own = (from: Json, name: string): unknown => (Object.hasOwn(from, name) ? from[name] : undefined);

/** The top-level parameters that differ between two runs, by name. */
export const differencesOf = (before: Json, after: Json): Difference[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((name) => {
    const [was, is] = [own(before, name), own(after, name)];
    const same = (was === undefined) === (is === undefined) && keyOf(was) === keyOf(is);
    return same ? [] : [{ name, before: was, after: is }];
  });
