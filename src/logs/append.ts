// Writes program output in chunks of lines.
import type postgres from "postgres";
import type { SqlLike } from "../platform/db";

export type LogStream = "stdout" | "stderr";
/** `text` is well-formed and holds no NUL: jsonb would refuse it. */
export type LogLine = [epochMs: number, stream: LogStream, text: string];

/**
 * A condition that holds while the writer may still write. Made by the caller, who knows its table, with `FOR SHARE`
 * inside: `EXISTS (SELECT 1 FROM task_attempts WHERE … AND ended_at IS NULL FOR SHARE)`. The lock keeps the writer from being
 * superseded between this check and the commit, since its successor's line numbers start after the last stored line.
 */
export type OpenCondition = postgres.PendingQuery<postgres.Row[]>;

/**
 * Appends one chunk while the condition holds.
 *
 * The same chunk may be written again after its answer was lost: (subject, first line) decides, and nothing changes.
 *
 * @param chunk.firstLine number of the first line; lines are numbered from 1 over all attempts of a subject
 * @returns false when the writer was superseded: then nothing was written
 */
export const appendLines = async (
  sql: SqlLike,
  chunk: { subjectId: string; attempt: number; firstLine: number; lines: LogLine[]; isOpen: OpenCondition },
): Promise<boolean> => {
  const { subjectId, attempt, firstLine, lines, isOpen } = chunk;
  if (lines.length === 0) return true;
  const [row] = await sql<{ open: boolean }[]>`
    WITH writer AS MATERIALIZED (SELECT ${isOpen} AS open), stored AS (
      INSERT INTO log_chunks (subject_id, first_line, last_line, attempt, lines)
      SELECT ${subjectId}, ${firstLine}::int, ${firstLine + lines.length - 1}::int, ${attempt}::int, ${sql.json(lines)}::jsonb
      FROM writer WHERE open
      ON CONFLICT DO NOTHING
    )
    SELECT open FROM writer`;
  return row?.open === true;
};
