// Making, extending and trimming a sweep while drivers pull from its unit. All of it under the unit's lock.
import { recordActivity } from "../activity/record";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { badField } from "../platform/errors";
import { newId } from "../platform/ids";
import { changeMany } from "./cancel";
import { insertRuns, placeOf, tellUnit } from "./edit-runs";
import { type Edits, type MadeRecipe, NO_EDITS } from "./sweep-edits";
import type { SweepRecipe } from "./sweep-recipe";
import { getSweep, isFresh, previewSweep, type Sweep } from "./sweeps";
import { lockUnit, raiseVersion } from "./unit-lock";

type Which = { recipe: SweepRecipe; edits?: Edits; leaveOut: number[]; onlyFresh: boolean };

/** The rows as runs at the end of the unit, in one statement. What ran before is read under the lock: of two equal calls the second makes none. */
const addRows = async (sql: SqlLike, userId: string, unitId: string, sweepId: string, which: Which) => {
  const unit = await lockUnit(sql, userId, unitId);
  const { recipe, edits = NO_EDITS } = which;
  const { rows } = await previewSweep(userId, { unitId, recipe, edits, sweepId }, sql);
  const left = new Set(which.leaveOut);
  const runs = rows
    .filter((one) => !left.has(one.row) && (!which.onlyFresh || isFresh(one)))
    .map(({ parameters, name }) => ({ parameters, name, metadata: {}, sweepId }));
  if (runs.length === 0) throw badField("recipe", "nothingNew");
  const made = await insertRuns(sql, userId, { unitId, runs, createdBy: "web" });
  const leftByHand = rows.filter((one) => left.has(one.row) && isFresh(one)).map((one) => one.row);
  return {
    ownerId: unit.ownerId,
    place: placeOf(unitId, unit),
    runIds: made.map((run) => run.runId),
    recipe: withNote(recipe, edits, leftByHand),
  };
};

/** With what was done by hand, so that a recipe is never taken for the whole truth. @param leftByHand rows that were left out although they are fresh */
const withNote = (recipe: SweepRecipe, edits: Edits, leftByHand: number[]): MadeRecipe => {
  const removed = new Set([...edits.removed, ...leftByHand]);
  const changed = edits.changed.filter((one) => !removed.has(one.row));
  if (removed.size + changed.length === 0) return recipe;
  return { ...recipe, edits: { changed, removed: [...removed].sort((a, b) => a - b) } };
};

/**
 * Makes a sweep's runs at once, as the preview of the same recipe and edits shows them; the unit's version rises by one.
 * @throws NOT_FOUND for the unit; INVALID_REQUEST when no row is left to make, or for an edit of a row that the recipe does not make
 */
export const createSweep = async (
  userId: string,
  input: Which & { unitId: string; name: string },
): Promise<{ sweep: Sweep; runIds: string[] }> => {
  const { unitId, name } = input;
  const sweepId = newId("sweep");
  const { ownerId, runIds } = await withRetries(() =>
    getSql().begin(async (sql) => {
      const made = await addRows(sql, userId, unitId, sweepId, input);
      await sql`
        INSERT INTO sweeps (id, unit_id, user_id, name, recipes)
        VALUES (${sweepId}, ${unitId}, ${made.ownerId}, ${name}, ${JSON.stringify([made.recipe])}::text::json)`;
      const count = made.runIds.length;
      await recordActivity(sql, userId, { verb: "sweep.created", objectId: sweepId, ...made.place, count });
      return made;
    }),
  );
  tellUnit(ownerId, unitId);
  return { sweep: await getSweep(userId, sweepId), runIds };
};

/** Adds the rows of another recipe. @throws NOT_FOUND; INVALID_REQUEST when no row is left to make */
export const extendSweep = async (
  userId: string,
  input: Which & { sweepId: string },
): Promise<{ sweep: Sweep; runIds: string[] }> => {
  const { sweepId } = input;
  const { unitId } = await getSweep(userId, sweepId);
  const { ownerId, runIds } = await withRetries(() =>
    getSql().begin(async (sql) => {
      const made = await addRows(sql, userId, unitId, sweepId, input);
      // Read under the lock: of two extensions at once neither loses the other's recipe.
      const { recipes } = await getSweep(userId, sweepId, sql);
      await sql`UPDATE sweeps SET recipes = ${JSON.stringify([...recipes, made.recipe])}::text::json, updated_at = now() WHERE id = ${sweepId}`;
      const count = made.runIds.length;
      await recordActivity(sql, userId, { verb: "sweep.extended", objectId: sweepId, ...made.place, count });
      return made;
    }),
  );
  tellUnit(ownerId, unitId);
  return { sweep: await getSweep(userId, sweepId), runIds };
};

/** Puts the waiting runs of a sweep into the trash, but those to keep. What runs or has ended stays. @throws NOT_FOUND */
export const trimSweep = async (
  userId: string,
  { sweepId, keep }: { sweepId: string; keep: string[] },
): Promise<{ removed: number }> => {
  const { unitId } = await getSweep(userId, sweepId);
  const { ownerId, removed } = await withRetries(() =>
    getSql().begin(async (sql) => {
      const unit = await lockUnit(sql, userId, unitId);
      const gone = await sql`
        UPDATE runs SET deleted_at = now(), updated_at = now()
        WHERE sweep_id = ${sweepId} AND unit_id = ${unitId} AND status = 'pending' AND deleted_at IS NULL AND id <> ALL(${keep}::text[])`;
      if (gone.count > 0) await raiseVersion(sql, unitId);
      const entry = { verb: "sweep.trimmed", objectId: sweepId, ...placeOf(unitId, unit), count: gone.count } as const;
      await recordActivity(sql, userId, entry);
      return { ownerId: unit.ownerId, removed: gone.count };
    }),
  );
  if (removed > 0) tellUnit(ownerId, unitId);
  return { removed };
};

/** Lets the failed runs of a sweep wait again, each as a new attempt. @throws NOT_FOUND */
export const retryFailed = async (
  userId: string,
  { sweepId }: { sweepId: string },
): Promise<{ count: number; skipped: number }> => {
  const { unitId } = await getSweep(userId, sweepId);
  return changeMany(userId, { unitId, action: "retry", filter: { sweepId, status: ["failed"] }, dryRun: false });
};
