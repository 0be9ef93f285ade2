// A run as rows hold it and as the verbs answer it.
import type { SqlLike } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";

export const RUN_STATUSES = ["pending", "running", "completed", "failed", "cancelled"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export type Run = {
  runId: string;
  unitId: string;
  attempt: number;
  name: string;
  parameters: JsonObject;
  /** its place in the unit, from 1; a removed run leaves a gap */
  order: number;
  status: RunStatus;
  cancelledAt: string | null;
  result: JsonObject | null;
  metrics: JsonObject | null;
  errorMessage: string | null;
  /** `lost`: its driver fell silent */
  errorKind: "failed" | "lost" | "cancelled" | null;
  createdBy: "client" | "web";
  metadata: JsonObject;
  parentId: string | null;
  sweepId: string | null;
  progress: { done: number; total: number } | null;
  /** what its parameters lack for the unit's schema */
  misfit: string | null;
  driverId: string | null;
  startedAt: string | null;
  completedAt: string | null;
  createdAt: string;
  updatedAt: string;
  userId: string;
};

export type RunRow = {
  id: string;
  unit_id: string;
  attempt: number;
  seq: number;
  name: string;
  parameters: JsonObject;
  place: number;
  status: RunStatus;
  cancelled_at: Date | null;
  result: JsonObject | null;
  metrics: JsonObject | null;
  error_message: string | null;
  error_kind: Run["errorKind"];
  created_by: "client" | "web";
  metadata: JsonObject;
  parent_id: string | null;
  sweep_id: string | null;
  progress_done: number | null;
  progress_total: number | null;
  misfit: string | null;
  driver_id: string | null;
  started_at: Date | null;
  completed_at: Date | null;
  created_at: Date;
  updated_at: Date;
  user_id: string;
};

/** The columns of a RunRow, of the table or part named `runs`. */
export const runColumns = (sql: SqlLike) => sql`
  runs.id, runs.unit_id, runs.attempt, runs.seq, runs.name, runs.parameters, runs.place, runs.status, runs.cancelled_at, runs.result,
  runs.metrics, runs.error_message, runs.error_kind, runs.created_by, runs.metadata, runs.parent_id, runs.sweep_id, runs.progress_done,
  runs.progress_total, runs.misfit, runs.driver_id, runs.started_at, runs.completed_at, runs.created_at, runs.updated_at, runs.user_id`;

const time = (at: Date | null): string | null => at?.toISOString() ?? null;

export const toRun = (row: RunRow): Run => ({
  runId: row.id,
  unitId: row.unit_id,
  attempt: row.attempt,
  name: row.name,
  parameters: row.parameters,
  order: row.place,
  status: row.status,
  cancelledAt: time(row.cancelled_at),
  result: row.result,
  metrics: row.metrics,
  errorMessage: row.error_message,
  errorKind: row.error_kind,
  createdBy: row.created_by,
  metadata: row.metadata,
  parentId: row.parent_id,
  sweepId: row.sweep_id,
  progress:
    row.progress_done !== null && row.progress_total !== null
      ? { done: row.progress_done, total: row.progress_total }
      : null,
  misfit: row.misfit,
  driverId: row.driver_id,
  startedAt: time(row.started_at),
  completedAt: time(row.completed_at),
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  userId: row.user_id,
});
