// What the procedures of V2 answer: the schemas that make the API's types, and that nothing else leaves the server.
import { z } from "zod";
import { linesTold } from "../logs/asked";
import { seriesTold } from "../metrics/asked";
import type { JsonObject } from "../platform/json-safety";
import { SHARE_ROLES } from "../sharing/access";
import { RUN_STATUSES } from "./run";
import type { MadeRecipe } from "./sweep-edits";
import type { Reason } from "./why-waiting";

/** RFC 3339 */
const time = z.string();
const json = z.custom<JsonObject>();

const role = z.enum(["owner", ...SHARE_ROLES]);

export const groupOutput = z.object({
  groupId: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  metadata: json,
  unitCount: z.number(),
  createdAt: time,
  updatedAt: time,
  userId: z.string(),
  ownerEmail: z.string(),
  role,
});
export const groupsOutput = z.object({ groups: z.array(groupOutput) });

export const shareOutput = z.object({
  userId: z.string(),
  email: z.string(),
  role: z.enum(SHARE_ROLES),
  createdAt: time,
  createdBy: z.string(),
});
export const sharesOutput = z.object({ shares: z.array(shareOutput) });

const countsOutput = z.object({
  pending: z.number(),
  running: z.number(),
  completed: z.number(),
  failed: z.number(),
  cancelled: z.number(),
});
export const runStatisticsOutput = countsOutput.extend({ total: z.number() });

export const unitOutput = z.object({
  unitId: z.string(),
  groupId: z.string(),
  groupName: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  config: json,
  metadata: json,
  version: z.number(),
  status: z.enum(["idle", "running", "completed"]),
  connectionStatus: z.enum(["connected", "disconnected"]),
  lastHeartbeat: time.nullable(),
  runCount: z.number(),
  counts: countsOutput,
  stallTimeoutSeconds: z.number().nullable(),
  paused: z.boolean(),
  pausedReason: z.string().nullable(),
  parametersSchema: json.nullable(),
  createdAt: time,
  updatedAt: time,
  userId: z.string(),
  ownerEmail: z.string(),
  role,
});
export const unitsOutput = z.object({ units: z.array(unitOutput) });
const markOutput = z.object({ runId: z.string(), name: z.string(), value: z.number() });
export const unitResultsOutput = z.object({
  results: z.array(
    z.object({
      unitId: z.string(),
      key: z.string(),
      goal: z.enum(["max", "min"]).nullable(),
      best: markOutput.nullable(),
      last: markOutput,
    }),
  ),
});

export const runOutput = z.object({
  runId: z.string(),
  unitId: z.string(),
  attempt: z.number(),
  name: z.string(),
  parameters: json,
  order: z.number(),
  status: z.enum(RUN_STATUSES),
  cancelledAt: time.nullable(),
  result: json.nullable(),
  metrics: json.nullable(),
  errorMessage: z.string().nullable(),
  errorKind: z.enum(["failed", "lost", "cancelled"]).nullable(),
  createdBy: z.enum(["client", "web"]),
  metadata: json,
  parentId: z.string().nullable(),
  sweepId: z.string().nullable(),
  progress: z.object({ done: z.number(), total: z.number() }).nullable(),
  misfit: z.string().nullable(),
  driverId: z.string().nullable(),
  startedAt: time.nullable(),
  completedAt: time.nullable(),
  createdAt: time,
  updatedAt: time,
  userId: z.string(),
});
export const runsOutput = z.object({ runs: z.array(runOutput) });
export const runPageOutput = runsOutput.extend({ nextCursor: z.string().nullable() });
export const bestOutput = z.object({ run: runOutput.nullable() });
export const claimOutput = z.object({ run: runOutput.nullable() });
export const syncOutput = z.object({
  needSync: z.boolean(),
  cloudVersion: z.number(),
  unit: unitOutput,
  runs: z.array(runOutput),
});
export const heartbeatOutput = z.object({
  connectionStatus: z.literal("connected"),
  lastHeartbeat: time,
  cancel: z.array(z.string()),
  paused: z.boolean(),
});
export const moveOutput = z.object({
  moved: z.array(z.string()),
  /** those that had left the waiting line */
  started: z.array(z.string()),
  version: z.number(),
});
export const bulkOutput = z.object({ count: z.number(), skipped: z.number() });
export const acceptedOutput = z.object({ accepted: z.number() });
export const runMetricsOutput = z.object({ runId: z.string(), metrics: seriesTold });
export const runLogsOutput = z.object({ runId: z.string(), logs: linesTold });
export const checkpointOutput = z.object({
  checkpoint: z
    .object({
      attempt: z.number(),
      step: z.number().nullable(),
      uri: z.string().nullable(),
      state: json,
      savedAt: time,
    })
    .nullable(),
});
export const trashOutput = z.object({
  removed: z.array(
    z.object({
      kind: z.enum(["group", "unit", "run"]),
      id: z.string(),
      name: z.string(),
      deletedAt: time,
      purgedAt: time,
    }),
  ),
});
export const doneOutput = z.object({ done: z.literal(true) });

export const sweepOutput = z.object({
  sweepId: z.string(),
  unitId: z.string(),
  name: z.string(),
  recipes: z.array(z.custom<MadeRecipe>()),
  counts: countsOutput,
  createdAt: time,
  updatedAt: time,
});
export const sweepsOutput = z.object({ sweeps: z.array(sweepOutput) });
export const sweepPreviewOutput = z.object({
  rows: z.array(
    z.object({
      /** its number in the recipe's rows, from 0 */
      row: z.number(),
      parameters: json,
      /** by hand */
      edited: z.boolean(),
      name: z.string(),
      ranBefore: z.string().nullable(),
      repeats: z.number().nullable(),
      misfit: z.string().nullable(),
    }),
  ),
  /** rows that neither ran before nor repeat another one */
  fresh: z.number(),
});
export const sweepChangeOutput = z.object({ sweep: sweepOutput, runIds: z.array(z.string()) });
export const trimOutput = z.object({ removed: z.number() });

const bandOutput = z.object({ p50: time, p90: time });
export const sweepOutlookOutput = z.object({
  end: bandOutput.nullable(),
  why: z.enum(["noRuns", "nothingMeasured", "unitPaused", "noDriver"]).nullable(),
  runSeconds: z.object({ p50: z.number(), p90: z.number() }).nullable(),
  measured: z.number(),
  misfits: z.number(),
});
export const planOutput = z.object({
  waiting: z.array(
    z.object({
      runId: z.string(),
      reason: z.custom<Reason>(),
      start: bandOutput.nullable(),
      end: bandOutput.nullable(),
    }),
  ),
  accuracy: z.object({ count: z.number(), shareHeld: z.number(), medianWidth: z.number() }).nullable(),
});

export const lineageOutput = z.object({
  line: z.array(
    z.object({
      runId: z.string(),
      name: z.string(),
      status: z.enum(RUN_STATUSES),
      parentId: z.string().nullable(),
      sweepId: z.string().nullable(),
      differences: z.array(z.object({ name: z.string(), before: z.unknown(), after: z.unknown() })),
    }),
  ),
});

export const lineWindowOutput = z.object({
  total: z.number(),
  runs: z.array(
    runOutput
      .pick({ runId: true, unitId: true, name: true, parameters: true, misfit: true })
      .extend({ at: z.number() }),
  ),
});
export const lineIdsOutput = z.object({ ids: z.array(z.string()) });
export const lineKeysOutput = z.object({ keys: z.array(z.string()) });
export const lineFoundOutput = z.object({
  found: z.array(z.object({ runId: z.string(), name: z.string(), at: z.number() })),
  total: z.number(),
});
export const lineMoveOutput = moveOutput.omit({ version: true }).extend({
  at: z.number(),
  total: z.number(),
  back: z.array(z.object({ runIds: z.array(z.string()), beforeId: z.string().nullable() })),
});
