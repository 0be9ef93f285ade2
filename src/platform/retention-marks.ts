// How far the logs and metrics of ended tasks and runs were purged, so that each hour looks only at what grew old since.
import { getSql } from "./db";
import { type Walk, walkEnded } from "./ended-rows";

export type RetentionMark = "task logs" | "task metrics" | "run logs" | "run metrics";

/**
 * Walks from the mark to what ended before a time, and moves the mark when it came to the end. Ended half-way it starts again at the old mark,
 * which finds nothing where it had been.
 *
 * What is retried ends again later, and so is met again after the mark.
 * @param forget as for walkEnded
 */
export const walkFromMark = async (
  mark: RetentionMark,
  { table, before, signal }: Omit<Walk, "from">,
  forget: (ids: string[]) => Promise<number>,
): Promise<number> => {
  const sql = getSql();
  const [kept] = await sql<{ at: string }[]>`SELECT up_to::text AS at FROM retention_marks WHERE mark = ${mark}`;
  const { count, isDone } = await walkEnded({ table, from: kept?.at ?? "-infinity", before, signal }, forget);
  if (isDone)
    await sql`
      INSERT INTO retention_marks (mark, up_to) VALUES (${mark}, ${before}::text::timestamptz)
      ON CONFLICT (mark) DO UPDATE SET up_to = greatest(retention_marks.up_to, excluded.up_to)`;
  return count;
};
