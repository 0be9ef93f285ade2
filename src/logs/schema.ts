import { integer, jsonb, pgTable, primaryKey } from "drizzle-orm/pg-core";
import { idText, instant } from "../platform/columns";

/**
 * Program output in chunks of lines. Lines are numbered 1, 2, 3 … over all attempts of a subject,
 * so that a reader who follows by line number never meets a number twice.
 */
export const logChunks = pgTable(
  "log_chunks",
  {
    /** a task (V1) or a run (V2) */
    subjectId: idText("subject_id").notNull(),
    firstLine: integer("first_line").notNull(),
    lastLine: integer("last_line").notNull(),
    attempt: integer("attempt").notNull(),
    /** [[epoch ms, "stdout" | "stderr", text], …] */
    lines: jsonb("lines").notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.subjectId, t.firstLine] })],
);
