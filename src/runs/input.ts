// What the verbs of V2 accept. tRPC takes these as they are; wire.ts maps them to the contract's snake_case.
import { z } from "zod";
import { linesAsked } from "../logs/asked";
import { seriesAsked } from "../metrics/asked";
import { instant, jsonObject } from "../platform/validate";
import { SHARE_ROLES } from "../sharing/access";
import { RUN_STATUSES } from "./run";

const id = z.string().max(200);
const name = z.string().min(1).max(500);
const description = z.string().max(10_000);
/** null or 0: never given up */
const stallTimeoutSeconds = z.int().min(0).max(31_536_000).nullable();
const driverId = z.string().min(1).max(200);
const attempt = z.int().min(1).optional();
const createdBy = z.enum(["client", "web"]);

export const groupId = z.object({ groupId: id });
export const unitId = z.object({ unitId: id });
export const runId = z.object({ runId: id });

export const newGroup = z.object({ name, description: description.optional(), metadata: jsonObject.default({}) });
export const groupChange = z.object({
  groupId: id,
  name: name.optional(),
  /** null clears it */
  description: description.nullable().optional(),
  metadata: jsonObject.optional(),
});
export const newShare = z.object({
  groupId: id,
  email: z.string().min(3).max(254),
  role: z.enum(SHARE_ROLES).default("viewer"),
});
export const shareRemoval = z.object({ groupId: id, userId: id });
export const groupRemoval = z.object({ groupId: id, force: z.boolean().default(false) });

export const newUnit = z.object({
  groupId: id,
  name,
  config: jsonObject.default({}),
  description: description.optional(),
  metadata: jsonObject.default({}),
  stallTimeoutSeconds: stallTimeoutSeconds.default(120),
});
export const unitChange = z.object({
  unitId: id,
  name: name.optional(),
  config: jsonObject.optional(),
  description: description.nullable().optional(),
  metadata: jsonObject.optional(),
  stallTimeoutSeconds: stallTimeoutSeconds.optional(),
  /** refused when the unit has another version by now, or none of these */
  ifVersion: z.union([z.int(), z.array(z.int())]).optional(),
});
export const unitRemoval = z.object({ unitId: id, force: z.boolean().default(false) });
export const unitNames = z.object({ group: name, unit: name });
export const unitPause = z.object({ unitId: id, reason: z.string().max(2000).optional() });
export const unitSync = z.object({ unitId: id, clientVersion: z.int().min(0).default(0) });
export const parametersSchemaInput = z.object({ unitId: id, parametersSchema: jsonObject.nullable() });

const progress = z.object({ done: z.number().min(0), total: z.number().positive() });
export const heartbeatInput = z.object({
  unitId: id,
  driverId: driverId.optional(),
  /** runs that it works on at once */
  slots: z.int().min(1).max(10_000).optional(),
  /** what the driver works on; absent: all of the unit's */
  running: z
    .array(z.object({ runId: id, attempt, progress: progress.optional() }))
    .max(10_000)
    .optional(),
});
export const claimInput = z.object({
  unitId: id,
  driverId: driverId.optional(),
  /** The same key gets the same run again while it runs: for an answer that was lost. */
  claimKey: z.string().min(1).max(255).optional(),
});

export const MAX_RUNS = 1000;
const newRunFields = {
  parameters: jsonObject,
  /** made from the parameters if absent */
  name: name.optional(),
  metadata: jsonObject.default({}),
  parentId: id.optional(),
};
export const newRun = z.object({ unitId: id, ...newRunFields, createdBy: createdBy.default("web") });
export const newRuns = z.object({
  unitId: id,
  runs: z.array(z.object({ ...newRunFields, createdBy: createdBy.optional() })).max(MAX_RUNS),
  /** for those that name none */
  createdBy: createdBy.default("web"),
});
export const runChange = z.object({
  runId: id,
  name: name.optional(),
  parameters: jsonObject.optional(),
  metadata: jsonObject.optional(),
  /** refused when the unit has another version by now */
  ifVersion: z.int().optional(),
});
export const runList = z.object({
  unitId: id.optional(),
  status: z.array(z.enum(RUN_STATUSES)).optional(),
  q: z.string().max(500).optional(),
  sweepId: id.optional(),
  /** without a unit: more than 1000 counts as 1000 */
  limit: z
    .int()
    .min(1)
    .optional()
    .transform((n) => (n === undefined ? n : Math.min(n, 1000))),
  cursor: z.string().max(200).optional(),
});
export const runBest = z.object({ unitId: id, key: z.string().min(1).max(1000), goal: z.enum(["max", "min"]) });
export const runsLatest = z.object({ unitId: id, limit: z.int().min(1).max(1000) });
export const runReorder = z.object({ unitId: id, runIds: z.array(id).min(1).max(100_000) });
export const runMove = z.object({
  unitId: id,
  runIds: z.array(id).min(1).max(10_000),
  /** the pending run that they go before; null: behind all */
  beforeId: id.nullable(),
});
const MAX_WINDOW = 500;
const index = z.int().min(0).max(100_000_000);
/** Runs that wait, counted from 0. */
export const linePlan = z.object({ unitId: id, from: index, count: z.int().min(1).max(MAX_WINDOW) });
/** `also`: runs that are wanted wherever they wait. */
export const lineWindow = linePlan.extend({ also: z.array(id).max(100).default([]) });
export const lineFind = z.object({ unitId: id, text: z.string().max(500), limit: z.int().min(1).max(1000) });
export const lineMove = z.object({
  unitId: id,
  runIds: z.array(id).min(1).max(10_000),
  /** the run that they go before, null: behind all; or the number, from 0, that the first of them has afterwards */
  to: z.union([z.object({ beforeId: id.nullable() }), z.object({ at: index })]),
});
export const startInput = z.object({ runId: id, driverId: driverId.optional() });
export const completion = z.object({
  runId: id,
  attempt,
  result: jsonObject.optional(),
  metrics: jsonObject.optional(),
});
export const failure = z.object({ runId: id, attempt, errorMessage: z.string().max(100_000).optional() });
export const runCancel = z.object({ runId: id, reason: z.string().max(2000).optional() });
export const bulkInput = z.object({
  unitId: id,
  action: z.enum(["cancel", "retry", "remove"]),
  runIds: z.array(id).min(1).max(10_000).optional(),
  /** all that match, or of the named ones those that do */
  filter: z
    .object({
      status: z.array(z.enum(RUN_STATUSES)).optional(),
      q: z.string().max(500).optional(),
      sweepId: id.optional(),
    })
    .optional(),
  /** only counts */
  dryRun: z.boolean().default(false),
});

const MAX_LINES = 10_000;
export const newPoints = z.object({
  runId: id,
  attempt,
  points: z
    .array(
      z.object({
        key: z.string().min(1).max(200),
        value: z.number(),
        step: z.number().default(0),
        timestamp: instant.optional(),
      }),
    )
    .max(MAX_LINES),
});
export const newLines = z.object({
  runId: id,
  attempt,
  lines: z
    .array(
      z.object({
        message: z.string().max(65_536),
        stream: z.enum(["stdout", "stderr"]).default("stdout"),
        timestamp: instant.optional(),
      }),
    )
    .max(MAX_LINES),
  /** Number of the first of these lines among the attempt's own, from 0: what is stored already is left out, so a call may be repeated. */
  firstLine: z.int().min(0).optional(),
});
export const runLogsInput = z.object({ runId: id, ...linesAsked });
export const runMetricsInput = z.object({ runId: id, ...seriesAsked });
export const newCheckpoint = z.object({
  runId: id,
  attempt,
  state: jsonObject,
  step: z.number().optional(),
  uri: z.string().max(4000).optional(),
});
