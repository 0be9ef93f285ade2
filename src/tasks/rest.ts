// V1 routes of tasks, in the contract's order: method, path, body, verb, status.
import { MIB, type Route } from "../platform/route";
import { cancelTask } from "./cancel";
import { changePriority } from "./change-priority";
import { startTask, submitResult } from "./client-run";
import { createTask, createTasks, insertTasks } from "./create";
import { cancelInput, listInput, metricsInput, newTask, newTasks, priorityInput, resultInput } from "./input";
import { getTask, listTasks } from "./list";
import { taskMetrics } from "./metrics";
import { taskOutput, taskPageOutput } from "./output";
import * as examples from "./rest-examples";
import { logsRoute } from "./rest-logs";
import { queueRoutes } from "./rest-queue";
import { retryTask } from "./retry";
import type { Task } from "./task";
import {
  cancelFrom,
  listFrom,
  metricsFrom,
  newTaskFrom,
  newTasksFrom,
  priorityFrom,
  resultFrom,
  taskIdFrom,
  wireTask,
} from "./wire";

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
    isUnrecorded: true,
    description: {
      summary: "Create a task",
      body: newTask,
      exampleBody: examples.newTask,
      answer: taskOutput,
      example: examples.queuedTask,
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
    bucket: "batch",
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
    description: {
      summary: "List tasks, newest first",
      query: listInput,
      answer: taskPageOutput,
      example: examples.taskPage,
    },
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
    description: { summary: "Read a task", answer: taskOutput, example: examples.runningTask },
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
    description: {
      summary: "Put a failed or cancelled task back into the queue",
      answer: taskOutput,
      example: examples.queuedTask,
    },
    handle: async (call) => ({ fields: wireTask(await retryTask(call.userId, { taskId: taskIdFrom(call.params) })) }),
  },
  {
    method: "POST",
    path: "/v1/tasks/:id/start",
    bucket: "traffic",
    description: { summary: "Start a task that you run yourself", answer: taskOutput, example: examples.clientTask },
    handle: async (call) => ({ fields: wireTask(await startTask(call.userId, { taskId: taskIdFrom(call.params) })) }),
  },
  {
    method: "POST",
    path: "/v1/tasks/:id/result",
    bucket: "traffic",
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
      summary:
        "Read the metrics that a program reported. `max_points` keeps each series' first and last point and its spikes; of fewer than 4, the ends",
      query: metricsInput,
      example: examples.metrics,
    },
    handle: async (call) => {
      const { taskId, metrics } = await taskMetrics(call.userId, metricsFrom(taskIdFrom(call.params), call.query));
      return { fields: { task_id: taskId, metrics } };
    },
  },
  ...queueRoutes,
];
