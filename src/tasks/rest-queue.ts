// V1 routes of queues, saved configs and statistics, in the contract's order.
import type { Route } from "../platform/route";
import { newTemplate, pauseInput, queueInput, reorderInput, statisticsInput, templateChange } from "./input";
import { templateOutput } from "./output";
import { pauseQueue, resumeQueue } from "./queue-control";
import { type QueueStatus, queueStatus } from "./queue-status";
import { reorderTasks } from "./reorder";
import * as examples from "./rest-examples";
import { type TaskStatistics, taskStatistics } from "./statistics";
import {
  changeTemplate,
  createTemplate,
  deleteTemplate,
  insertTemplate,
  listTemplates,
  type Template,
} from "./templates";
import {
  durationText,
  newTemplateFrom,
  pauseFrom,
  queueFrom,
  reorderFrom,
  statisticsFrom,
  templateChangeFrom,
  templateIdFrom,
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

export const queueRoutes: Route[] = [
  {
    method: "GET",
    path: "/v1/queue/status",
    description: {
      summary:
        "Read the state of a queue. The estimated wait is null while it is paused, has no worker, or nothing was measured yet",
      query: queueInput,
      example: examples.queueStatus,
    },
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
      fields: wireTemplate(await insertTemplate(sql, userId, newTemplateFrom(body))),
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
      summary:
        "Count tasks over days (UTC, both included; the last 30 unless given). `by_day` tells at most the last 3,660 of them",
      query: statisticsInput,
      example: examples.statistics,
    },
    handle: async ({ userId, query }) => ({
      fields: wireStatistics(await taskStatistics(userId, statisticsFrom(query))),
    }),
  },
];
