import type { SqlLike } from "../platform/db";

/** Deletes all lines of these subjects. */
export const deleteLogs = async (sql: SqlLike, subjectIds: string[]): Promise<void> => {
  await sql`DELETE FROM log_chunks WHERE subject_id = ANY(${subjectIds})`;
};
