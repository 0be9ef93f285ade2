// Saved configs of an account, by name.
import { changedFields, recordActivity } from "../activity/record";
import { getSql, type SqlLike } from "../platform/db";
import { DomainError } from "../platform/errors";
import { newId } from "../platform/ids";
import type { JsonObject } from "../platform/json-safety";

export type Template = {
  templateId: string;
  name: string;
  config: JsonObject;
  description: string | null;
  createdAt: string;
  updatedAt: string;
};

type Row = {
  id: string;
  name: string;
  config: JsonObject;
  description: string | null;
  created_at: Date;
  updated_at: Date;
};

const toTemplate = (row: Row): Template => ({
  templateId: row.id,
  name: row.name,
  config: row.config,
  description: row.description,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

const notFound = (id: string) => new DomainError("NOT_FOUND", "templateNotFound", { params: { id } });
const exists = (name: string) => new DomainError("CONFLICT", "templateExists", { params: { name } });

/** All of the account's, by name. */
export const listTemplates = async (userId: string): Promise<Template[]> => {
  const rows = await getSql()<Row[]>`SELECT * FROM templates WHERE user_id = ${userId} ORDER BY name COLLATE "C"`;
  return rows.map(toTemplate);
};

type NewTemplate = { name: string; config: JsonObject; description?: string | undefined };

/** @throws CONFLICT when the account has one of that name */
export const createTemplate = async (userId: string, input: NewTemplate): Promise<Template> =>
  getSql().begin((sql) => insertTemplate(sql, userId, input));

/** As createTemplate, in the caller's transaction. */
export const insertTemplate = async (sql: SqlLike, userId: string, input: NewTemplate): Promise<Template> => {
  const [row] = await sql<Row[]>`
    INSERT INTO templates (id, user_id, name, config, description)
    VALUES (${newId("tmpl")}, ${userId}, ${input.name}, ${sql.json(input.config as never)}, ${input.description ?? null})
    ON CONFLICT (user_id, name) DO NOTHING RETURNING *`;
  if (!row) throw exists(input.name);
  await recordActivity(sql, userId, { verb: "template.created", objectId: row.id });
  return toTemplate(row);
};

/** Changes what is given; `description: null` clears it. @throws NOT_FOUND; CONFLICT when another one has the name */
export const changeTemplate = async (
  userId: string,
  input: {
    templateId: string;
    name?: string | undefined;
    config?: JsonObject | undefined;
    description?: string | null | undefined;
  },
): Promise<Template> => {
  const row = await getSql().begin(async (sql) => {
    const [changed] = await sql<Row[]>`
    UPDATE templates SET name = coalesce(${input.name ?? null}, name), config = coalesce(${input.config === undefined ? null : sql.json(input.config as never)}, config),
      description = CASE WHEN ${input.description === undefined} THEN description ELSE ${input.description ?? null} END, updated_at = now()
    WHERE id = ${input.templateId} AND user_id = ${userId} RETURNING *`.catch((error: unknown) => {
      if (typeof error === "object" && error !== null && "code" in error && error.code === "23505")
        throw exists(input.name ?? "");
      throw error;
    });
    if (!changed) throw notFound(input.templateId);
    const details = changedFields(input, "name", "config", "description");
    await recordActivity(sql, userId, { verb: "template.changed", objectId: changed.id, details });
    return changed;
  });
  return toTemplate(row);
};

/** @throws NOT_FOUND */
export const deleteTemplate = async (userId: string, input: { templateId: string }): Promise<void> => {
  await getSql().begin(async (sql) => {
    const gone = await sql`DELETE FROM templates WHERE id = ${input.templateId} AND user_id = ${userId}`;
    if (gone.count === 0) throw notFound(input.templateId);
    await recordActivity(sql, userId, { verb: "template.removed", objectId: input.templateId });
  });
};
