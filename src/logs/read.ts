// Reads program output by line number.
import { getSql, type SqlLike } from "../platform/db";
import type { LogLine, LogStream } from "./append";
import { type LogLevel, levelOf } from "./level";

export type ReadLine = {
  /** 1, 2, 3 … over all attempts */
  line: number;
  timestamp: string;
  stream: LogStream;
  level: LogLevel;
  message: string;
  attempt: number;
};

export type ReadLines = {
  subjectId: string;
  /** lines with a higher number only */
  after?: number;
  limit: number;
  /** the last n lines, in order, instead of the first `limit` ones */
  lastLines?: number;
  attempt?: number;
};

type Row = { line: number; attempt: number; entry: LogLine };

const toReadLine = ({ line, attempt, entry: [at, stream, message] }: Row): ReadLine => ({
  line,
  timestamp: new Date(at).toISOString(),
  stream,
  level: levelOf(stream, message),
  message,
  attempt,
});

/** Lines in order. Chunks are taken apart one by one until the limit is reached, so a page costs the same at line 10 and at line 1,000,000. */
export const readLines = async (input: ReadLines, sql: SqlLike = getSql()): Promise<ReadLine[]> => {
  const { subjectId, attempt, lastLines } = input;
  const after = input.after ?? 0;
  const ofAttempt = attempt === undefined ? sql`` : sql`AND c.attempt = ${attempt}::int8`;
  const order = lastLines === undefined ? sql`c.first_line, e.n` : sql`c.first_line DESC, e.n DESC`;
  const rows = await sql<Row[]>`
    SELECT (c.first_line + e.n - 1)::int AS line, c.attempt, e.entry
    FROM log_chunks c CROSS JOIN LATERAL jsonb_array_elements(c.lines) WITH ORDINALITY AS e(entry, n)
    WHERE c.subject_id = ${subjectId}
      AND c.first_line >= coalesce((SELECT max(first_line) FROM log_chunks WHERE subject_id = ${subjectId} AND first_line <= ${after}::int8), 0)
      AND c.first_line + e.n - 1 > ${after}::int8 ${ofAttempt}
    ORDER BY ${order} LIMIT ${lastLines ?? input.limit}`;
  const lines = rows.map(toReadLine);
  return lastLines === undefined ? lines : lines.reverse();
};

/** Number of the last stored line, 0 when there is none. A new attempt's lines start after it. */
export const lastLineOf = async (subjectId: string, sql: SqlLike = getSql()): Promise<number> => {
  const [row] = await sql<{ last_line: number }[]>`
    SELECT last_line FROM log_chunks WHERE subject_id = ${subjectId} ORDER BY first_line DESC LIMIT 1`;
  return row?.last_line ?? 0;
};
