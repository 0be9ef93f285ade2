// V2 routes of runs, which the contract calls queues: those below a unit, then those of one of them.
import { z } from "zod";
import { followLines, formatOf, resumedAfter } from "../logs/follow";
import { MIB, type Route } from "../platform/route";
import { flagFrom } from "../platform/wire";
import { cancelRun, retryRun } from "./cancel";
import { startRun } from "./claim";
import { createRuns, insertRuns, removeRun, tellNewRuns, updateRun } from "./edit-runs";
import { completeRun, failRun } from "./finish";
import {
  completion,
  newLines,
  newPoints,
  newRun,
  newRuns,
  runCancel,
  runChange,
  runList,
  runLogsInput,
  runMetricsInput,
  startInput,
} from "./input";
import { getRun, listRuns } from "./read-runs";
import { reorderRuns } from "./reorder";
import * as examples from "./rest-examples";
import { RUN_STATUSES, type Run } from "./run";
import { appendRunLogs, appendRunMetrics, runLogs, runMetrics } from "./run-output";
import {
  cancelFrom,
  completionFrom,
  failureFrom,
  linesFrom,
  listFrom,
  logsFrom,
  metricsFrom,
  newRunFrom,
  newRunsFrom,
  pointsFrom,
  reorderFrom,
  runChangeFrom,
  runIdFrom,
  startFrom,
  unitIdFrom,
  wireRun,
  withWirePaths,
} from "./wire";

const withFields = ([run]: Run[]) => {
  if (!run) throw new Error("The insert returned no row.");
  const queue = wireRun(run);
  return { ...queue, queue };
};
const createdMany = (runs: Run[]) => ({
  queue_ids: runs.map((run) => run.runId),
  queues: runs.map(wireRun),
  created_count: runs.length,
});
const listed = (runs: Run[]) => ({ queues: runs.map(wireRun), count: runs.length });
const statusQuery = z.object({ status: z.array(z.enum(RUN_STATUSES)).optional() });
const oneQueue = (queue: object) => ({ queue });

export const unitQueueRoutes: Route[] = [
  {
    method: "POST",
    path: "/v2/units/:id/queues",
    status: 201,
    description: {
      summary: "Append a queue to a unit",
      body: newRun.omit({ unitId: true, parentId: true }),
      exampleBody: examples.newQueue,
      example: { ...examples.queue, queue: examples.queue },
    },
    handle: async ({ userId, params, body }) => ({
      fields: withFields(await createRuns(userId, newRunFrom(unitIdFrom(params), body))),
    }),
    create: async ({ userId, params, body }, sql) => {
      const input = newRunFrom(unitIdFrom(params), body);
      const made = await insertRuns(sql, userId, input);
      return { fields: withFields(made), announce: async () => tellNewRuns(made) };
    },
  },
  {
    method: "POST",
    path: "/v2/units/:id/queues/batch",
    status: 201,
    maxBodyBytes: 32 * MIB,
    bucket: "batch",
    description: {
      summary: "Append up to 1,000 queues to a unit, all or nothing",
      body: z.object({ queues: newRuns.shape.runs, createdBy: newRuns.shape.createdBy }),
      exampleBody: { queues: [examples.newQueue] },
      example: { queue_ids: [examples.queue.queue_id], queues: [examples.queue], created_count: 1 },
    },
    handle: async ({ userId, params, body }) => ({
      fields: createdMany(await createRuns(userId, newRunsFrom(unitIdFrom(params), body))),
    }),
    create: async ({ userId, params, body }, sql) => {
      const input = newRunsFrom(unitIdFrom(params), body);
      const made = await insertRuns(sql, userId, input);
      return { fields: createdMany(made), announce: async () => tellNewRuns(made) };
    },
  },
  {
    method: "GET",
    path: "/v2/units/:id/queues",
    description: {
      summary: "List a unit's queues by order",
      query: statusQuery,
      example: { queues: [examples.queue], count: 1 },
    },
    handle: async ({ userId, params, query }) => {
      const { runs } = await listRuns(userId, listFrom(query, unitIdFrom(params)));
      return { fields: listed(runs) };
    },
  },
  {
    method: "POST",
    path: "/v2/units/:id/queues/reorder",
    maxBodyBytes: 32 * MIB,
    description: {
      summary: "Let pending queues exchange the places they hold",
      body: z.object({ queueIds: z.array(z.string()).min(1) }),
      exampleBody: { queue_ids: [examples.otherRunId, examples.queue.queue_id] },
      example: { message: "2 queues were reordered.", queues: [examples.queue], count: 1 },
    },
    handle: async ({ userId, params, body }) => {
      const input = reorderFrom(unitIdFrom(params), body);
      const runs = await withWirePaths(reorderRuns(userId, input));
      return { fields: { message: `${input.runIds.length} queues were reordered.`, ...listed(runs) } };
    },
  },
];

export const queueRoutes: Route[] = [
  {
    method: "GET",
    path: "/v2/queues",
    description: {
      summary: "List a unit's queues by order, or without `unit_id` all of the account's, newest first",
      query: runList.omit({ q: true, sweepId: true }),
      example: { queues: [examples.queue], count: 1, next_cursor: null },
    },
    handle: async ({ userId, query }) => {
      const { runs, nextCursor } = await listRuns(userId, listFrom(query));
      return { fields: { ...listed(runs), next_cursor: nextCursor } };
    },
  },
  {
    method: "GET",
    path: "/v2/queues/:id",
    description: { summary: "Read a queue", example: oneQueue(examples.queue) },
    handle: async ({ userId, params }) => ({ fields: { queue: wireRun(await getRun(userId, runIdFrom(params))) } }),
  },
  {
    method: "PUT",
    path: "/v2/queues/:id",
    description: {
      summary: "Change a pending queue",
      body: runChange.omit({ runId: true, ifVersion: true }),
      exampleBody: { parameters: { lr: 0.02, epochs: 10 } },
      example: oneQueue(examples.queue),
    },
    handle: async ({ userId, params, body }) => ({
      fields: { queue: wireRun(await updateRun(userId, runChangeFrom(runIdFrom(params), body))) },
    }),
  },
  {
    method: "DELETE",
    path: "/v2/queues/:id",
    description: {
      summary: "Put a queue that does not run into the trash",
      example: { message: "The queue was deleted." },
    },
    handle: async ({ userId, params }) => {
      await removeRun(userId, { runId: runIdFrom(params) });
      return { fields: { message: "The queue was deleted." } };
    },
  },
  {
    method: "POST",
    path: "/v2/queues/:id/start",
    bucket: "traffic",
    description: {
      summary: "Start a pending queue; 409 to the second caller",
      body: startInput.omit({ runId: true }),
      exampleBody: {},
      example: oneQueue(examples.running),
    },
    handle: async ({ userId, params, body }) => ({
      fields: { queue: wireRun(await startRun(userId, startFrom(runIdFrom(params), body))) },
    }),
  },
  {
    method: "POST",
    path: "/v2/queues/:id/metrics",
    maxBodyBytes: 32 * MIB,
    bucket: "traffic",
    description: {
      summary: "Store up to 10,000 metric points of a running queue",
      body: newPoints.omit({ runId: true }),
      exampleBody: { points: examples.points },
      example: { accepted: 1 },
    },
    handle: async ({ userId, params, body }) => ({
      fields: await appendRunMetrics(userId, pointsFrom(runIdFrom(params), body)),
    }),
  },
  {
    method: "POST",
    path: "/v2/queues/:id/logs",
    maxBodyBytes: 32 * MIB,
    bucket: "traffic",
    description: {
      summary: "Store up to 10,000 log lines of a running queue",
      body: newLines.omit({ runId: true }),
      exampleBody: { lines: examples.lines },
      example: { accepted: 1 },
    },
    handle: async ({ userId, params, body }) => ({
      fields: await appendRunLogs(userId, linesFrom(runIdFrom(params), body)),
    }),
  },
  {
    method: "GET",
    path: "/v2/queues/:id/metrics",
    description: {
      summary: "Read metric series",
      query: runMetricsInput.omit({ runId: true }),
      example: examples.metrics,
    },
    handle: async ({ userId, params, query }) => {
      const { runId, metrics } = await runMetrics(userId, metricsFrom(runIdFrom(params), query));
      return { fields: { queue_id: runId, metrics } };
    },
  },
  {
    method: "GET",
    path: "/v2/queues/:id/logs",
    description: {
      summary: "Read log lines. `format=text` answers plain text; `follow=1` server-sent events `log` and `end`",
      query: runLogsInput
        .omit({ runId: true })
        .extend({ format: z.enum(["json", "text"]).optional(), follow: z.literal(1).optional() }),
      example: examples.logs,
    },
    handle: async ({ userId, params, query, lastEventId }) => {
      const input = logsFrom(runIdFrom(params), query);
      const { runId } = input;
      const format = formatOf(query);
      if (flagFrom(query, "follow")) {
        await getRun(userId, runId);
        return {
          stream: (out) =>
            followLines(out, resumedAfter(input, lastEventId), {
              lines: async (asked) => (await runLogs(userId, { ...asked, runId })).logs,
              status: async () => wireRun(await getRun(userId, runId)).status,
              hasEnded: (status) => status === "completed" || status === "failed",
              isAbout: (hint) => "runId" in hint && hint.runId === runId,
              subject: { queue_id: runId },
            }),
        };
      }
      const { logs } = await runLogs(userId, input);
      if (format === "text") return { text: logs.map((line) => `${line.message}\n`).join("") };
      return { fields: { queue_id: runId, logs } };
    },
  },
  {
    method: "POST",
    path: "/v2/queues/:id/complete",
    bucket: "traffic",
    description: {
      summary: "Complete a running queue; the same call again answers 200",
      body: completion.omit({ runId: true }),
      exampleBody: { result: { accuracy: 0.97 } },
      example: oneQueue(examples.completed),
    },
    handle: async ({ userId, params, body }) => ({
      fields: { queue: wireRun(await completeRun(userId, completionFrom(runIdFrom(params), body))) },
    }),
  },
  {
    method: "POST",
    path: "/v2/queues/:id/fail",
    bucket: "traffic",
    description: {
      summary: "Fail a running queue; the same call again answers 200",
      body: z.object({
        errorMsg: z.string().optional(),
        errorMessage: z.string().optional(),
        attempt: z.int().min(1).optional(),
      }),
      exampleBody: { error_msg: "CUDA out of memory" },
      example: oneQueue(examples.failed),
    },
    handle: async ({ userId, params, body }) => ({
      fields: { queue: wireRun(await failRun(userId, failureFrom(runIdFrom(params), body))) },
    }),
  },
  {
    method: "POST",
    path: "/v2/queues/:id/cancel",
    description: {
      summary: "Cancel a pending or running queue at once; its driver hears of it with its next heartbeat",
      body: runCancel.omit({ runId: true }),
      exampleBody: { reason: "wrong data" },
      example: oneQueue(examples.cancelled),
    },
    handle: async ({ userId, params, body }) => ({
      fields: { queue: wireRun(await cancelRun(userId, cancelFrom(runIdFrom(params), body))) },
    }),
  },
  {
    method: "POST",
    path: "/v2/queues/:id/retry",
    description: {
      summary: "Put a failed or cancelled queue back to pending, in its place",
      example: oneQueue(examples.queue),
    },
    handle: async ({ userId, params }) => ({
      fields: { queue: wireRun(await retryRun(userId, { runId: runIdFrom(params) })) },
    }),
  },
];
