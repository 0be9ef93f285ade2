// Checks input against a schema and says what is wrong in words that follow the field's name.
import { z } from "zod";
import { type Problem, type ProblemKey, type ProblemParams, problemText, type WordKey } from "../i18n/problems";
import { badFields, type FieldProblem } from "./errors";
import { isJsonObject, type JsonObject } from "./json-safety";

const NOUNS: Record<string, WordKey> = {
  string: "text",
  number: "number",
  int: "whole",
  boolean: "boolean",
  object: "object",
  array: "list",
  record: "object",
  date: "time",
  null: "null",
};

const nounOf = (kind: string): { word: WordKey } => ({ word: NOUNS[kind] ?? "other" });
const kindOf = (value: unknown): { word: WordKey } =>
  nounOf(value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

type Limit = { limit: number | string; origin: string; isInclusive: boolean };

const tooSmall = ({ limit, origin, isInclusive }: Limit): Problem => {
  if (origin === "string") return limit === 1 ? { key: "notEmpty" } : { key: "atLeastCharacters", params: { limit } };
  if (origin === "array") return { key: "atLeastEntries", params: { limit } };
  return { key: isInclusive ? "atLeast" : "above", params: { limit } };
};
const tooBig = ({ limit, origin, isInclusive }: Limit): Problem => {
  if (origin === "string") return { key: "atMostCharacters", params: { limit } };
  if (origin === "array") return { key: "atMostEntries", params: { limit } };
  return { key: isInclusive ? "atMost" : "below", params: { limit } };
};
const limitIn = (limit: number | bigint, { origin, inclusive }: { origin: string; inclusive?: boolean }): Limit => ({
  limit: typeof limit === "bigint" ? String(limit) : limit,
  origin,
  isInclusive: inclusive !== false,
});

/** For the checks of a schema that are ours: zod carries the problem along with the English words. */
export const says = (key: ProblemKey, params: ProblemParams = {}) => {
  const problem: Problem = { key, params };
  return { error: problemText("en", problem), params: { problem } };
};

/** For `superRefine`. */
export const saysAt = (path: string[], key: ProblemKey, params?: ProblemParams) => {
  const { error, ...rest } = says(key, params);
  return { code: "custom" as const, path, message: error, ...rest };
};

const carriedBy = (issue: z.core.$ZodIssue): Problem | null =>
  issue.code === "custom" && issue.params?.problem ? (issue.params.problem as Problem) : null;

/** What a branch of a union would have taken; null when the value is of its kind, and wrong further in. */
const wantedBy = (issues: z.core.$ZodIssue[]): WordKey | null => {
  const [issue] = issues;
  if (!issue || issue.path.length > 0) return null;
  if (issue.code === "invalid_type") return NOUNS[issue.expected] ?? null;
  return carriedBy(issue)?.key === "object" ? "object" : null;
};

const problemOf = (issue: z.core.$ZodIssue, input: unknown): Problem => {
  switch (issue.code) {
    case "invalid_type":
      if (input === undefined) return { key: "required" };
      if (issue.expected === "int") return { key: "whole" };
      return { key: "mustBe", params: { expected: nounOf(issue.expected), actual: kindOf(input) } };
    case "too_small":
      return tooSmall(limitIn(issue.minimum, issue));
    case "too_big":
      return tooBig(limitIn(issue.maximum, issue));
    case "invalid_value":
      return { key: "oneOf", params: { values: issue.values.map(String).join(", ") } };
    case "not_multiple_of":
      return { key: "multipleOf", params: { divisor: issue.divisor } };
    case "unrecognized_keys":
      return { key: "unknownFields", params: { names: issue.keys.join(", ") } };
    case "invalid_format":
      if (issue.format === "datetime") return { key: "time" };
      return issue.format === "date" ? { key: "day" } : { key: "said", params: { text: issue.message } };
    case "invalid_union": {
      const [first, second, ...others] = issue.errors.map(wantedBy);
      return first && second && others.length === 0
        ? { key: "either", params: { first: { word: first }, second: { word: second } } }
        : { key: "notValid" };
    }
    case "custom": {
      const problem = carriedBy(issue);
      if (problem === null) return { key: "said", params: { text: issue.message } };
      return input === undefined && problem.key === "object" ? { key: "required" } : problem;
    }
    default:
      return { key: "said", params: { text: issue.message } };
  }
};

const valueAt = (root: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (node, key) =>
      typeof node === "object" && node !== null ? (node as Record<PropertyKey, unknown>)[key] : undefined,
    root,
  );

const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
    "",
  );

/** The refusals in a failed check, one for each path. */
export const problemsOf = (
  error: z.ZodError,
  input: unknown,
  rename: (path: PropertyKey[]) => PropertyKey[] = (path) => path,
): FieldProblem[] => {
  const problems = new Map<string, FieldProblem>();
  for (const issue of error.issues) {
    const path = pathText(rename([...issue.path]));
    if (!problems.has(path)) problems.set(path, { path, ...problemOf(issue, valueAt(input, issue.path)) });
  }
  return [...problems.values()];
};

/** @throws DomainError that names each bad field; the first decides the code */
export const parseInput = <T>(
  schema: z.ZodType<T>,
  input: unknown,
  rename?: (path: PropertyKey[]) => PropertyKey[],
): T => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw badFields(problemsOf(parsed.error, input, rename));
};

/** Any JSON object, kept as it is. Its values were checked by findUnsafe at the door. */
export const jsonObject = z.custom<JsonObject>(isJsonObject, says("object"));

export const isInCalendar = (text: string): boolean => /^\d{4}-/.test(text) && text >= "0001";
/** In UTC of the years 1 to 9999, with an offset that there is: PostgreSQL takes no other, and RFC 3339 writes no other. */
export const instant = z.iso
  .datetime({ offset: true, abort: true })
  .refine(
    (text) => isInCalendar(new Date(text).toISOString()) && !/[+-](?:1[6-9]|2\d):\d\d$/.test(text),
    says("timeInCalendar"),
  );
