import { bigint, doublePrecision, integer, pgTable, primaryKey, smallint, text } from "drizzle-orm/pg-core";
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

/**
 * The lowest and the highest point of each bucket of steps, for charts of long series: written with the points. A bucket has 2^level steps.
 * What a later attempt or a repeated step replaces stays in here; a read looks every point up that it shows.
 */
export const metricRollups = pgTable(
  "metric_rollups",
  {
    subjectId: idText("subject_id").notNull(),
    key: text("key").notNull(),
    level: smallint("level").notNull(),
    /** floor(step / 2^level) */
    bucket: bigint("bucket", { mode: "number" }).notNull(),
    low: doublePrecision("low").notNull(),
    lowStep: doublePrecision("low_step").notNull(),
    high: doublePrecision("high").notNull(),
    highStep: doublePrecision("high_step").notNull(),
  },
  (t) => [primaryKey({ columns: [t.subjectId, t.key, t.level, t.bucket] })],
);
