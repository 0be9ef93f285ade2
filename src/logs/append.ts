// Writes program output in chunks of lines.
import type postgres from "postgres";
import type { SqlLike } from "../platform/db";

export type LogStream = "stdout" | "stderr";
/** `text` is well-formed and holds no NUL: jsonb would refuse it. */
export type LogLine = [epochMs: number, stream: LogStream, text: string];

/**
 * A SELECT that gives a row while the writer may still write, made by the caller, who knows its table, and with `FOR SHARE`:
 * the lock keeps the writer from being superseded between this check and the commit, since its successor's line numbers
 * start after the last stored line.
 */
export type OpenGuard = postgres.PendingQuery<postgres.Row[]>;

/**
 * Appends one chunk while the guard holds.
 *
 * The same chunk may be written again after its answer was lost: (subject, first line) decides, and nothing changes.
 *
 * @param chunk.firstLine number of the first line; lines are numbered from 1 over all attempts of a subject
 * @param guard           such as `SELECT 1 FROM task_attempts WHERE … AND ended_at IS NULL FOR SHARE`
 * @returns false when the guard gave no row: the writer was superseded and nothing was written
 */
export const appendLines = async (
  sql: SqlLike,
  chunk: { subjectId: string; attempt: number; firstLine: number; lines: LogLine[] },
  guard: OpenGuard,
): Promise<boolean> => {
  const { subjectId, attempt, firstLine, lines } = chunk;
  if (lines.length === 0) return true;
  const [row] = await sql<{ open: boolean }[]>`
    WITH writer AS MATERIALIZED (${guard}), stored AS (
      INSERT INTO log_chunks (subject_id, first_line, last_line, attempt, lines)
      SELECT ${subjectId}, ${firstLine}::int, ${firstLine + lines.length - 1}::int, ${attempt}::int, ${sql.json(lines)}::jsonb
      WHERE EXISTS (SELECT 1 FROM writer)
      ON CONFLICT DO NOTHING
    )
    SELECT EXISTS (SELECT 1 FROM writer) AS open`;
  return row?.open === true;
};
