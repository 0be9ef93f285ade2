import { doublePrecision, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { idText, instant } from "../platform/columns";

/** One value of one metric. The last one written for (attempt, key, step) wins. */
export const metricPoints = pgTable(
  "metric_points",
  {
    /** a task (V1) or a run (V2) */
    subjectId: idText("subject_id").notNull(),
    key: text("key").notNull(),
    step: doublePrecision("step").notNull(),
    attempt: integer("attempt").notNull(),
    value: doublePrecision("value").notNull(),
    at: instant("at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.subjectId, t.key, t.step, t.attempt] })],
);
