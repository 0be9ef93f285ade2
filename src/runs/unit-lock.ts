// The unit's row orders all changes of its runs: claims, edits, places, removal.
import type { SqlLike } from "../platform/db";
import { DomainError } from "../platform/errors";
import type { JsonObject } from "../platform/json-safety";
import { mayUnit, unitRefusal } from "./access";

export type LockedUnit = {
  version: number;
  paused: boolean;
  parametersSchema: JsonObject | null;
  groupId: string;
  /** the owner of its group, whoever changes it */
  ownerId: string;
};

type Locked = {
  version: number;
  paused: boolean;
  parameters_schema: JsonObject | null;
  group_id: string;
  user_id: string;
};

/** The statement of lockUnit; no row where it throws. */
export const unitLock = (sql: SqlLike, userId: string, unitId: string) => sql<Locked[]>`
  SELECT u.version, u.paused, u.parameters_schema, u.group_id, u.user_id FROM units u
  WHERE u.id = ${unitId} AND u.deleted_at IS NULL AND ${mayUnit(sql, userId, "edit")} FOR NO KEY UPDATE`;

/**
 * Locks a unit that the account may change until the transaction is over. Always before its runs, so that two changes never wait
 * for each other.
 * @throws NOT_FOUND, also for another account's unit or one in the trash; FORBIDDEN for one that the account only sees
 */
export const lockUnit = async (sql: SqlLike, userId: string, unitId: string): Promise<LockedUnit> => {
  const [unit] = await unitLock(sql, userId, unitId);
  if (!unit) throw await unitRefusal(userId, unitId, sql);
  return {
    version: unit.version,
    paused: unit.paused,
    parametersSchema: unit.parameters_schema,
    groupId: unit.group_id,
    ownerId: unit.user_id,
  };
};

/**
 * For a change that is meant for a version, or for one of some. Under the unit's lock.
 * @throws PRECONDITION_FAILED when the unit has another one by now
 */
export const checkVersion = (
  unitId: string,
  { version }: LockedUnit,
  ifVersion: number | number[] | undefined,
): void => {
  if (ifVersion !== undefined && ![ifVersion].flat().includes(version))
    throw new DomainError("PRECONDITION_FAILED", "unitChanged", { params: { id: unitId, version } });
};

/** +1, once per call of a verb, in the transaction that changes something. @returns the new version */
export const raiseVersion = async (sql: SqlLike, unitId: string): Promise<number> => {
  const [unit] = await sql<{ version: number }[]>`
    UPDATE units SET version = version + 1, updated_at = now() WHERE id = ${unitId} RETURNING version`;
  return unit?.version ?? 0;
};
