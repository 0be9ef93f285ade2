// What the procedures answer: the schemas that make the API's types, and that nothing else leaves the server.
import { z } from "zod";
import { linesTold } from "../logs/asked";
import { seriesTold } from "../metrics/asked";
import type { ErrorCode } from "../platform/errors";
import type { JsonObject } from "../platform/json-safety";
import { TASK_STATUSES } from "./status";

const status = z.enum(TASK_STATUSES);
/** RFC 3339 */
const time = z.string();
const json = z.custom<JsonObject>();

export const taskOutput = z.object({
  taskId: z.string(),
  name: z.string(),
  config: json,
  priority: z.number(),
  status,
  queue: z.string(),
  entrypoint: z.string().nullable(),
  command: z.array(z.string()).nullable(),
  metadata: json,
  tags: z.array(z.string()),
  resources: z.object({ gpus: z.number(), cpus: z.number(), memoryMb: z.number() }),
  result: json.nullable(),
  errorMessage: z.string().nullable(),
  attempt: z.number(),
  maxAttempts: z.number(),
  timeoutSeconds: z.number().nullable(),
  queuePosition: z.number().nullable(),
  runAt: time.nullable(),
  dependsOn: z.array(z.string()),
  waitingReason: z.string().nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  completedAt: time.nullable(),
  updatedAt: time,
  userId: z.string(),
  workerId: z.string().nullable(),
  cancelRequestedAt: time.nullable(),
});

export const taskPageOutput = z.object({
  tasks: z.array(taskOutput),
  total: z.number(),
  limit: z.number(),
  offset: z.number(),
  nextCursor: z.string().nullable(),
});

export const countsOutput = z.object({
  pending: z.number(),
  queued: z.number(),
  running: z.number(),
  completed: z.number(),
  failed: z.number(),
  cancelled: z.number(),
});

export const createdManyOutput = z.object({ taskIds: z.array(z.string()) });

export const manyOutput = z.object({
  taskIds: z.array(z.string()),
  refused: z.array(z.object({ taskId: z.string(), code: z.custom<ErrorCode>(), sentence: z.string() })),
});

export const attemptsOutput = z.array(
  z.object({
    attempt: z.number(),
    workerId: z.string().nullable(),
    startedAt: time,
    endedAt: time.nullable(),
    outcome: z.enum(["succeeded", "failed", "cancelled", "lost", "given_back"]).nullable(),
    exitCode: z.number().nullable(),
    signal: z.string().nullable(),
    errorMessage: z.string().nullable(),
  }),
);

export const queueStatusOutput = z.object({
  queue: z.string(),
  paused: z.boolean(),
  pauseReason: z.string().nullable(),
  statistics: countsOutput,
  currentTasks: z.array(z.object({ taskId: z.string(), name: z.string(), status, startedAt: time.nullable() })),
  queueLength: z.number(),
  estimatedWaitSeconds: z.number().nullable(),
  workers: z.array(
    z.object({
      id: z.string(),
      host: z.string(),
      slots: z.number(),
      busy: z.number(),
      gpus: z.array(z.string()),
      draining: z.boolean(),
      lastHeartbeatAt: time,
    }),
  ),
});

export const queuesOutput = z.array(z.object({ queue: z.string(), counts: countsOutput, paused: z.boolean() }));

export const newOrderOutput = z.array(z.object({ taskId: z.string(), position: z.number() }));

export const logsOutput = z.object({ taskId: z.string(), logs: linesTold });

export const metricsOutput = z.object({ taskId: z.string(), metrics: seriesTold });

export const statisticsOutput = z.object({
  period: z.object({ start: z.string(), end: z.string() }),
  totalTasks: z.number(),
  completedTasks: z.number(),
  failedTasks: z.number(),
  cancelledTasks: z.number(),
  averageDurationSeconds: z.number(),
  successRate: z.number(),
  byDay: z.array(
    z.object({ date: z.string(), total: z.number(), completed: z.number(), failed: z.number(), cancelled: z.number() }),
  ),
});

export const templateOutput = z.object({
  templateId: z.string(),
  name: z.string(),
  config: json,
  description: z.string().nullable(),
  createdAt: time,
  updatedAt: time,
});

export const entrypointsOutput = z.object({ entrypoints: z.array(z.string()), commandsAllowed: z.boolean() });

/** For procedures that answer nothing. */
export const doneOutput = z.object({ done: z.literal(true) });
