// What REST bodies and query parameters (snake_case) have in common on their way to the verbs' input (camelCase).
import { badField } from "./errors";
import { toCamel, toSnake } from "./field-names";
import type { JsonObject } from "./json-safety";

export const snakePart = (part: PropertyKey): PropertyKey => (typeof part === "string" ? toSnake(part) : part);

export type Field = readonly [wire: string, ours: string];
export const fields = (...names: string[]): Field[] => names.map((name) => [name, toCamel(name)]);

/** The known fields of a body. All others are ignored, also those that only the server sets; null is the same as left out. */
export const pick = (body: JsonObject, known: Field[]): JsonObject => {
  const picked: JsonObject = {};
  for (const [wire, ours] of known) {
    const value = body[wire];
    if (value !== undefined && value !== null) picked[ours] = value;
  }
  return picked;
};

/** Ids are `[A-Za-z0-9_-]`: what else stands in a path names nothing, and is not asked for. */
export const isId = (text: string): boolean => /^[A-Za-z0-9_-]{1,200}$/.test(text);

export const queryPath = (path: PropertyKey[]): PropertyKey[] => path.slice(0, 1).map(snakePart);

/**
 * What a number's text means; anything else stays text, so that the schema refuses it by name.
 *
 * Whole numbers beyond what a double counts are taken as the largest: where more than a limit counts as the limit, they do, too.
 */
const numberOf = (text: string): unknown =>
  /^-?\d+(\.\d+)?$/.test(text)
    ? Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number(text), Number.MAX_SAFE_INTEGER))
    : text;

/** A `+` that was not escaped arrives as a space; a day is its beginning in UTC. */
const timeOf = (text: string): string => {
  const time = text.trim().replace(/ (\d\d:?\d\d)$/, "+$1");
  return /^\d{4}-\d\d-\d\d$/.test(time) ? `${time}T00:00:00Z` : time;
};

const READ = {
  text: (texts: string[]) => texts[0],
  number: (texts: string[]) => numberOf(texts[0] ?? ""),
  time: (texts: string[]) => timeOf(texts[0] ?? ""),
  list: (texts: string[]) =>
    texts
      .flatMap((text) => text.split(","))
      .map((text) => text.trim())
      .filter((text) => text !== ""),
};

/** Named parameters as input; an empty one is the same as left out. */
export const readQuery = (query: URLSearchParams, kinds: Record<string, keyof typeof READ>): JsonObject => {
  const input: JsonObject = {};
  for (const [name, kind] of Object.entries(kinds)) {
    const given = query.getAll(name).filter((text) => text !== "");
    if (given.length === 0) continue;
    if (given.some((text) => text.includes("\u0000"))) throw badField(name, "nul");
    input[toCamel(name)] = READ[kind](given);
  }
  return input;
};

export const flagFrom = (query: URLSearchParams, name: string): boolean => {
  const text = query.get(name)?.toLowerCase() ?? "";
  if (text === "" || text === "0" || text === "false") return false;
  if (text === "1" || text === "true") return true;
  throw badField(name, "oneOrZero");
};
