// Tables of V2: groups, units, runs. Times are made by PostgreSQL's clock. A row with deleted_at is in the trash.
import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  json,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from "drizzle-orm/pg-core";
import { idText, instant } from "../platform/columns";

export const groups = pgTable(
  "groups",
  {
    id: idText("id").primaryKey(),
    userId: idText("user_id").notNull(),
    name: text("name").notNull(),
    description: text("description"),
    metadata: jsonb("metadata").notNull().default({}),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
    deletedAt: instant("deleted_at"),
  },
  (t) => [index("groups_newest").on(t.userId, t.id)],
);

export const units = pgTable(
  "units",
  {
    id: idText("id").primaryKey(),
    groupId: idText("group_id").notNull(),
    userId: idText("user_id").notNull(),
    name: text("name").notNull(),
    description: text("description"),
    config: jsonb("config").notNull().default({}),
    metadata: jsonb("metadata").notNull().default({}),
    /** +1 with each change of the unit or of its runs' names, parameters, order or number. */
    version: bigint("version", { mode: "number" }).notNull().default(1),
    /** null: a silent driver is never given up. */
    stallTimeoutSeconds: integer("stall_timeout_seconds").default(120),
    paused: boolean("paused").notNull().default(false),
    pausedReason: text("paused_reason"),
    /** JSON Schema that a driver published; runs that do not fit it wait. */
    parametersSchema: jsonb("parameters_schema"),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
    deletedAt: instant("deleted_at"),
  },
  (t) => [index("units_of_group").on(t.groupId, t.id), index("units_of_account").on(t.userId, t.id)],
);

/** Heartbeats have a table of their own, so that they do not churn units. */
export const unitPresence = pgTable("unit_presence", {
  unitId: idText("unit_id").primaryKey(),
  lastHeartbeatAt: instant("last_heartbeat_at").notNull(),
});

/** Drivers that give a name with their heartbeats. */
export const unitDrivers = pgTable(
  "unit_drivers",
  {
    unitId: idText("unit_id").notNull(),
    driverId: text("driver_id").notNull(),
    /** runs that it works on at once */
    slots: integer("slots").notNull().default(1),
    lastHeartbeatAt: instant("last_heartbeat_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.unitId, t.driverId] })],
);

export const runs = pgTable(
  "runs",
  {
    id: idText("id").primaryKey(),
    unitId: idText("unit_id").notNull(),
    userId: idText("user_id").notNull(),
    /** Creation order, over all units: newest first is seq descending. */
    seq: bigserial("seq", { mode: "number" }).notNull(),
    /** Order within the unit, from 1; lowest runs first. */
    place: bigint("place", { mode: "number" }).notNull(),
    name: text("name").notNull(),
    parameters: jsonb("parameters").notNull(),
    metadata: jsonb("metadata").notNull().default({}),
    createdBy: text("created_by").notNull().default("web"),
    parentId: idText("parent_id"),
    sweepId: idText("sweep_id"),
    status: text("status").notNull().default("pending"),
    /** +1 with every change of the status: which of them an event of the outbox tells. */
    changeNo: integer("change_no").notNull().default(0),
    /** The fence: grows at every start, so that an older attempt's calls no longer match. */
    attempt: integer("attempt").notNull().default(0),
    driverId: text("driver_id"),
    /** Of the claim that started it: the same key is answered with the same run. */
    claimKey: text("claim_key"),
    /** Whether silence ends it: its unit was connected when it started, or a heartbeat came since. */
    watched: boolean("watched").notNull().default(false),
    lastNamedAt: instant("last_named_at"),
    /** What its parameters lack for the unit's schema: such a run waits. */
    misfit: text("misfit"),
    progressDone: doublePrecision("progress_done"),
    progressTotal: doublePrecision("progress_total"),
    /** lines of this attempt that are stored */
    logLines: integer("log_lines").notNull().default(0),
    /** Of the call that ended it: the same call again is answered with 200. */
    endHash: text("end_hash"),
    result: jsonb("result"),
    metrics: jsonb("metrics"),
    errorMessage: text("error_message"),
    /** failed, lost, cancelled */
    errorKind: text("error_kind"),
    cancelledAt: instant("cancelled_at"),
    startedAt: instant("started_at"),
    completedAt: instant("completed_at"),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
    deletedAt: instant("deleted_at"),
  },
  (t) => [
    check("runs_status", sql`${t.status} IN ('pending','running','completed','failed','cancelled')`),
    check(
      "runs_ended",
      sql`(${t.status} IN ('completed','failed','cancelled')) = (${t.completedAt} IS NOT NULL) AND (${t.status} = 'cancelled') = (${t.cancelledAt} IS NOT NULL)`,
    ),
    check("runs_created_by", sql`${t.createdBy} IN ('client','web')`),
    index("runs_order").on(t.unitId, t.place).where(sql`${t.deletedAt} IS NULL`),
    index("runs_by_status").on(t.unitId, t.status, t.place).where(sql`${t.deletedAt} IS NULL`),
    index("runs_newest").on(t.userId, t.seq).where(sql`${t.deletedAt} IS NULL`),
    index("runs_watched").on(t.lastNamedAt).where(sql`${t.status} = 'running' AND ${t.watched}`),
    index("runs_of_sweep").on(t.sweepId).where(sql`${t.sweepId} IS NOT NULL`),
    // For purges: the oldest ends of an account, and who has any.
    index("runs_by_completion").on(t.userId, t.completedAt, t.seq).where(sql`${t.completedAt} IS NOT NULL`),
    index("runs_in_trash").on(t.deletedAt).where(sql`${t.deletedAt} IS NOT NULL`),
  ],
);

/** The newest checkpoint of a run: what a later attempt resumes from. */
export const runCheckpoints = pgTable("run_checkpoints", {
  runId: idText("run_id").primaryKey(),
  attempt: integer("attempt").notNull(),
  step: doublePrecision("step"),
  uri: text("uri"),
  state: jsonb("state").notNull(),
  savedAt: instant("saved_at").notNull().defaultNow(),
});

/** What a sweep was made from. Its rows are ordinary runs that carry its id. */
export const sweeps = pgTable(
  "sweeps",
  {
    id: idText("id").primaryKey(),
    unitId: idText("unit_id").notNull(),
    userId: idText("user_id").notNull(),
    name: text("name").notNull(),
    /** A list: the first recipe, then one for each time that it was extended. Not jsonb, which would sort the parameters' names: their order is the grid's. */
    recipes: json("recipes").notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (t) => [index("sweeps_of_unit").on(t.unitId, t.id)],
);

/** What was said of a waiting run when its unit's plan was first read, so that estimates can be compared with what became of them. */
export const runEstimates = pgTable(
  "run_estimates",
  {
    runId: idText("run_id").notNull(),
    /** the attempt that it was said of */
    attempt: integer("attempt").notNull(),
    unitId: idText("unit_id").notNull(),
    madeAt: instant("made_at").notNull().defaultNow(),
    /** seconds after made_at */
    endP50Seconds: doublePrecision("end_p50_seconds").notNull(),
    endP90Seconds: doublePrecision("end_p90_seconds").notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.attempt] }), index("run_estimates_of_unit").on(t.unitId, t.madeAt)],
);
