// PURE. What somebody changed by hand in the rows of a recipe before they were made.
import type { SweepRecipe } from "./sweep-recipe";
import type { Parameters } from "./sweep-rows";

export type Edits = {
  /** Rows that get other parameters, each once. A row is called by its number in the recipe's rows, from 0. */
  changed: { row: number; parameters: Parameters }[];
  /** Rows that are taken out, as if the recipe did not make them. One that is changed as well is taken out. */
  removed: number[];
};

/** A recipe that runs were made from, with what was changed by hand in its rows; without `edits` they were made as it says. */
export type MadeRecipe = SweepRecipe & { edits?: Edits };

export const NO_EDITS: Edits = { changed: [], removed: [] };

/** A row that keeps its number when others are taken out. */
export type NumberedRow = {
  row: number;
  parameters: Parameters;
  /** whether somebody changed it by hand */
  edited: boolean;
};

export const withEdits = (rows: readonly Parameters[], edits: Edits): NumberedRow[] => {
  const removed = new Set(edits.removed);
  const changed = new Map(edits.changed.map(({ row, parameters }) => [row, parameters]));
  return rows.flatMap((given, row) =>
    removed.has(row) ? [] : [{ row, parameters: changed.get(row) ?? given, edited: changed.has(row) }],
  );
};
