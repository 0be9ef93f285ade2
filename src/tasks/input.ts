// What the verbs accept. tRPC takes these as they are; wire.ts maps them to the contract's snake_case.
import { z } from "zod";
import { linesAsked } from "../logs/asked";
import { seriesAsked } from "../metrics/asked";
import { instant, isInCalendar, jsonObject, says, saysAt } from "../platform/validate";
import { TASK_STATUSES } from "./status";

/** Names that change how a program is loaded, or that the worker sets itself. */
const RESERVED_ENV = /^(LD_PRELOAD|LD_AUDIT|NODE_OPTIONS|BASH_ENV|PYTHONSTARTUP|MLQUEUE_.*)$/;

const noControl = (text: string) => !/\p{Cc}/u.test(text);
const name = z.string().min(1).max(500);
export const queueName = z.string().min(1).max(100).refine(noControl, says("control"));
export const taskId = z.string().max(200);
/** -1,000,000..1,000,000, higher runs first */
export const priority = z.int().min(-1_000_000).max(1_000_000);
const env = z.record(z.string(), z.string()).superRefine((given, context) => {
  for (const key of Object.keys(given)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) context.addIssue(saysAt([key], "envName"));
    else if (RESERVED_ENV.test(key)) context.addIssue(saysAt([key], "envReserved"));
  }
});

const httpUrl = z
  .string()
  .max(2000)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), says("httpUrl"));

export const newTask = z
  .object({
    name,
    config: jsonObject,
    priority: priority.default(0),
    metadata: jsonObject.default({}),
    tags: z.array(z.string().min(1).max(100)).max(100).default([]),
    queue: queueName.default("default"),
    entrypoint: z.string().min(1).max(255).optional(),
    command: z
      .array(z.string().max(131_072))
      .min(1)
      .max(1000)
      .refine((argv) => argv[0] !== "", says("noProgram"))
      .optional(),
    env: env.default({}),
    resources: z
      .object({
        gpus: z.int().min(0).max(1024).default(0),
        cpus: z.int().min(0).max(65_536).default(0),
        memoryMb: z.int().min(0).max(1_000_000_000).default(0),
      })
      .prefault({}),
    /** at most 24 days: what a timer of Node can count */
    timeoutSeconds: z.int().min(1).max(2_073_600).optional(),
    maxAttempts: z.int().min(1).max(1000).default(1),
    runAt: instant.optional(),
    dependsOn: z.array(taskId).max(1000).default([]),
    webhookUrl: httpUrl.optional(),
  })
  .refine((task) => !(task.entrypoint && task.command), {
    path: ["command"],
    ...says("besideEntrypoint"),
  });
export type NewTask = z.infer<typeof newTask>;

export const MAX_BATCH = 10_000;
export const newTasks = z.object({ tasks: z.array(newTask).max(MAX_BATCH) });

export const listSorts = ["created_at", "priority", "started_at", "completed_at", "name"] as const;
export const listInput = z.object({
  status: z.array(z.enum(TASK_STATUSES)).optional(),
  /** more than 1000 counts as 1000 */
  limit: z
    .int()
    .min(1)
    .default(100)
    .transform((n) => Math.min(n, 1000)),
  offset: z.int().min(0).max(1_000_000_000).default(0),
  cursor: z.string().max(1000).optional(),
  sort: z.enum(listSorts).optional(),
  order: z.enum(["asc", "desc"]).optional(),
  /** name search, case-insensitive */
  q: z.string().max(500).optional(),
  tag: z.string().max(100).optional(),
  queue: queueName.optional(),
  createdAfter: instant.optional(),
  createdBefore: instant.optional(),
});
export type ListInput = z.infer<typeof listInput>;

export const byId = z.object({ taskId });
export const priorityInput = z.object({ taskId, priority });
export const cancelInput = z.object({ taskId, reason: z.string().max(2000).optional() });
/** As many as a page of tasks may hold. */
export const manyInput = z.object({ taskIds: z.array(taskId).min(1).max(1000) });
export const cancelManyInput = manyInput.extend({ reason: z.string().max(2000).optional() });
export const resultInput = z.object({
  taskId,
  result: jsonObject,
  artifacts: z.union([jsonObject, z.array(z.unknown())]).optional(),
});
export const queueInput = z.object({ queue: queueName.default("default") });
export const pauseInput = z.object({ queue: queueName.default("default"), reason: z.string().max(2000).optional() });
export const reorderInput = z.object({ taskIds: z.array(taskId).min(1).max(100_000) });
export const logsInput = z.object({ taskId, ...linesAsked });
export type LogsInput = z.infer<typeof logsInput>;
export const metricsInput = z.object({ taskId, ...seriesAsked });
const day = z.iso.date({ abort: true }).refine(isInCalendar, says("dayInCalendar"));
export const statisticsInput = z
  .object({ startDate: day.optional(), endDate: day.optional() })
  .refine((range) => !(range.startDate && range.endDate && range.startDate > range.endDate), {
    path: ["endDate"],
    ...says("beforeStart"),
  });
export const newTemplate = z.object({
  name: z.string().min(1).max(200),
  config: jsonObject,
  description: z.string().max(10_000).optional(),
});
export const templateChange = z.object({
  templateId: z.string().max(200),
  name: z.string().min(1).max(200).optional(),
  config: jsonObject.optional(),
  description: z.string().max(10_000).nullable().optional(),
});
export const templateId = z.object({ templateId: z.string().max(200) });
