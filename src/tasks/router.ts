// tRPC procedures of tasks: input schema, verb, output schema.
import { z } from "zod";
import { procedure, router } from "../platform/trpc";
import { taskAttempts } from "./attempts";
import { cancelTask } from "./cancel";
import { changePriority } from "./change-priority";
import { startTask, submitResult } from "./client-run";
import { countTasks } from "./counts";
import { createTask, createTasks } from "./create";
import { commandsAllowed, knownEntrypoints } from "./entrypoints";
import {
  byId,
  cancelInput,
  cancelManyInput,
  listInput,
  logsInput,
  manyInput,
  metricsInput,
  newTask,
  newTasks,
  newTemplate,
  pauseInput,
  priorityInput,
  queueInput,
  queueName,
  reorderInput,
  resultInput,
  statisticsInput,
  templateChange,
  templateId,
} from "./input";
import { getTask, listTasks } from "./list";
import { taskLogs } from "./logs";
import { cancelMany, retryMany } from "./many";
import { taskMetrics } from "./metrics";
import {
  attemptsOutput,
  countsOutput,
  createdManyOutput,
  doneOutput,
  entrypointsOutput,
  logsOutput,
  manyOutput,
  metricsOutput,
  newOrderOutput,
  queueStatusOutput,
  queuesOutput,
  statisticsOutput,
  taskOutput,
  taskPageOutput,
  templateOutput,
} from "./output";
import { pauseQueue, resumeQueue } from "./queue-control";
import { listQueues, queueStatus } from "./queue-status";
import { reorderTasks } from "./reorder";
import { retryTask } from "./retry";
import { taskStatistics } from "./statistics";
import { changeTemplate, createTemplate, deleteTemplate, listTemplates } from "./templates";

const done = { done: true } as const;

export const tasksRouter = router({
  create: procedure
    .input(newTask)
    .output(taskOutput)
    .mutation(({ ctx, input }) => createTask(ctx.userId, input)),
  createMany: procedure
    .meta({ bucket: "batch" })
    .input(newTasks)
    .output(createdManyOutput)
    .mutation(async ({ ctx, input }) => ({
      taskIds: await createTasks(ctx.userId, input.tasks),
    })),
  list: procedure
    .input(listInput)
    .output(taskPageOutput)
    .query(({ ctx, input }) => listTasks(ctx.userId, input)),
  get: procedure
    .input(byId)
    .output(taskOutput)
    .query(({ ctx, input }) => getTask(ctx.userId, input.taskId)),
  attempts: procedure
    .input(byId)
    .output(attemptsOutput)
    .query(({ ctx, input }) => taskAttempts(ctx.userId, input)),
  setPriority: procedure
    .input(priorityInput)
    .output(taskOutput)
    .mutation(({ ctx, input }) => changePriority(ctx.userId, input)),
  cancel: procedure
    .input(cancelInput)
    .output(taskOutput)
    .mutation(({ ctx, input }) => cancelTask(ctx.userId, input)),
  retry: procedure
    .input(byId)
    .output(taskOutput)
    .mutation(({ ctx, input }) => retryTask(ctx.userId, input)),
  cancelMany: procedure
    .input(cancelManyInput)
    .output(manyOutput)
    .mutation(({ ctx, input }) => cancelMany(ctx.userId, input)),
  retryMany: procedure
    .input(manyInput)
    .output(manyOutput)
    .mutation(({ ctx, input }) => retryMany(ctx.userId, input)),
  start: procedure
    .meta({ bucket: "traffic" })
    .input(byId)
    .output(taskOutput)
    .mutation(({ ctx, input }) => startTask(ctx.userId, input)),
  submitResult: procedure
    .meta({ bucket: "traffic" })
    .input(resultInput)
    .output(taskOutput)
    .mutation(({ ctx, input }) => submitResult(ctx.userId, input)),
  logs: procedure
    .input(logsInput)
    .output(logsOutput)
    .query(({ ctx, input }) => taskLogs(ctx.userId, input)),
  metrics: procedure
    .input(metricsInput)
    .output(metricsOutput)
    .query(({ ctx, input }) => taskMetrics(ctx.userId, input)),

  queueStatus: procedure
    .input(queueInput)
    .output(queueStatusOutput)
    .query(({ ctx, input }) => queueStatus(ctx.userId, input)),
  queues: procedure.output(queuesOutput).query(({ ctx }) => listQueues(ctx.userId)),
  counts: procedure
    .input(z.object({ queue: queueName.optional() }).optional())
    .output(countsOutput)
    .query(({ ctx, input }) => countTasks(ctx.userId, input?.queue)),
  pause: procedure
    .input(pauseInput)
    .output(doneOutput)
    .mutation(async ({ ctx, input }) => {
      await pauseQueue(ctx.userId, input);
      return done;
    }),
  resume: procedure
    .input(queueInput)
    .output(doneOutput)
    .mutation(async ({ ctx, input }) => {
      await resumeQueue(ctx.userId, input);
      return done;
    }),
  reorder: procedure
    .input(reorderInput)
    .output(newOrderOutput)
    .mutation(({ ctx, input }) => reorderTasks(ctx.userId, input)),
  statistics: procedure
    .input(statisticsInput)
    .output(statisticsOutput)
    .query(({ ctx, input }) => taskStatistics(ctx.userId, input)),

  templates: procedure.output(z.array(templateOutput)).query(({ ctx }) => listTemplates(ctx.userId)),
  createTemplate: procedure
    .input(newTemplate)
    .output(templateOutput)
    .mutation(({ ctx, input }) => createTemplate(ctx.userId, input)),
  changeTemplate: procedure
    .input(templateChange)
    .output(templateOutput)
    .mutation(({ ctx, input }) => changeTemplate(ctx.userId, input)),
  deleteTemplate: procedure
    .input(templateId)
    .output(doneOutput)
    .mutation(async ({ ctx, input }) => {
      await deleteTemplate(ctx.userId, input);
      return done;
    }),

  entrypoints: procedure.output(entrypointsOutput).query(async () => ({
    entrypoints: await knownEntrypoints(),
    commandsAllowed: commandsAllowed(),
  })),
});
