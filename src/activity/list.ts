// Reading the record: of one object, or all that an account may see. Pages go by id, newest first.

import type { CameBy } from "../platform/caller";
import { getSql, type SqlLike } from "../platform/db";
import { badField } from "../platform/errors";
import { sharedGroups } from "../sharing/access";
import { KINDS, type Kind, type Verb } from "./verbs";

export type Activity = {
  activityId: string;
  at: string;
  /** who did it; the address is null for an account that is gone */
  actorId: string;
  actorEmail: string | null;
  via: CameBy["via"];
  keyPrefix: string | null;
  requestId: string | null;
  verb: Verb;
  kind: Kind;
  objectId: string | null;
  /** as the object is called now; null where it is gone or not visible any more */
  objectName: string | null;
  groupId: string | null;
  unitId: string | null;
  count: number;
  details: Record<string, string | number | string[]>;
};

type Row = {
  id: number;
  at: Date;
  actor_id: string;
  actor_email: string | null;
  via: CameBy["via"];
  key_prefix: string | null;
  request_id: string | null;
  verb: Verb;
  kind: Kind;
  object_id: string | null;
  object_name: string | null;
  group_id: string | null;
  unit_id: string | null;
  count: number;
  details: Activity["details"];
};

const toActivity = (row: Row): Activity => ({
  activityId: String(row.id),
  at: row.at.toISOString(),
  actorId: row.actor_id,
  actorEmail: row.actor_email,
  via: row.via,
  keyPrefix: row.key_prefix,
  requestId: row.request_id,
  verb: row.verb,
  kind: row.kind,
  objectId: row.object_id,
  objectName: row.object_name,
  groupId: row.group_id,
  unitId: row.unit_id,
  count: row.count,
  details: row.details,
});

export type ActivityQuery = {
  objectId?: string | undefined;
  unitId?: string | undefined;
  groupId?: string | undefined;
  kind?: Kind | undefined;
  /** who did it */
  actorId?: string | undefined;
  limit: number;
  cursor?: string | undefined;
};

/** Where to look: rows with one of these values in a column, and the kinds that may be told. */
type Source = {
  column: "actor_id" | "owner_id" | "group_id" | "unit_id" | "object_id";
  values: string[];
  kinds: Kind[];
};

/** With whom a group is shared is its owner's to know. */
const SHARED_KINDS = KINDS.filter((kind) => kind !== "share");

/**
 * What the account did itself, and what was done to its own objects and, while they are shared with it, in groups of others. Of an
 * object (of a group or a unit with all that is in it) nothing is told to who may not see it, not even that there is one.
 *
 * @throws INVALID_REQUEST for a cursor that this server did not give
 */
export const listActivity = async (
  userId: string,
  query: ActivityQuery,
): Promise<{ activity: Activity[]; nextCursor: string | null }> => {
  const { limit, cursor } = query;
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) throw badField("cursor", "unknownCursor");
  const rows: Row[] = (await (await pageQuery(getSql(), userId, query))?.statement) ?? [];
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { activity: page.map(toActivity), nextCursor: rows.length > limit && last ? String(last.id) : null };
};

/** The statement that reads a page and one row more; null where there is nothing that the account may see. */
export const pageQuery = async (sql: SqlLike, userId: string, query: ActivityQuery) => {
  const shared = await groupsSharedWith(sql, userId);
  const sources = await sourcesFor(sql, userId, shared, query);
  return sources.length === 0 ? null : { statement: pageOf(sql, { userId, shared, sources, query }) };
};

const groupsSharedWith = async (sql: SqlLike, userId: string): Promise<string[]> => {
  const rows = await sql<{ id: string }[]>`
    SELECT id FROM groups WHERE id = ANY(${sharedGroups(sql, userId, "view")}) AND deleted_at IS NULL`;
  return rows.map((row) => row.id);
};

const sourcesFor = async (
  sql: SqlLike,
  userId: string,
  shared: string[],
  { objectId, unitId, groupId, actorId }: ActivityQuery,
): Promise<Source[]> => {
  const subject =
    objectId !== undefined
      ? ({ column: "object_id", value: objectId } as const)
      : unitId !== undefined
        ? ({ column: "unit_id", value: unitId } as const)
        : groupId !== undefined
          ? ({ column: "group_id", value: groupId } as const)
          : null;
  if (subject) {
    const { column, value } = subject;
    // Whose it is stands in every row of it: one is enough.
    const [row] = await sql<{ owner_id: string; group_id: string | null }[]>`
      SELECT owner_id, group_id FROM activity WHERE ${sql(column)} = ${value} LIMIT 1`;
    if (row?.owner_id === userId) return [{ column, values: [value], kinds: KINDS }];
    return row?.group_id && shared.includes(row.group_id) ? [{ column, values: [value], kinds: SHARED_KINDS }] : [];
  }
  const own: Source = { column: "actor_id", values: [userId], kinds: KINDS };
  if (actorId === userId) return [own];
  return [
    ...(actorId === undefined ? [own] : []),
    { column: "owner_id", values: [userId], kinds: KINDS },
    ...(shared.length > 0 ? [{ column: "group_id" as const, values: shared, kinds: SHARED_KINDS }] : []),
  ];
};

/** Beyond every id. */
const NO_CURSOR = "9223372036854775807";

/**
 * The newest ids of a source, at most one more than a page. Kind by kind where the index has the kind before the id: each
 * is a range that ends after so many rows, whatever is asked for.
 *
 * The last column before the id is compared by order and not by equality: ordered by both, no other index has that order. With an equality
 * a planner that knows only averages walks back through all rows by their ids, to find one of a unit in which little was done.
 */
const idsOf = (sql: SqlLike, { column, values, kinds }: Source, { kind, actorId, limit, cursor }: ActivityQuery) => {
  const told = kinds.filter((one) => kind === undefined || one === kind);
  const before = sql`${cursor ?? NO_CURSOR}::text::int8`;
  const byActor = actorId === undefined || column === "actor_id" ? sql`true` : sql`a.actor_id = ${actorId}`;
  if (column === "object_id" || column === "unit_id") {
    const [of, value] = [sql`a.${sql(column)}`, values[0] ?? ""];
    return sql`(SELECT a.id FROM activity a
      WHERE ${of} >= ${value} AND (${of}, a.id) < (${value}, ${before}) AND a.kind = ANY(${told}) AND ${byActor}
      ORDER BY ${of} DESC, a.id DESC LIMIT ${limit + 1})`;
  }
  return sql`(SELECT found.id FROM unnest(${values}::text[]) AS v(value) CROSS JOIN unnest(${told}::text[]) AS k(kind)
    CROSS JOIN LATERAL (
      SELECT a.id FROM activity a
      WHERE a.${sql(column)} = v.value AND ${byActor} AND a.kind >= k.kind AND (a.kind, a.id) < (k.kind, ${before})
      ORDER BY a.kind DESC, a.id DESC LIMIT ${limit + 1}) AS found)`;
};

type Page = { userId: string; shared: string[]; sources: Source[]; query: ActivityQuery };

/** Names are looked up as they are now, of what the account owns or is shared with it just now. */
const pageOf = (sql: SqlLike, { userId, shared, sources, query }: Page) => {
  const ids = sources.map((source) => idsOf(sql, source, query)).reduce((all, one) => sql`${all} UNION ${one}`);
  return sql<Row[]>`
    SELECT a.*, users.email AS actor_email, CASE WHEN a.owner_id = ${userId} OR a.group_id = ANY(${shared}::text[]) THEN CASE a.kind
        WHEN 'group' THEN (SELECT name FROM groups WHERE id = a.object_id)
        WHEN 'unit' THEN (SELECT name FROM units WHERE id = a.object_id)
        WHEN 'run' THEN (SELECT name FROM runs WHERE id = a.object_id)
        WHEN 'sweep' THEN (SELECT name FROM sweeps WHERE id = a.object_id)
        WHEN 'task' THEN (SELECT name FROM tasks WHERE id = a.object_id)
        WHEN 'template' THEN (SELECT name FROM templates WHERE id = a.object_id)
        WHEN 'share' THEN (SELECT email FROM users WHERE id = a.details->>'with')
        WHEN 'queue' THEN a.details->>'queue'
        WHEN 'key' THEN a.details->>'name'
      END END AS object_name
    FROM (SELECT id FROM (${ids}) AS found ORDER BY id DESC LIMIT ${query.limit + 1}) AS page
    JOIN activity a ON a.id = page.id LEFT JOIN users ON users.id = a.actor_id ORDER BY a.id DESC`;
};
