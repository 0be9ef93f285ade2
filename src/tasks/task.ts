// The task as verbs return it: times are ISO text, so that it is the same over tRPC and REST.
import type { JsonObject } from "../platform/json-safety";
import type { Resources } from "./resource-class";
import type { TaskStatus } from "./status";

export type Task = {
  taskId: string;
  name: string;
  config: JsonObject;
  priority: number;
  status: TaskStatus;
  queue: string;
  entrypoint: string | null;
  command: string[] | null;
  metadata: JsonObject;
  tags: string[];
  resources: Resources;
  result: JsonObject | null;
  errorMessage: string | null;
  attempt: number;
  maxAttempts: number;
  timeoutSeconds: number | null;
  /** 1 for the next to run among the account's queued tasks of the same queue */
  queuePosition: number | null;
  runAt: string | null;
  dependsOn: string[];
  waitingReason: string | null;
  createdAt: string;
  startedAt: string | null;
  completedAt: string | null;
  updatedAt: string;
  userId: string;
  workerId: string | null;
  cancelRequestedAt: string | null;
};

/** The columns of a task's row that a Task is made from. */
export type TaskRow = {
  id: string;
  name: string;
  config: JsonObject;
  priority: number;
  status: TaskStatus;
  queue: string;
  entrypoint: string | null;
  command: string[] | null;
  metadata: JsonObject;
  tags: string[];
  resources: Resources;
  result: JsonObject | null;
  error_message: string | null;
  attempt: number;
  max_attempts: number;
  timeout_seconds: number | null;
  run_at: Date | null;
  depends_on: string[];
  created_at: Date;
  started_at: Date | null;
  completed_at: Date | null;
  updated_at: Date;
  user_id: string;
  worker_id: string | null;
  cancel_requested_at: Date | null;
  place: number;
  seq: number;
  class: string;
};

const iso = (at: Date | null) => (at === null ? null : at.toISOString());

export const toTask = (row: TaskRow, queuePosition: number | null, waitingReason: string | null): Task => ({
  taskId: row.id,
  name: row.name,
  config: row.config,
  priority: row.priority,
  status: row.status,
  queue: row.queue,
  entrypoint: row.entrypoint,
  command: row.command,
  metadata: row.metadata,
  tags: row.tags,
  resources: row.resources,
  result: row.result,
  errorMessage: row.error_message,
  attempt: row.attempt,
  maxAttempts: row.max_attempts,
  timeoutSeconds: row.timeout_seconds,
  queuePosition,
  runAt: iso(row.run_at),
  dependsOn: row.depends_on,
  waitingReason,
  createdAt: row.created_at.toISOString(),
  startedAt: iso(row.started_at),
  completedAt: iso(row.completed_at),
  updatedAt: row.updated_at.toISOString(),
  userId: row.user_id,
  workerId: row.worker_id,
  cancelRequestedAt: iso(row.cancel_requested_at),
});
