// Parameters: checked by a zod schema here, and by the JSON Schema made of it on the server and in its forms.
import type { $ZodType, output } from "zod/v4/core";
import { safeParseAsync, toJSONSchema } from "zod/v4/core";

/** Any zod 4 schema of an object, of `zod` or of `zod/mini`. */
export type ParamsSchema = $ZodType<Record<string, unknown>>;

/** What `params` is typed as: the schema's output, with defaults filled in; without a schema, what was sent. */
export type ParamsOf<S extends ParamsSchema | undefined> = S extends ParamsSchema ? output<S> : Record<string, unknown>;

/** The schema of what may be sent: a field with a default may be left out. What JSON Schema cannot say is left open. */
export const jsonSchemaOf = (schema: ParamsSchema): Record<string, unknown> => {
  const { "~standard": _, ...json } = toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return json;
};

const pathText = (path: PropertyKey[]): string =>
  path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`))
    .join("");

/** @returns the parsed parameters, or one sentence that names each bad field */
export const parseParams = async <S extends ParamsSchema | undefined>(
  schema: S,
  parameters: Record<string, unknown>,
): Promise<{ params: ParamsOf<S> } | { problem: string }> => {
  // Without a schema ParamsOf is this very type.
  if (schema === undefined) return { params: parameters as ParamsOf<S> };
  const parsed = await safeParseAsync(schema, parameters);
  if (parsed.success) return { params: parsed.data as ParamsOf<S> };
  const fields = parsed.error.issues.map((issue) => `${pathText(issue.path) || "parameters"}: ${issue.message}`);
  return { problem: `The parameters do not fit this driver. ${fields.join("; ")}` };
};
