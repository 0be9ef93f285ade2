// V1 routes of tasks, in the contract's order: method, path, body, verb, status.
import { MIB, type Route } from "../platform/route";
import { cancelTask } from "./cancel";
import { changePriority } from "./change-priority";
import { startTask, submitResult } from "./client-run";
import { createTask, createTasks, insertTasks } from "./create";
import {
  cancelInput,
  listInput,
  metricsInput,
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
import { getTask, listTasks } from "./list";
import { taskMetrics } from "./metrics";
import { taskOutput, taskPageOutput, templateOutput } from "./output";
import { pauseQueue, resumeQueue } from "./queue-control";
import { type QueueStatus, queueStatus } from "./queue-status";
import { reorderTasks } from "./reorder";
import * as examples from "./rest-examples";
import { logsRoute } from "./rest-logs";
import { retryTask } from "./retry";
import { type TaskStatistics, taskStatistics } from "./statistics";
import type { Task } from "./task";
import { changeTemplate, createTemplate, deleteTemplate, listTemplates, type Template } from "./templates";
import {
  cancelFrom,
  durationText,
  listFrom,
  metricsFrom,
  newTaskFrom,
  newTasksFrom,
  newTemplateFrom,
  pauseFrom,
  priorityFrom,
  queueFrom,
  reorderFrom,
  resultFrom,
  statisticsFrom,
  taskIdFrom,
  templateChangeFrom,
  templateIdFrom,
  wireTask,
} from "./wire";

const wireTemplate = (template: Template) => ({
  template_id: template.templateId,
  name: template.name,
  config: template.config,
  description: template.description,
  created_at: template.createdAt,
  updated_at: template.updatedAt,
});

const wireQueue = (status: QueueStatus) => ({
  queue_name: status.queue,
  queue_status: status.paused ? "paused" : "active",
  pause_reason: status.pauseReason,
  statistics: status.statistics,
  current_tasks: status.currentTasks.map((task) => ({
    task_id: task.taskId,
    name: task.name,
    status: task.status,
    started_at: task.startedAt,
  })),
  queue_length: status.queueLength,
  estimated_wait_time: status.estimatedWaitSeconds === null ? null : durationText(status.estimatedWaitSeconds),
  estimated_wait_seconds: status.estimatedWaitSeconds,
  workers: status.workers.map((worker) => ({
    worker_id: worker.id,
    host: worker.host,
    slots: worker.slots,
    busy: worker.busy,
    gpus: worker.gpus,
    draining: worker.draining,
    last_heartbeat_at: worker.lastHeartbeatAt,
  })),
});

const wireStatistics = (found: TaskStatistics) => ({
  period: found.period,
  statistics: {
    total_tasks: found.totalTasks,
    completed_tasks: found.completedTasks,
    failed_tasks: found.failedTasks,
    cancelled_tasks: found.cancelledTasks,
    average_duration: durationText(found.averageDurationSeconds),
    average_duration_seconds: found.averageDurationSeconds,
    success_rate: found.successRate,
    by_day: found.byDay,
  },
});

const batchAnswer = (taskIds: string[]) => ({ task_ids: taskIds, created_count: taskIds.length });

const onlyTask = (tasks: Task[]): Task => {
  const [task] = tasks;
  if (!task) throw new Error("The insert returned no row.");
  return task;
};

export const taskRoutes: Route[] = [
  {
    method: "POST",
    path: "/v1/tasks",
    status: 201,
    description: {
      summary: "Create a task",
      body: newTask,
      exampleBody: examples.newTask,
      answer: taskOutput, answer: taskOutput, example: examples.queuedTask,
    },
    handle: async ({ userId, body }) => ({ fields: wireTask(await createTask(userId, newTaskFrom(body))) }),
    create: async ({ userId, body }, sql) => {
      const { tasks, announce } = await insertTasks(sql, userId, [newTaskFrom(body)], true);
      return { fields: wireTask(onlyTask(tasks)), announce };
    },
  },
  {
    method: "POST",
    path: "/v1/tasks/batch",
    status: 201,
    maxBodyBytes: 32 * MIB,
    description: {
      summary: "Create up to 10,000 tasks, all or nothing",
      body: newTasks,
      exampleBody: { tasks: [examples.newTask] },
      example: examples.createdBatch,
    },
    handle: async ({ userId, body }) => ({ fields: batchAnswer(await createTasks(userId, newTasksFrom(body))) }),
    create: async ({ userId, body }, sql) => {
      const { tasks, announce } = await insertTasks(sql, userId, newTasksFrom(body));
      return { fields: batchAnswer(tasks.map((task) => task.taskId)), announce };
    },
  },
  {
    method: "GET",
    path: "/v1/tasks",
    description: { summary: "List tasks, newest first", query: listInput, answer: taskPageOutput, answer: taskPageOutput, example: examples.taskPage },
    handle: async ({ userId, query }) => {
      const page = await listTasks(userId, listFrom(query));
      return {
        fields: {
          tasks: page.tasks.map(wireTask),
          total: page.total,
          limit: page.limit,
          offset: page.offset,
          next_cursor: page.nextCursor,
        },
      };
    },
  },
  {
    method: "GET",
    path: "/v1/tasks/:id",
    description: { summary: "Read a task", answer: taskOutput, answer: taskOutput, example: examples.runningTask },
    handle: async (call) => ({ fields: wireTask(await getTask(call.userId, taskIdFrom(call.params))) }),
  },
  {
    method: "PATCH",
    path: "/v1/tasks/:id/priority",
    description: {
      summary: "Change the priority of a task that waits",
      body: priorityInput,
      exampleBody: { priority: 10 },
      example: examples.newPriority,
    },
    handle: async (call) => {
      const task = await changePriority(call.userId, priorityFrom(taskIdFrom(call.params), call.body));
      return { fields: { task_id: task.taskId, new_priority: task.priority, new_queue_position: task.queuePosition } };
    },
  },
  {
    method: "POST",
    path: "/v1/tasks/:id/cancel",
    description: {
      summary: "Cancel a task; one that a worker runs is stopped",
      body: cancelInput,
      exampleBody: { reason: "wrong data set" },
      example: examples.cancelled,
    },
    handle: async (call) => {
      const task = await cancelTask(call.userId, cancelFrom(taskIdFrom(call.params), call.body));
      return { fields: { task_id: task.taskId, status: task.status, cancel_requested_at: task.cancelRequestedAt } };
    },
  },
  {
    method: "POST",
    path: "/v1/tasks/:id/retry",
    description: { summary: "Put a failed or cancelled task back into the queue", answer: taskOutput, answer: taskOutput, example: examples.queuedTask },
    handle: async (call) => ({ fields: wireTask(await retryTask(call.userId, { taskId: taskIdFrom(call.params) })) }),
  },
  {
    method: "POST",
    path: "/v1/tasks/:id/start",
    description: { summary: "Start a task that you run yourself", answer: taskOutput, answer: taskOutput, example: examples.clientTask },
    handle: async (call) => ({ fields: wireTask(await startTask(call.userId, { taskId: taskIdFrom(call.params) })) }),
  },
  {
    method: "POST",
    path: "/v1/tasks/:id/result",
    description: {
      summary: "Report the result of a task that you run yourself",
      body: resultInput,
      exampleBody: { result: { accuracy: 0.91 } },
      example: examples.submitted,
    },
    handle: async (call) => {
      const task = await submitResult(call.userId, resultFrom(taskIdFrom(call.params), call.body));
      return { fields: { task_id: task.taskId, status: task.status } };
    },
  },
  logsRoute,
  {
    method: "GET",
    path: "/v1/tasks/:id/metrics",
    description: {
      summary: "Read the metrics that a program reported",
      query: metricsInput,
      example: examples.metrics,
    },
    handle: async (call) => {
      const { taskId, metrics } = await taskMetrics(call.userId, metricsFrom(taskIdFrom(call.params), call.query));
      return { fields: { task_id: taskId, metrics } };
    },
  },
  {
    method: "GET",
    path: "/v1/queue/status",
    description: { summary: "Read the state of a queue", query: queueInput, example: examples.queueStatus },
    handle: async ({ userId, query }) => ({ fields: wireQueue(await queueStatus(userId, queueFrom(query))) }),
  },
  {
    method: "POST",
    path: "/v1/queue/pause",
    description: {
      summary: "Pause a queue: workers start nothing of it; running tasks go on",
      body: pauseInput,
      exampleBody: { queue: "default", reason: "driver update" },
      example: examples.paused,
    },
    handle: async ({ userId, body }) => {
      const input = pauseFrom(body);
      await pauseQueue(userId, input);
      return {
        fields: {
          queue_name: input.queue,
          queue_status: "paused",
          message: `Queue ${input.queue} is paused. Running tasks go on.`,
        },
      };
    },
  },
  {
    method: "POST",
    path: "/v1/queue/resume",
    description: {
      summary: "Resume a paused queue",
      body: pauseInput,
      exampleBody: { queue: "default" },
      example: examples.resumed,
    },
    handle: async ({ userId, body }) => {
      const input = pauseFrom(body);
      await resumeQueue(userId, input);
      return {
        fields: { queue_name: input.queue, queue_status: "active", message: `Queue ${input.queue} is active.` },
      };
    },
  },
  {
    method: "POST",
    path: "/v1/queue/reorder",
    description: {
      summary: "Let queued tasks exchange the places they hold",
      body: reorderInput,
      exampleBody: { task_ids: [examples.otherId, examples.id] },
      example: examples.reordered,
    },
    handle: async ({ userId, body }) => {
      const order = await reorderTasks(userId, reorderFrom(body));
      return {
        fields: {
          message: `${order.length} tasks were reordered.`,
          new_order: order.map((one) => ({ task_id: one.taskId, position: one.position })),
        },
      };
    },
  },
  {
    method: "GET",
    path: "/v1/configs/templates",
    description: { summary: "List saved configs", example: { templates: [examples.template] } },
    handle: async ({ userId }) => ({ fields: { templates: (await listTemplates(userId)).map(wireTemplate) } }),
  },
  {
    method: "POST",
    path: "/v1/configs/templates",
    status: 201,
    description: {
      summary: "Save a config under a name",
      body: newTemplate,
      exampleBody: examples.newTemplate,
      answer: templateOutput,
      example: examples.template,
    },
    handle: async ({ userId, body }) => ({ fields: wireTemplate(await createTemplate(userId, newTemplateFrom(body))) }),
    create: async ({ userId, body }, sql) => ({
      fields: wireTemplate(await createTemplate(userId, newTemplateFrom(body), sql)),
      announce: async () => {},
    }),
  },
  {
    method: "PUT",
    path: "/v1/configs/templates/:id",
    description: {
      summary: "Change a saved config",
      body: templateChange,
      exampleBody: { description: "small model" },
      answer: templateOutput,
      example: examples.template,
    },
    handle: async (call) => ({
      fields: wireTemplate(
        await changeTemplate(call.userId, templateChangeFrom(templateIdFrom(call.params), call.body)),
      ),
    }),
  },
  {
    method: "DELETE",
    path: "/v1/configs/templates/:id",
    description: {
      summary: "Delete a saved config",
      example: { template_id: examples.template.template_id, message: "The template was deleted." },
    },
    handle: async (call) => {
      const templateId = templateIdFrom(call.params);
      await deleteTemplate(call.userId, { templateId });
      return { fields: { template_id: templateId, message: "The template was deleted." } };
    },
  },
  {
    method: "GET",
    path: "/v1/statistics/tasks",
    description: {
      summary: "Count tasks over days (UTC, both included; the last 30 unless given)",
      query: statisticsInput,
      example: examples.statistics,
    },
    handle: async ({ userId, query }) => ({
      fields: wireStatistics(await taskStatistics(userId, statisticsFrom(query))),
    }),
  },
];
