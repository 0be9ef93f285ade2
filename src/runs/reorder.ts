// Changing the order of runs that wait.
import { recordActivity } from "../activity/record";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { badField, badFields, DomainError } from "../platform/errors";
import { placeOf, tellUnit } from "./edit-runs";
import { exchanged, type Move, movedBefore, movesBack, type Placed } from "./order";
import { runsOfUnit } from "./read-runs";
import type { Run } from "./run";
import { type LockedUnit, lockUnit, raiseVersion } from "./unit-lock";

const checkOnce = (runIds: string[]): void => {
  const seen = new Set<string>();
  const repeated = runIds.flatMap((id, index) =>
    seen.size === seen.add(id).size ? [{ path: `runIds[${index}]`, key: "namedTwice" as const, params: { id } }] : [],
  );
  if (repeated.length > 0) throw badFields(repeated);
};

const waitingRuns = (sql: SqlLike, unitId: string) => sql<Placed[]>`
  SELECT id, place FROM runs WHERE unit_id = ${unitId} AND status = 'pending' AND deleted_at IS NULL ORDER BY place FOR UPDATE`;

const place = async (sql: SqlLike, unitId: string, placed: Placed[]): Promise<number | null> => {
  const ids = placed.map((one) => one.id);
  const places = placed.map((one) => one.place);
  const changed = await sql`
    UPDATE runs SET place = n.place, updated_at = now() FROM unnest(${ids}::text[], ${places}::int8[]) AS n(id, place)
    WHERE runs.id = n.id AND runs.place <> n.place`;
  return changed.count > 0 ? raiseVersion(sql, unitId) : null;
};

const recordMove = (sql: SqlLike, userId: string, unitId: string, unit: LockedUnit, count: number): Promise<void> =>
  recordActivity(sql, userId, { verb: "unit.reordered", objectId: unitId, ...placeOf(unitId, unit), count });

/**
 * The named runs exchange the places they hold; those not named keep theirs. The version rises by one if any place changes.
 *
 * @throws NOT_FOUND for the unit; INVALID_REQUEST for a repeated id;
 *   INVALID_QUEUE_STATUS where one is not a pending run of this unit; then nothing moves
 */
export const reorderRuns = async (userId: string, input: { unitId: string; runIds: string[] }): Promise<Run[]> => {
  const { unitId, runIds } = input;
  checkOnce(runIds);
  const { ownerId } = await withRetries(() =>
    getSql().begin(async (sql) => {
      const unit = await lockUnit(sql, userId, unitId);
      const waiting = new Map((await waitingRuns(sql, unitId)).map((one) => [one.id, one]));
      const named = runIds.flatMap((id) => waiting.get(id) ?? []);
      const wrong = runIds.filter((id) => !waiting.has(id));
      if (wrong.length > 0)
        throw new DomainError("INVALID_QUEUE_STATUS", "runsNotPending", {
          params: { ids: wrong.slice(0, 20).join(", ") },
          problems: wrong.map((id) => ({
            path: `runIds[${runIds.indexOf(id)}]`,
            key: "noPendingRun",
            params: { id },
          })),
        });
      const version = await place(sql, unitId, exchanged(named, runIds));
      if (version !== null) await recordMove(sql, userId, unitId, unit, runIds.length);
      return unit;
    }),
  );
  tellUnit(ownerId, unitId);
  return runsOfUnit(userId, unitId);
};

/** Where they go: before a run, behind all, or to a number from 0 among those that wait and are not moved. */
type Target = { beforeId: string | null } | { at: number };

/** Under the unit's lock. @param sorted whether they go in the order of the line, not in the one in which they are named */
const moveWaiting = async (
  userId: string,
  { unitId, runIds, to }: { unitId: string; runIds: string[]; to: Target },
  sorted: boolean,
) => {
  checkOnce(runIds);
  const beforeId = "at" in to ? null : to.beforeId;
  if (beforeId !== null && runIds.includes(beforeId)) throw badField("beforeId", "movedItself");
  const { ownerId, outcome } = await withRetries(() =>
    getSql().begin(async (sql) => {
      const unit = await lockUnit(sql, userId, unitId);
      const known = await knownRuns(sql, { unitId, runIds, beforeId });
      const waiting = await waitingRuns(sql, unitId);
      const ids = new Set(waiting.map((one) => one.id));
      const named = new Set(runIds);
      const moved = sorted
        ? waiting.flatMap(({ id }) => (named.has(id) ? [id] : []))
        : runIds.filter((id) => ids.has(id));
      const others = waiting.filter(({ id }) => !named.has(id));
      const from = beforeId === null ? Number.POSITIVE_INFINITY : (known.get(beforeId)?.place ?? 0);
      const before = "at" in to ? others[to.at] : others.find((one) => one.place >= from);
      const version = await place(sql, unitId, movedBefore(waiting, moved, before?.id ?? null));
      const started = runIds.filter((id) => !ids.has(id));
      if (version !== null) await recordMove(sql, userId, unitId, unit, moved.length);
      const at = before ? others.indexOf(before) : others.length;
      return { ownerId: unit.ownerId, outcome: { moved, started, version: version ?? unit.version, waiting, at } };
    }),
  );
  tellUnit(ownerId, unitId);
  return outcome;
};

/**
 * Moves runs before another one, or behind all, and keeps conflicts small: what has started or was removed meanwhile is left out and
 * named. Where the one that they should go before does not wait any more, they go where that one stands.
 *
 * @throws NOT_FOUND for the unit; INVALID_REQUEST for a repeated id or one that no run of this unit has, for a `beforeId` in the trash,
 *   or among the moved; then nothing moves
 */
export const moveRuns = async (
  userId: string,
  { beforeId, ...which }: { unitId: string; runIds: string[]; beforeId: string | null },
): Promise<{ moved: string[]; started: string[]; version: number }> => {
  const { moved, started, version } = await moveWaiting(userId, { ...which, to: { beforeId } }, false);
  return { moved, started, version };
};

/**
 * As moveRuns, for who sees only a part of the line: runs keep their order among each other, and may be sent to a number.
 *
 * @returns also the number, from 0, that the first of them has now, how many wait, and the moves that undo it
 * @throws as moveRuns
 */
export const moveInLine = async (
  userId: string,
  input: { unitId: string; runIds: string[]; to: Target },
): Promise<{ moved: string[]; started: string[]; at: number; total: number; back: Move[] }> => {
  const { moved, started, at, waiting } = await moveWaiting(userId, input, true);
  const back = movesBack(
    waiting.map(({ id }) => id),
    moved,
  );
  return { moved, started, at, total: waiting.length, back };
};

/** The named runs, whatever their status. @throws INVALID_REQUEST for an id that no run of the unit has, and for a `beforeId` in the trash */
const knownRuns = async (
  sql: SqlLike,
  { unitId, runIds, beforeId }: { unitId: string; runIds: string[]; beforeId: string | null },
): Promise<Map<string, Placed>> => {
  const named = [...runIds, ...(beforeId === null ? [] : [beforeId])];
  const rows = await sql<(Placed & { removed: boolean })[]>`
    SELECT id, place, deleted_at IS NOT NULL AS removed FROM runs WHERE unit_id = ${unitId} AND id = ANY(${named})`;
  const known = new Map(rows.map((row) => [row.id, row]));
  const wrong = runIds.flatMap((id, index) => (known.has(id) ? [] : [{ path: `runIds[${index}]`, id }]));
  if (beforeId !== null && (known.get(beforeId)?.removed ?? true)) wrong.push({ path: "beforeId", id: beforeId });
  if (wrong.length > 0) throw badFields(wrong.map(({ path, id }) => ({ path, key: "noRunOfUnit", params: { id } })));
  return known;
};
