// What the verbs of sweeps accept.
import { z } from "zod";
import { jsonObject, says } from "../platform/validate";
import { MAX_ROWS, sweepRecipe } from "./sweep-recipe";

const id = z.string().max(200);
/** Rows are called by their numbers in the recipe's rows, from 0. */
const row = z.int().min(0);
const changed = z
  .array(z.object({ row, parameters: jsonObject }))
  .max(MAX_ROWS)
  .refine((all) => new Set(all.map((one) => one.row)).size === all.length, says("rowTwice"));
const recipe = {
  recipe: sweepRecipe,
  /** what was changed by hand in the rows that it makes */
  edits: z
    .object({ changed: changed.default([]), removed: z.array(row).max(MAX_ROWS).default([]) })
    .default({ changed: [], removed: [] }),
};
/** Rows that shall not be made. */
const leaveOut = z.array(row).max(MAX_ROWS).default([]);
const which = {
  ...recipe,
  leaveOut,
  /** Rows that ran before, or repeat another row, are left out. */
  onlyFresh: z.boolean().default(true),
};

export const sweepId = z.object({ sweepId: id });
export const sweepPreview = z.object({
  unitId: id,
  ...recipe,
  /** the sweep that the rows would extend: none of them gets the name of one of its runs */
  sweepId: id.optional(),
});
export const sweepOutlook = z.object({ unitId: id, ...recipe, leaveOut });
export const newSweep = z.object({ unitId: id, name: z.string().min(1).max(500).default("sweep"), ...which });
export const sweepExtension = z.object({ sweepId: id, ...which });
export const sweepTrim = z.object({
  sweepId: id,
  /** Waiting runs that stay; all the others that still wait go to the trash. */
  keep: z.array(id).max(MAX_ROWS).default([]),
});
