// Whether parameters fit the JSON Schema that a unit's driver published.
import { z } from "zod";
import { badField, detailsIn } from "../platform/errors";
import { isJsonObject, type JsonObject } from "../platform/json-safety";
import { problemsOf } from "../platform/validate";

/** @returns what is wrong, in a sentence, for each set of parameters; null where it fits */
export type Fit = (parameters: JsonObject) => string | null;

/** Keywords whose values are schemas by names of the caller's own. */
const BY_NAME = new Set(["properties", "$defs", "definitions", "dependentSchemas"]);
/** Keywords whose values are data. */
const DATA = new Set(["enum", "const", "default", "examples", "required"]);

/**
 * The schema without its patterns: a pattern of the caller's could keep this process busy for hours (`^(a+)+$`), and all
 * accounts with it. What is left takes more than the schema does, never less.
 */
const withoutPatterns = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(withoutPatterns);
  if (!isJsonObject(schema)) return schema;
  const hasNamePatterns = schema.patternProperties !== undefined;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => key !== "pattern" && key !== "patternProperties")
      .filter(([key]) => !(hasNamePatterns && key === "additionalProperties"))
      .map(([key, value]) => [
        key,
        DATA.has(key)
          ? value
          : BY_NAME.has(key) && isJsonObject(value)
            ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutPatterns(one)]))
            : withoutPatterns(value),
      ]),
  );
};

const makeFit = (schema: JsonObject): Fit => {
  const type = z.fromJSONSchema(withoutPatterns(schema) as Parameters<typeof z.fromJSONSchema>[0]);
  return (parameters) => {
    const checked = type.safeParse(parameters);
    if (checked.success) return null;
    return detailsIn("en", problemsOf(checked.error, parameters))
      .map(({ path, message }) => (path === "" ? message : `${path} ${message}`))
      .join("; ")
      .slice(0, 1000);
  };
};

/** A unit without a schema takes everything. */
export const fitOf = (schema: JsonObject | null): Fit => (schema === null ? () => null : makeFit(schema));

/** @throws INVALID_REQUEST for a schema that cannot be read */
export const checkSchema = (schema: JsonObject): void => {
  try {
    makeFit(schema);
  } catch (error) {
    throw badField("parametersSchema", "unreadableSchema", {
      reason: error instanceof Error ? error.message : String(error),
    });
  }
};
