import { integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { idText, instant } from "./columns";

/** Answers that are given again for a repeated Idempotency-Key, for 24 hours. */
export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    userId: idText("user_id").notNull(),
    key: text("key").notNull(),
    /** SHA-256 of method, path and body */
    requestHash: text("request_hash").notNull(),
    status: integer("status").notNull(),
    response: text("response").notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.userId, t.key] })],
);

/** Up to which end of tasks and runs their logs and metrics were purged: see retention-marks.ts. */
export const retentionMarks = pgTable("retention_marks", {
  mark: text("mark").primaryKey(),
  upTo: instant("up_to").notNull(),
});
