// What the verbs of sweeps accept.
import { z } from "zod";
import { MAX_ROWS, sweepRecipe } from "./sweep-recipe";

const id = z.string().max(200);
const which = {
  recipe: sweepRecipe,
  /** Numbers, from 0, of rows of the preview that shall not be made. */
  leaveOut: z.array(z.int().min(0)).max(MAX_ROWS).default([]),
  /** Rows that ran before, or repeat another row, are left out. */
  onlyFresh: z.boolean().default(true),
};

export const sweepId = z.object({ sweepId: id });
export const sweepPreview = z.object({
  unitId: id,
  recipe: sweepRecipe,
  /** the sweep that the rows would extend: none of them gets the name of one of its runs */
  sweepId: id.optional(),
});
export const newSweep = z.object({ unitId: id, name: z.string().min(1).max(500).default("sweep"), ...which });
export const sweepExtension = z.object({ sweepId: id, ...which });
export const sweepTrim = z.object({
  sweepId: id,
  /** Waiting runs that stay; all the others that still wait go to the trash. */
  keep: z.array(id).max(MAX_ROWS).default([]),
});
