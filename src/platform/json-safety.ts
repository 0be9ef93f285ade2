// Values that JSON can carry but that cannot be stored, or not come back equal.
import type { ProblemKey } from "../i18n/problems";
import { badField, type DomainError } from "./errors";

const MAX_DEPTH = 64;
/** A UTF-16 surrogate without its partner: PostgreSQL's jsonb refuses it. */
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
/** What comes back as it was given, in a body or in one of a batch; other numbers are measured by their field, or ignored with it. */
const KEPT = /^(?:(?:tasks|queues|runs)\[\d+\]\.)?(?:config|parameters|metadata|result|artifacts|metrics)(?:[.[]|$)/;
/** 2^53, as JSON writes it: beyond, doubles no longer tell each whole number from its neighbours. */
const MAX_WHOLE = "9007199254740992";
const isBeyondMax = (digits: string): boolean =>
  digits.length > MAX_WHOLE.length || (digits.length === MAX_WHOLE.length && digits > MAX_WHOLE);
/** Strings, and literals of numbers. */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export type JsonObject = { [key: string]: unknown };

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const child = (path: string, key: string | number): string =>
  typeof key === "number" ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;

const badText = (text: string): ProblemKey | null => {
  if (text.includes("\u0000")) return "nul";
  return LONE_SURROGATE.test(text) ? "surrogate" : null;
};

/**
 * The first value below `value` that cannot be stored or would not come back equal, as a refusal that names its path.
 *
 * Refused: deeper than 64 levels, NUL, a lone surrogate, a number that is not finite; in what is kept as given, a whole number
 * beyond ±2^53 that was not written with a fraction or an exponent (REST contract, rules for every route).
 *
 * @param source the text that was parsed; without it every whole number from 2^53 on counts as one beyond, written out
 */
export const findUnsafe = (value: unknown, source?: string, rootPath = ""): DomainError | null => {
  let rounded: Set<number> | undefined;
  /** Whether the number stands in the text as digits of a whole number beyond ±2^53. */
  const isBeyond = (node: number): boolean => {
    if (source === undefined) return true;
    rounded ??= new Set(
      (source.match(STRING_OR_NUMBER) ?? [])
        .filter((token) => /^-?\d+$/.test(token) && isBeyondMax(token.replace("-", "")))
        .map(Number),
    );
    return rounded.has(node);
  };
  const walk = (node: unknown, path: string, depth: number): DomainError | null => {
    if (typeof node === "string") {
      const problem = badText(node);
      return problem === null ? null : badField(path, problem);
    }
    if (typeof node === "number") {
      if (!Number.isFinite(node)) return badField(path, "finite");
      if (Number.isInteger(node) && !Number.isSafeInteger(node) && KEPT.test(path) && isBeyond(node))
        return badField(path, "wholeWithin");
      return null;
    }
    if (typeof node !== "object" || node === null) return null;
    if (depth >= MAX_DEPTH) return badField(path, "tooDeep", { limit: MAX_DEPTH });
    if (Array.isArray(node)) {
      for (let i = 0; i < node.length; i++) {
        const found = walk(node[i], child(path, i), depth + 1);
        if (found) return found;
      }
      return null;
    }
    for (const key in node) {
      const problem = badText(key);
      if (problem !== null) return badField(child(path, key.replaceAll("\u0000", "\\u0000")), problem);
      const found = walk((node as JsonObject)[key], child(path, key), depth + 1);
      if (found) return found;
    }
    return null;
  };
  return walk(value, rootPath, 0);
};
