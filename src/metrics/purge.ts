import type { SqlLike } from "../platform/db";

/** Deletes all points of these subjects, and what was made of them for charts. */
export const deleteMetrics = async (sql: SqlLike, subjectIds: string[]): Promise<void> => {
  await sql`DELETE FROM metric_points WHERE subject_id = ANY(${subjectIds})`;
  await sql`DELETE FROM metric_rollups WHERE subject_id = ANY(${subjectIds})`;
};
