// Two ways to the same verbs, tRPC and REST, behind one interface: a scenario runs over both.
import { TRPCError } from "@trpc/server";
import type { z } from "zod";
import { appRouter } from "../api/root";
import { DomainError, type ErrorDetail } from "../platform/errors";
import { toCamel, toSnake } from "../platform/field-names";
import { isJsonObject, type JsonObject } from "../platform/json-safety";
import { createCallerFactory } from "../platform/trpc";
import type { listSorts, newTask } from "../tasks/input";
import type { Task } from "../tasks/task";
import type { Call } from "./http";
import type { Account } from "./make";

export type NewTaskInput = z.input<typeof newTask>;

/** What the verbs refuse, the same for both callers. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly details: ErrorDetail[],
  ) {
    super(code);
  }
}

/** What a scenario compares of a refusal. @throws when there was none */
export const refusal = async (promise: Promise<unknown>): Promise<{ code: string; paths: string[] }> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Refused) return { code: error.code, paths: error.details.map((detail) => detail.path) };
    throw error;
  }
  throw new Error("It was not refused.");
};

export type Caller = {
  create: (task: NewTaskInput) => Promise<Task>;
  createMany: (tasks: NewTaskInput[]) => Promise<string[]>;
  get: (taskId: string) => Promise<Task>;
  list: (query: {
    status?: Task["status"][];
    queue?: string;
    tag?: string;
    q?: string;
    limit?: number;
    offset?: number;
    cursor?: string;
    sort?: (typeof listSorts)[number];
    order?: "asc" | "desc";
    createdAfter?: string;
    createdBefore?: string;
  }) => Promise<{ ids: string[]; total: number; nextCursor: string | null }>;
  setPriority: (taskId: string, priority: number) => Promise<{ priority: number; queuePosition: number | null }>;
  cancel: (taskId: string, reason?: string) => Promise<{ status: string }>;
  retry: (taskId: string) => Promise<Task>;
  start: (taskId: string) => Promise<Task>;
  submitResult: (taskId: string, result: JsonObject, artifacts?: JsonObject) => Promise<{ status: string }>;
  logs: (
    taskId: string,
    query?: { after?: number; limit?: number; lines?: number; attempt?: number },
  ) => Promise<{ line: number; message: string; level: string; stream: string; timestamp: string; attempt: number }[]>;
  metrics: (
    taskId: string,
    query?: { key?: string; maxPoints?: number },
  ) => Promise<Record<string, { step: number; value: number; timestamp: string }[]>>;
  queue: (queue: string) => Promise<{ paused: boolean; queueLength: number; statistics: Record<string, number> }>;
  pause: (queue: string, reason?: string) => Promise<void>;
  resume: (queue: string) => Promise<void>;
  reorder: (taskIds: string[]) => Promise<{ taskId: string; position: number }[]>;
  statistics: (period?: { startDate?: string; endDate?: string }) => Promise<{
    totalTasks: number;
    completedTasks: number;
    failedTasks: number;
    cancelledTasks: number;
    successRate: number;
  }>;
  createTemplate: (template: { name: string; config: JsonObject; description?: string }) => Promise<string>;
  changeTemplate: (
    templateId: string,
    change: { name?: string; config?: JsonObject; description?: string | null },
  ) => Promise<void>;
  deleteTemplate: (templateId: string) => Promise<void>;
  templates: () => Promise<{ templateId: string; name: string; config: JsonObject; description: string | null }[]>;
};

export const asRefused = (error: unknown): unknown =>
  error instanceof TRPCError && error.cause instanceof DomainError
    ? new Refused(error.cause.code, error.cause.details)
    : error;

const callProcedures = createCallerFactory(appRouter);

export const trpcCaller = ({ userId }: Account): Caller => {
  const { tasks } = callProcedures({
    requestId: "req_test",
    locale: "en",
    authenticate: async () => ({ userId, scopes: ["*"] }),
    countTry: async () => {},
  });
  const caller: Caller = {
    create: (task) => tasks.create(task),
    createMany: async (list) => (await tasks.createMany({ tasks: list })).taskIds,
    get: (taskId) => tasks.get({ taskId }),
    list: async (query) => {
      const page = await tasks.list(query);
      return { ids: page.tasks.map((task) => task.taskId), total: page.total, nextCursor: page.nextCursor };
    },
    setPriority: (taskId, priority) => tasks.setPriority({ taskId, priority }),
    cancel: (taskId, reason) => tasks.cancel({ taskId, reason }),
    retry: (taskId) => tasks.retry({ taskId }),
    start: (taskId) => tasks.start({ taskId }),
    submitResult: (taskId, result, artifacts) => tasks.submitResult({ taskId, result, artifacts }),
    logs: async (taskId, query) => (await tasks.logs({ taskId, ...query })).logs,
    metrics: async (taskId, query) => (await tasks.metrics({ taskId, ...query })).metrics,
    queue: (queue) => tasks.queueStatus({ queue }),
    pause: async (queue, reason) => void (await tasks.pause({ queue, reason })),
    resume: async (queue) => void (await tasks.resume({ queue })),
    reorder: (taskIds) => tasks.reorder({ taskIds }),
    statistics: (period) => tasks.statistics(period ?? {}),
    createTemplate: async (template) => (await tasks.createTemplate(template)).templateId,
    changeTemplate: async (templateId, change) => void (await tasks.changeTemplate({ templateId, ...change })),
    deleteTemplate: async (templateId) => void (await tasks.deleteTemplate({ templateId })),
    templates: () => tasks.templates(),
  };
  // Refusals of both callers compare alike.
  return Object.fromEntries(
    Object.entries(caller).map(([name, run]) => [
      name,
      async (...args: unknown[]) => {
        try {
          return await (run as (...args: unknown[]) => Promise<unknown>)(...args);
        } catch (error) {
          throw asRefused(error);
        }
      },
    ]),
  ) as Caller;
};

/** The contract's names as ours: top-level keys and those of `resources`. */
const fromWire = (wire: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(wire).map(([key, value]) => [
      toCamel(key),
      key === "resources" && isJsonObject(value) ? fromWire(value) : value,
    ]),
  );

const toWire = (task: NewTaskInput): JsonObject => ({
  ...task,
  timeout_seconds: task.timeoutSeconds,
  max_attempts: task.maxAttempts,
  run_at: task.runAt,
  depends_on: task.dependsOn,
  webhook_url: task.webhookUrl,
  resources: task.resources && {
    gpus: task.resources.gpus,
    cpus: task.resources.cpus,
    memory_mb: task.resources.memoryMb,
  },
});

/** Parameters with the contract's names. */
const queryOf = (query: Record<string, unknown>): string => {
  const texts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[toSnake(name), String(value)]],
  );
  return new URLSearchParams(texts).toString();
};

export const restCaller = ({ key }: Account, call: Call): Caller => {
  /** The answer, as the contract describes it for the route. */
  const ask = async <T>(method: string, path: string, body?: JsonObject): Promise<T> => {
    const { json } = await call(method, path, { key, ...(body && { body }) });
    if (json.success !== true) throw new Refused(String(json.code), json.details as ErrorDetail[]);
    return json as T;
  };
  const askRenamed = async <T>(method: string, path: string, body?: JsonObject): Promise<T> =>
    fromWire(await ask(method, path, body)) as T;

  return {
    create: (task) => askRenamed("POST", "/v1/tasks", toWire(task)),
    createMany: async (tasks) =>
      (await ask<{ task_ids: string[] }>("POST", "/v1/tasks/batch", { tasks: tasks.map(toWire) })).task_ids,
    get: (taskId) => askRenamed("GET", `/v1/tasks/${taskId}`),
    list: async (query) => {
      const page = await ask<{ tasks: { task_id: string }[]; total: number; next_cursor: string | null }>(
        "GET",
        `/v1/tasks?${queryOf(query)}`,
      );
      return { ids: page.tasks.map((task) => task.task_id), total: page.total, nextCursor: page.next_cursor };
    },
    setPriority: async (taskId, priority) => {
      const answer = await ask<{ new_priority: number; new_queue_position: number | null }>(
        "PATCH",
        `/v1/tasks/${taskId}/priority`,
        { priority },
      );
      return { priority: answer.new_priority, queuePosition: answer.new_queue_position };
    },
    cancel: (taskId, reason) =>
      ask("POST", `/v1/tasks/${taskId}/cancel`, reason === undefined ? undefined : { reason }),
    retry: (taskId) => askRenamed("POST", `/v1/tasks/${taskId}/retry`),
    start: (taskId) => askRenamed("POST", `/v1/tasks/${taskId}/start`),
    submitResult: (taskId, result, artifacts) => ask("POST", `/v1/tasks/${taskId}/result`, { result, artifacts }),
    logs: async (taskId, query = {}) =>
      (await ask<{ logs: Awaited<ReturnType<Caller["logs"]>> }>("GET", `/v1/tasks/${taskId}/logs?${queryOf(query)}`))
        .logs,
    metrics: async (taskId, query = {}) =>
      (
        await ask<{ metrics: Awaited<ReturnType<Caller["metrics"]>> }>(
          "GET",
          `/v1/tasks/${taskId}/metrics?${queryOf(query)}`,
        )
      ).metrics,
    queue: async (queue) => {
      const status = await askRenamed<{ queueStatus: string; queueLength: number; statistics: Record<string, number> }>(
        "GET",
        `/v1/queue/status?queue=${encodeURIComponent(queue)}`,
      );
      return { ...status, paused: status.queueStatus === "paused" };
    },
    pause: (queue, reason) => ask("POST", "/v1/queue/pause", { queue, reason }),
    resume: (queue) => ask("POST", "/v1/queue/resume", { queue }),
    reorder: async (taskIds) => {
      const answer = await ask<{ new_order: { task_id: string; position: number }[] }>("POST", "/v1/queue/reorder", {
        task_ids: taskIds,
      });
      return answer.new_order.map((one) => ({ taskId: one.task_id, position: one.position }));
    },
    statistics: async (period = {}) =>
      fromWire(
        (await ask<{ statistics: JsonObject }>("GET", `/v1/statistics/tasks?${queryOf(period)}`)).statistics,
      ) as Awaited<ReturnType<Caller["statistics"]>>,
    createTemplate: async (template) =>
      (await ask<{ template_id: string }>("POST", "/v1/configs/templates", template)).template_id,
    changeTemplate: (templateId, change) => ask("PUT", `/v1/configs/templates/${templateId}`, change),
    deleteTemplate: (templateId) => ask("DELETE", `/v1/configs/templates/${templateId}`),
    templates: async () =>
      (await ask<{ templates: JsonObject[] }>("GET", "/v1/configs/templates")).templates.map(fromWire) as Awaited<
        ReturnType<Caller["templates"]>
      >,
  };
};
