// Whether parameters fit the JSON Schema that a unit's driver published.
import { z } from "zod";
import { badField } from "../platform/errors";
import type { JsonObject } from "../platform/json-safety";
import { detailsOf } from "../platform/validate";

/** @returns what is wrong, in a sentence, for each set of parameters; null where it fits */
export type Fit = (parameters: JsonObject) => string | null;

const makeFit = (schema: JsonObject): Fit => {
  const type = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  return (parameters) => {
    const checked = type.safeParse(parameters);
    if (checked.success) return null;
    return detailsOf(checked.error, parameters)
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
    throw badField("parametersSchema", `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
};
