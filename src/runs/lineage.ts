// Where a run comes from: its parent, that one's parent, and what each changed.
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { mayRun } from "./access";
import { type Difference, differencesOf } from "./parameters-key";
import { getRunRow } from "./read-runs";
import type { RunStatus } from "./run";

export type Ancestor = {
  runId: string;
  name: string;
  status: RunStatus;
  parentId: string | null;
  sweepId: string | null;
  /** what differs from its parent; empty for one whose parent is not there */
  differences: Difference[];
};

/** Longer chains are cut; one that leads back to itself ends there too. */
const MAX_GENERATIONS = 100;

/**
 * The run, its parent, and so on. A parent in the trash, or of another account, ends the chain.
 * @throws NOT_FOUND for the run
 */
export const lineageOf = async (userId: string, runId: string): Promise<Ancestor[]> => {
  await getRunRow(userId, runId);
  const sql = getSql();
  const rows = await sql<
    {
      id: string;
      name: string;
      status: RunStatus;
      parent_id: string | null;
      sweep_id: string | null;
      parameters: JsonObject;
    }[]
  >`
    WITH RECURSIVE line AS (
      SELECT id, name, status, parent_id, sweep_id, parameters, 1 AS generation FROM runs WHERE id = ${runId}
      UNION ALL
      SELECT runs.id, runs.name, runs.status, runs.parent_id, runs.sweep_id, runs.parameters, line.generation + 1
      FROM line JOIN runs ON runs.id = line.parent_id AND runs.deleted_at IS NULL AND ${mayRun(sql, userId, "view")}
      WHERE line.generation < ${MAX_GENERATIONS}
    ) CYCLE id SET again USING way
    SELECT id, name, status, parent_id, sweep_id, parameters FROM line WHERE NOT again ORDER BY generation`;
  return rows.map((row, nth) => {
    const parent = rows[nth + 1];
    return {
      runId: row.id,
      name: row.name,
      status: row.status,
      parentId: row.parent_id,
      sweepId: row.sweep_id,
      differences: parent ? differencesOf(parent.parameters, row.parameters) : [],
    };
  });
};
