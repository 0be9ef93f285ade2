// PURE. Text and numbers as the server can keep them.

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
const MAX_LINE = 16 * 1024;
const MAX_KEY = 200;

/** One line: no NUL, no half of a surrogate pair, at most 16,384 characters. */
export const printableLine = (text: string): string => {
  const clean = text.replaceAll("\0", "\u2400").replace(LONE_SURROGATE, "\uFFFD");
  return clean.length <= MAX_LINE ? clean : `${clean.slice(0, MAX_LINE).replace(LONE_SURROGATE, "")} …`;
};

export const linesOf = (text: string): string[] =>
  text
    .replace(/\r?\n$/, "")
    .split(/\r?\n/)
    .map(printableLine);

/** The points that can be kept; the others (NaN, Infinity, a name that is empty or too long) are named. */
export const keepablePoints = (
  metrics: Record<string, number | undefined>,
): { values: Record<string, number>; refused: string[] } => {
  const values: Record<string, number> = {};
  const refused: string[] = [];
  for (const [key, value] of Object.entries(metrics)) {
    if (value === undefined) continue;
    if (Number.isFinite(value) && key !== "" && key.length <= MAX_KEY && printableLine(key) === key)
      values[key] = value;
    else refused.push(`${key} = ${value}`);
  }
  return { values, refused };
};

/** A value as the object of a result: JSON drops what it cannot say, and objects stay as they are. */
export const asResult = (value: unknown): { result: Record<string, unknown> | undefined } | { problem: string } => {
  if (value === undefined || value === null) return { result: undefined };
  try {
    const json: unknown = JSON.parse(JSON.stringify(value));
    if (typeof json !== "object" || json === null || Array.isArray(json))
      return { problem: "A run's result must be an object, such as { accuracy: 0.97 }." };
    return { result: json as Record<string, unknown> };
  } catch (error) {
    return {
      problem: `The run's result cannot be written as JSON: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
};
