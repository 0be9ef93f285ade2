// Tables of V1 tasks. Times are made by PostgreSQL's clock.
import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgSequence,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { idText, instant } from "../platform/columns";

/** Turns order equal priorities. They stop at 2^32 - 1, so that a place stays exact as a double. */
export const taskTurns = pgSequence("task_turns", { startWith: 1, minValue: 1, maxValue: 4294967295, cache: 1 });

export const tasks = pgTable(
  "tasks",
  {
    id: idText("id").primaryKey(),
    userId: idText("user_id").notNull(),
    queue: text("queue").notNull(),
    name: text("name").notNull(),
    config: jsonb("config").notNull(),
    metadata: jsonb("metadata").notNull(),
    tags: text("tags").array().notNull(),
    priority: integer("priority").notNull(),
    place: bigint("place", { mode: "number" }).notNull(),
    status: text("status").notNull(),
    /** The fence: grows at every start, so that a write of an older attempt no longer matches. */
    attempt: integer("attempt").notNull().default(0),
    failures: integer("failures").notNull().default(0),
    losses: integer("losses").notNull().default(0),
    lossesSince: instant("losses_since"),
    /** Creation order, immutable. */
    seq: bigint("seq", { mode: "number" }).notNull(),
    maxAttempts: integer("max_attempts").notNull().default(1),
    runAt: instant("run_at"),
    timeoutSeconds: integer("timeout_seconds"),
    entrypoint: text("entrypoint"),
    command: text("command").array(),
    env: jsonb("env").notNull().default({}),
    resources: jsonb("resources").notNull().default({}),
    class: text("class").notNull(),
    dependsOn: text("depends_on").array().notNull().default(sql`'{}'`),
    result: jsonb("result"),
    errorMessage: text("error_message"),
    errorKind: text("error_kind"),
    workerId: text("worker_id"),
    cancelRequestedAt: instant("cancel_requested_at"),
    cancelReason: text("cancel_reason"),
    webhookUrl: text("webhook_url"),
    /** +1 with every change of the status: which of them an event of the outbox tells. */
    changeNo: integer("change_no").notNull().default(0),
    /** Repeats an ended task's status. It has an index, which `status` must not have: see src/README.md. */
    outcome: text("outcome"),
    createdAt: instant("created_at").notNull().defaultNow(),
    queuedAt: instant("queued_at"),
    startedAt: instant("started_at"),
    completedAt: instant("completed_at"),
    /** An ended task's start, for the index: with `started_at` in one, queued to running would touch every index. */
    endedStartedAt: instant("ended_started_at").generatedAlwaysAs(
      sql`CASE WHEN completed_at IS NOT NULL THEN started_at END`,
    ),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (t) => [
    check("tasks_status", sql`${t.status} IN ('pending','queued','running','completed','failed','cancelled')`),
    check("tasks_ended", sql`(${t.status} IN ('completed','failed','cancelled')) = (${t.completedAt} IS NOT NULL)`),
    check(
      "tasks_outcome",
      sql`${t.outcome} IS NOT DISTINCT FROM CASE WHEN ${t.completedAt} IS NOT NULL THEN ${t.status} END`,
    ),
    check("tasks_priority", sql`${t.priority} BETWEEN -1000000 AND 1000000`),
    index("tasks_newest").on(t.userId, t.seq),
    index("tasks_by_priority").on(t.userId, t.priority, t.seq),
    index("tasks_by_name").on(t.userId, sql`${t.name} COLLATE "C"`, t.seq),
    index("tasks_by_outcome").on(t.userId, t.outcome, t.seq).where(sql`${t.outcome} IS NOT NULL`),
    index("tasks_by_completion").on(t.userId, t.completedAt, t.seq).where(sql`${t.completedAt} IS NOT NULL`),
    index("tasks_by_start").on(t.userId, t.endedStartedAt, t.seq).where(sql`${t.completedAt} IS NOT NULL`),
  ],
);

/** One row per queued task, written and deleted in the transaction that changes the status. */
export const readyTasks = pgTable(
  "ready_tasks",
  {
    taskId: idText("task_id").primaryKey(),
    queue: text("queue").notNull(),
    userId: idText("user_id").notNull(),
    /** `client`, or the exact resources that the task needs: see resource-class.ts. */
    class: text("class").notNull(),
    place: bigint("place", { mode: "number" }).notNull(),
    changedAt: instant("changed_at").notNull().defaultNow(),
  },
  (t) => [
    index("ready_tasks_order").on(t.queue, t.class, t.place),
    index("ready_tasks_account").on(t.userId, t.queue, t.place),
    // BRIN: rows come in the order of their times, and a tree cost each insert more than the second-by-second look gains.
    index("ready_tasks_changed").using("brin", t.changedAt).with({ pages_per_range: 8, autosummarize: true }),
  ],
);

/** One row per pending task: scheduled for later, or waiting for other tasks. */
export const pendingTasks = pgTable(
  "pending_tasks",
  {
    taskId: idText("task_id").primaryKey(),
    userId: idText("user_id").notNull(),
    queue: text("queue").notNull(),
    runAt: instant("run_at"),
    blocked: boolean("blocked").notNull(),
  },
  (t) => [
    index("pending_tasks_due").on(t.runAt).where(sql`NOT ${t.blocked}`),
    index("pending_tasks_blocked").on(t.taskId).where(sql`${t.blocked}`),
    index("pending_tasks_account").on(t.userId, t.queue),
  ],
);

export const taskDependencies = pgTable(
  "task_dependencies",
  { taskId: idText("task_id").notNull(), dependsOn: idText("depends_on").notNull() },
  (t) => [primaryKey({ columns: [t.taskId, t.dependsOn] }), index("task_dependencies_reverse").on(t.dependsOn)],
);

export const taskAttempts = pgTable(
  "task_attempts",
  {
    taskId: idText("task_id").notNull(),
    attempt: integer("attempt").notNull(),
    /** null: a client runs it. */
    workerId: text("worker_id"),
    workerEpoch: integer("worker_epoch"),
    bootId: text("boot_id"),
    pidNamespace: text("pid_namespace"),
    claimToken: text("claim_token"),
    /** The worker process, so that a neighbour on the same machine can prove it dead. */
    workerPid: integer("worker_pid"),
    workerStartTime: bigint("worker_start_time", { mode: "number" }),
    leaseExpiresAt: instant("lease_expires_at"),
    startedAt: instant("started_at").notNull().defaultNow(),
    endedAt: instant("ended_at"),
    /** succeeded, failed, cancelled, lost, given_back */
    outcome: text("outcome"),
    exitCode: integer("exit_code"),
    signal: text("signal"),
    errorMessage: text("error_message"),
  },
  (t) => [
    primaryKey({ columns: [t.taskId, t.attempt] }),
    uniqueIndex("task_attempts_open").on(t.taskId).where(sql`${t.endedAt} IS NULL`),
    index("task_attempts_worker").on(t.workerId, t.workerEpoch).where(sql`${t.endedAt} IS NULL`),
  ],
);

/** A GPU of a host is held by at most one open attempt, whichever worker of the host runs it. */
export const gpuLeases = pgTable(
  "gpu_leases",
  {
    host: text("host").notNull(),
    gpu: text("gpu").notNull(),
    taskId: idText("task_id").notNull(),
    attempt: integer("attempt").notNull(),
  },
  (t) => [primaryKey({ columns: [t.host, t.gpu] }), index("gpu_leases_attempt").on(t.taskId, t.attempt)],
);

export const workers = pgTable("workers", {
  id: text("id").primaryKey(),
  /** +1 at every start: the claims of an earlier life of the same name no longer match. */
  epoch: integer("epoch").notNull().default(1),
  host: text("host").notNull(),
  bootId: text("boot_id").notNull(),
  pidNamespace: text("pid_namespace").notNull(),
  pid: integer("pid").notNull(),
  pidStartTime: bigint("pid_start_time", { mode: "number" }).notNull(),
  version: text("version").notNull(),
  slots: integer("slots").notNull(),
  cpus: integer("cpus").notNull(),
  memoryMb: integer("memory_mb").notNull(),
  gpus: text("gpus").array().notNull(),
  /** null: all queues */
  queues: text("queues").array(),
  entrypoints: text("entrypoints").array().notNull(),
  allowsCommands: boolean("allows_commands").notNull(),
  startedAt: instant("started_at").notNull().defaultNow(),
  lastHeartbeatAt: instant("last_heartbeat_at").notNull().defaultNow(),
  draining: boolean("draining").notNull().default(false),
  stoppedAt: instant("stopped_at"),
});

/** A row only for queues that were ever paused. A pause holds for every account and every worker. */
export const queues = pgTable("queues", {
  name: text("name").primaryKey(),
  paused: boolean("paused").notNull().default(false),
  reason: text("reason"),
  changedBy: idText("changed_by"),
  changedAt: instant("changed_at").notNull().defaultNow(),
});

export const templates = pgTable(
  "templates",
  {
    id: idText("id").primaryKey(),
    userId: idText("user_id").notNull(),
    name: text("name").notNull(),
    config: jsonb("config").notNull(),
    description: text("description"),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (t) => [uniqueIndex("templates_name").on(t.userId, t.name)],
);

/** Tasks per account, queue and status, folded each second from the deltas; a read sums both. */
export const taskCounts = pgTable(
  "task_counts",
  {
    userId: idText("user_id").notNull(),
    queue: text("queue").notNull(),
    status: text("status").notNull(),
    count: bigint("count", { mode: "number" }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.userId, t.queue, t.status] })],
);

export const taskCountDeltas = pgTable("task_count_deltas", {
  id: bigserial("id", { mode: "number" }).primaryKey(),
  userId: idText("user_id").notNull(),
  queue: text("queue").notNull(),
  status: text("status").notNull(),
  delta: integer("delta").notNull(),
});
