// V1 bodies and query parameters (snake_case) ↔ the verbs' input and output (camelCase).
// Only top-level keys and those of `resources` are renamed: config, metadata, result and env belong to the caller.
import { badField, DomainError } from "../platform/errors";
import { isJsonObject, type JsonObject } from "../platform/json-safety";
import { parseInput } from "../platform/validate";
import { fields, isId, pick, queryPath, readQuery, snakePart } from "../platform/wire";
import {
  cancelInput,
  type ListInput,
  type LogsInput,
  listInput,
  logsInput,
  MAX_BATCH,
  metricsInput,
  type NewTask,
  newTask,
  newTasks,
  newTemplate,
  pauseInput,
  priorityInput,
  queueInput,
  reorderInput,
  resultInput,
  statisticsInput,
  templateChange,
} from "./input";
import { taskNotFound } from "./list";
import type { Task } from "./task";

/** The path as the caller wrote it: `tasks[3].resources.memory_mb`. */
const bodyPath = (path: PropertyKey[]): PropertyKey[] => {
  const [head, ...rest] = path;
  if (head === undefined) return [];
  if (head === "tasks" && typeof rest[0] === "number") return [head, rest[0], ...bodyPath(rest.slice(1))];
  return [snakePart(head), ...(head === "resources" ? rest.map(snakePart) : rest)];
};

const NEW_TASK = fields(
  "name",
  "config",
  "priority",
  "metadata",
  "tags",
  "queue",
  "entrypoint",
  "command",
  "env",
  "resources",
  "timeout_seconds",
  "max_attempts",
  "run_at",
  "depends_on",
  "webhook_url",
);
const RESOURCES = fields("gpus", "cpus", "memory_mb");

const taskInput = (body: JsonObject): JsonObject => {
  const input = pick(body, NEW_TASK);
  if (isJsonObject(input.resources)) input.resources = pick(input.resources, RESOURCES);
  return input;
};

export const newTaskFrom = (body: JsonObject): NewTask => parseInput(newTask, taskInput(body), bodyPath);

export const newTasksFrom = (body: JsonObject): NewTask[] => {
  const { tasks } = body;
  if (!Array.isArray(tasks)) return parseInput(newTasks, pick(body, fields("tasks")), bodyPath).tasks;
  // Before they are looked at one by one.
  if (tasks.length > MAX_BATCH) throw badField("tasks", "atMostEntries", { limit: MAX_BATCH });
  return parseInput(newTasks, { tasks: tasks.map((one) => (isJsonObject(one) ? taskInput(one) : one)) }, bodyPath)
    .tasks;
};

export const priorityFrom = (taskId: string, body: JsonObject) =>
  parseInput(priorityInput, { taskId, priority: body.priority ?? undefined }, bodyPath);
export const cancelFrom = (taskId: string, body: JsonObject) =>
  parseInput(cancelInput, { taskId, ...pick(body, fields("reason")) }, bodyPath);
export const resultFrom = (taskId: string, body: JsonObject) =>
  parseInput(resultInput, { taskId, ...pick(body, fields("result", "artifacts")) }, bodyPath);
export const pauseFrom = (body: JsonObject) => parseInput(pauseInput, pick(body, fields("queue", "reason")), bodyPath);
export const reorderFrom = (body: JsonObject) => parseInput(reorderInput, pick(body, fields("task_ids")), bodyPath);

const TEMPLATE = fields("name", "config", "description");
export const newTemplateFrom = (body: JsonObject) => parseInput(newTemplate, pick(body, TEMPLATE), bodyPath);

/** In a PUT, `description: null` clears it. */
export const templateChangeFrom = (id: string, body: JsonObject) =>
  parseInput(
    templateChange,
    { templateId: id, ...pick(body, TEMPLATE), ...(body.description === null && { description: null }) },
    bodyPath,
  );

// ── Paths ─────────────────────────────────────────────────────────────────────────────────────────

/** @throws TASK_NOT_FOUND for what cannot be an id */
export const taskIdFrom = ({ id = "" }: Record<string, string>): string => {
  if (!isId(id)) throw taskNotFound(id);
  return id;
};

/** @throws NOT_FOUND for what cannot be an id */
export const templateIdFrom = ({ id = "" }: Record<string, string>): string => {
  if (!isId(id)) throw new DomainError("NOT_FOUND", "templateNotFound", { params: { id } });
  return id;
};

// ── Query parameters ──────────────────────────────────────────────────────────────────────────────

export const listFrom = (query: URLSearchParams): ListInput => {
  const input = readQuery(query, {
    status: "list",
    limit: "number",
    offset: "number",
    cursor: "text",
    sort: "text",
    order: "text",
    q: "text",
    tag: "text",
    queue: "text",
    created_after: "time",
    created_before: "time",
  });
  // Descending with or without a leading minus; `order` decides.
  if (typeof input.sort === "string") input.sort = input.sort.replace(/^-/, "");
  if (input.cursor !== undefined) delete input.offset;
  return parseInput(listInput, input, queryPath);
};

export const logsFrom = (taskId: string, query: URLSearchParams): LogsInput =>
  parseInput(
    logsInput,
    { taskId, ...readQuery(query, { after: "number", limit: "number", lines: "number", attempt: "number" }) },
    queryPath,
  );

export const metricsFrom = (taskId: string, query: URLSearchParams) =>
  parseInput(metricsInput, { taskId, ...readQuery(query, { key: "text", max_points: "number" }) }, queryPath);

export const queueFrom = (query: URLSearchParams) =>
  parseInput(queueInput, readQuery(query, { queue: "text" }), queryPath);

export const statisticsFrom = (query: URLSearchParams) =>
  parseInput(statisticsInput, readQuery(query, { start_date: "text", end_date: "text" }), queryPath);

// ── Answers ───────────────────────────────────────────────────────────────────────────────────────

/** The contract's task object. */
export const wireTask = (task: Task) => ({
  task_id: task.taskId,
  name: task.name,
  config: task.config,
  priority: task.priority,
  status: task.status,
  queue: task.queue,
  entrypoint: task.entrypoint,
  command: task.command,
  metadata: task.metadata,
  tags: task.tags,
  resources: { gpus: task.resources.gpus, cpus: task.resources.cpus, memory_mb: task.resources.memoryMb },
  result: task.result,
  error_message: task.errorMessage,
  attempt: task.attempt,
  max_attempts: task.maxAttempts,
  timeout_seconds: task.timeoutSeconds,
  queue_position: task.queuePosition,
  run_at: task.runAt,
  depends_on: task.dependsOn,
  waiting_reason: task.waitingReason,
  created_at: task.createdAt,
  started_at: task.startedAt,
  completed_at: task.completedAt,
  updated_at: task.updatedAt,
  user_id: task.userId,
  worker_id: task.workerId,
  cancel_requested_at: task.cancelRequestedAt,
});

/** Seconds as in Go: `45s`, `5m0s`, `1h0m0s`. */
export const durationText = (seconds: number): string => {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return h > 0 ? `${h}h${m}m${s}s` : m > 0 ? `${m}m${s}s` : `${s}s`;
};
