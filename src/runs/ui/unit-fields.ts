// PURE. The form that a published JSON Schema makes: a field for each simple property.
import { isJsonObject, type JsonObject } from "../../platform/json-safety";

export type FormField = {
  name: string;
  kind: "number" | "integer" | "text" | "boolean" | "choice";
  choices: string[];
  required: boolean;
  description: string | null;
  initial: string;
};

const textOf = (value: unknown): string =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

const fieldOf = (name: string, schema: JsonObject, required: boolean): FormField | null => {
  const choices =
    Array.isArray(schema.enum) && schema.enum.every((one) => typeof one === "string") ? schema.enum : null;
  const kind = choices
    ? "choice"
    : schema.type === "number" || schema.type === "integer" || schema.type === "boolean"
      ? schema.type
      : schema.type === "string"
        ? "text"
        : null;
  if (kind === null) return null;
  return {
    name,
    kind,
    choices: choices ?? (kind === "boolean" ? ["true", "false"] : []),
    required: required && schema.default === undefined,
    description: typeof schema.description === "string" ? schema.description : null,
    initial: textOf(schema.default),
  };
};

/** @returns null where the schema has no properties, or one that needs JSON */
export const fieldsOf = (schema: JsonObject | null): FormField[] | null => {
  if (!schema || !isJsonObject(schema.properties)) return null;
  const required = Array.isArray(schema.required) ? schema.required : [];
  const fields = Object.entries(schema.properties).map(([name, one]) =>
    isJsonObject(one) ? fieldOf(name, one, required.includes(name)) : null,
  );
  const simple = fields.filter((field) => field !== null);
  return simple.length > 0 && simple.length === fields.length ? simple : null;
};

/** What was filled in; what was left empty is left out. @returns the name of the first number that is none */
export const parametersFrom = (
  fields: FormField[],
  values: Record<string, string>,
): { parameters: JsonObject } | { bad: string } => {
  const parameters: JsonObject = {};
  for (const { name, kind } of fields) {
    const text = (values[name] ?? "").trim();
    if (text === "") continue;
    if (kind === "boolean") parameters[name] = text === "true";
    else if (kind === "text" || kind === "choice") parameters[name] = text;
    else if (!Number.isFinite(Number(text))) return { bad: name };
    else parameters[name] = Number(text);
  }
  return { parameters };
};
