// Writes who did what, in the transaction of the change: both are committed or neither is.
import { howItCame } from "../platform/caller";
import type { SqlLike } from "../platform/db";
import { kindOf, type Verb } from "./verbs";

export type Entry = {
  verb: Verb;
  /** absent where many objects were changed at once */
  objectId?: string | undefined;
  /** whose object it is; absent: the actor's own */
  ownerId?: string | undefined;
  groupId?: string | undefined;
  unitId?: string | undefined;
  /** how many objects; none: nothing is recorded */
  count?: number | undefined;
  /** Short, and never a secret, a config, or parameters: names of fields, a role, a priority. */
  details?: Record<string, string | number | string[]> | undefined;
};

/** @param sql the transaction of the change */
export const recordActivity = async (sql: SqlLike, actorId: string, entry: Entry): Promise<void> => {
  const { verb, objectId = null, ownerId = actorId, groupId = null, unitId = null, count = 1, details = {} } = entry;
  if (count === 0) return;
  const { via, keyPrefix = null, requestId = null } = howItCame();
  await sql`
    INSERT INTO activity (actor_id, via, key_prefix, request_id, verb, kind, object_id, owner_id, group_id, unit_id, count, details)
    VALUES (${actorId}, ${via}, ${keyPrefix}, ${requestId}, ${verb}, ${kindOf(verb)}, ${objectId}, ${ownerId}, ${groupId}, ${unitId}, ${count},
      ${sql.json(details as never)})`;
};

/** The names of the fields that a change gives, for its details. */
export const changedFields = (input: Record<string, unknown>, ...known: string[]): { fields: string[] } => ({
  fields: known.filter((name) => input[name] !== undefined),
});
