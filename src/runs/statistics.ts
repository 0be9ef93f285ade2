// How many runs of a unit or a group are in which status.
import { getSql } from "../platform/db";
import { getGroup } from "./groups";
import { countsOfUnit, getUnit, type RunCounts } from "./units";

export type RunStatistics = RunCounts & { total: number };

const withTotal = (counts: RunCounts): RunStatistics => ({
  ...counts,
  total: counts.pending + counts.running + counts.completed + counts.failed + counts.cancelled,
});

/** @throws NOT_FOUND */
export const unitStatistics = async (userId: string, input: { unitId: string }): Promise<RunStatistics> =>
  withTotal((await getUnit(userId, input.unitId)).counts);

/** @throws NOT_FOUND */
export const groupStatistics = async (userId: string, input: { groupId: string }): Promise<RunStatistics> => {
  await getGroup(userId, input.groupId);
  const sql = getSql();
  const [row] = await sql<RunCounts[]>`
    SELECT coalesce(sum(c.pending), 0)::int8 AS pending, coalesce(sum(c.running), 0)::int8 AS running, coalesce(sum(c.completed), 0)::int8 AS completed,
      coalesce(sum(c.failed), 0)::int8 AS failed, coalesce(sum(c.cancelled), 0)::int8 AS cancelled
    FROM units u CROSS JOIN LATERAL (${countsOfUnit(sql)}) c WHERE u.group_id = ${input.groupId} AND u.deleted_at IS NULL`;
  return withTotal(row ?? { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0 });
};
