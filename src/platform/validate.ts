// Checks input against a schema and says what is wrong in words that follow the field's name.
import { z } from "zod";
import { badFields, type ErrorDetail } from "./errors";
import { isJsonObject, type JsonObject } from "./json-safety";

const NOUNS: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
  record: "an object",
  date: "a time",
  null: "null",
};

const kindOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "a list" : (NOUNS[typeof value] ?? typeof value);

const limitMessage = (word: "at least" | "at most", limit: unknown, origin: string): string => {
  if (origin === "string")
    return limit === 1 && word === "at least" ? "must not be empty" : `must have ${word} ${limit} characters`;
  if (origin === "array") return `must have ${word} ${limit} entries`;
  return `must be ${word} ${limit}`;
};

const messageOf = (issue: z.core.$ZodIssue, input: unknown): string => {
  switch (issue.code) {
    case "invalid_type":
      if (input === undefined) return "is required";
      if (issue.expected === "int") return "must be a whole number";
      return `must be ${NOUNS[issue.expected] ?? issue.expected}, not ${kindOf(input)}`;
    case "too_small":
      return limitMessage("at least", issue.minimum, issue.origin);
    case "too_big":
      return limitMessage("at most", issue.maximum, issue.origin);
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "custom":
      return input === undefined && issue.message === "must be an object" ? "is required" : issue.message;
    default:
      return issue.message;
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
export const detailsOf = (
  error: z.ZodError,
  input: unknown,
  rename: (path: PropertyKey[]) => PropertyKey[] = (path) => path,
): ErrorDetail[] => {
  const details = new Map<string, ErrorDetail>();
  for (const issue of error.issues) {
    const path = pathText(rename([...issue.path]));
    if (!details.has(path)) details.set(path, { path, message: messageOf(issue, valueAt(input, issue.path)) });
  }
  return [...details.values()];
};

/** @throws DomainError that names each bad field; the first decides the code */
export const parseInput = <T>(
  schema: z.ZodType<T>,
  input: unknown,
  rename?: (path: PropertyKey[]) => PropertyKey[],
): T => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw badFields(detailsOf(parsed.error, input, rename));
};

/** Any JSON object, kept as it is. Its values were checked by findUnsafe at the door. */
export const jsonObject = z.custom<JsonObject>(isJsonObject, "must be an object");

export const isInCalendar = (text: string): boolean => /^\d{4}-/.test(text) && text >= "0001";
/** In UTC of the years 1 to 9999, with an offset that there is: PostgreSQL takes no other, and RFC 3339 writes no other. */
export const instant = z.iso
  .datetime({ offset: true, error: "must be a time such as 2026-11-25T08:00:00Z", abort: true })
  .refine(
    (text) => isInCalendar(new Date(text).toISOString()) && !/[+-](?:1[6-9]|2\d):\d\d$/.test(text),
    "must be a time in the years 1 to 9999, with an offset below 16 hours",
  );
