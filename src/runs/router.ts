// tRPC procedures of groups, units and runs: input schema, verb, output schema.
import { z } from "zod";
import { DomainError } from "../platform/errors";
import { procedure, router } from "../platform/trpc";
import { cancelRun, changeMany, retryRun } from "./cancel";
import { claimRun, startRun } from "./claim";
import { createRuns, publishSchema, removeRun, updateRun } from "./edit-runs";
import { completeRun, failRun } from "./finish";
import { createGroup, getGroup, listGroups, updateGroup } from "./groups";
import { heartbeat } from "./heartbeat";
import {
  bulkInput,
  claimInput,
  completion,
  failure,
  groupChange,
  groupId,
  groupRemoval,
  heartbeatInput,
  newCheckpoint,
  newGroup,
  newLines,
  newPoints,
  newRun,
  newRuns,
  newUnit,
  parametersSchemaInput,
  runBest,
  runCancel,
  runChange,
  runId,
  runList,
  runLogsInput,
  runMetricsInput,
  runMove,
  runReorder,
  runsLatest,
  startInput,
  unitChange,
  unitId,
  unitNames,
  unitPause,
  unitRemoval,
  unitSync,
} from "./input";
import { lineageOf } from "./lineage";
import {
  acceptedOutput,
  bestOutput,
  bulkOutput,
  checkpointOutput,
  claimOutput,
  doneOutput,
  groupOutput,
  groupsOutput,
  heartbeatOutput,
  lineageOutput,
  moveOutput,
  planOutput,
  runLogsOutput,
  runMetricsOutput,
  runOutput,
  runPageOutput,
  runStatisticsOutput,
  runsOutput,
  syncOutput,
  trashOutput,
  unitOutput,
  unitResultsOutput,
  unitsOutput,
} from "./output";
import { planOfUnit } from "./plan";
import { bestRun, getRun, latestRuns, listRuns, runsOfUnit } from "./read-runs";
import { moveRuns, reorderRuns } from "./reorder";
import type { Run } from "./run";
import { appendRunLogs, appendRunMetrics, readCheckpoint, runLogs, runMetrics, saveCheckpoint } from "./run-output";
import { checkSchema } from "./schema-fit";
import { groupStatistics, unitStatistics } from "./statistics";
import { listTrash, removeGroup, removeUnit, restoreGroup, restoreRun, restoreUnit } from "./trash";
import { resultsOfUnits } from "./unit-results";
import { createUnit, findUnit, getUnit, listUnits, pauseUnit, resumeUnit, syncUnit, updateUnit } from "./units";

const done = { done: true } as const;
const nothing = z.object({}).optional();

export const groupsRouter = router({
  create: procedure
    .input(newGroup)
    .output(groupOutput)
    .mutation(({ ctx, input }) => createGroup(ctx.userId, input)),
  list: procedure
    .input(nothing)
    .output(groupsOutput)
    .query(async ({ ctx }) => ({ groups: await listGroups(ctx.userId) })),
  get: procedure
    .input(groupId)
    .output(groupOutput)
    .query(({ ctx, input }) => getGroup(ctx.userId, input.groupId)),
  update: procedure
    .input(groupChange)
    .output(groupOutput)
    .mutation(({ ctx, input }) => updateGroup(ctx.userId, input)),
  remove: procedure
    .input(groupRemoval)
    .output(doneOutput)
    .mutation(async ({ ctx, input }) => {
      await removeGroup(ctx.userId, input);
      return done;
    }),
  statistics: procedure
    .input(groupId)
    .output(runStatisticsOutput)
    .query(({ ctx, input }) => groupStatistics(ctx.userId, input)),
  trash: procedure
    .input(nothing)
    .output(trashOutput)
    .query(async ({ ctx }) => ({ removed: await listTrash(ctx.userId) })),
  restore: procedure
    .input(groupId)
    .output(groupOutput)
    .mutation(({ ctx, input }) => restoreGroup(ctx.userId, input)),
});

export const unitsRouter = router({
  create: procedure
    .input(newUnit)
    .output(unitOutput)
    .mutation(({ ctx, input }) => createUnit(ctx.userId, input)),
  list: procedure
    .input(groupId)
    .output(unitsOutput)
    .query(async ({ ctx, input }) => ({ units: await listUnits(ctx.userId, input) })),
  get: procedure
    .input(unitId)
    .output(unitOutput)
    .query(({ ctx, input }) => getUnit(ctx.userId, input.unitId)),
  find: procedure
    .input(unitNames)
    .output(unitOutput)
    .query(({ ctx, input }) => findUnit(ctx.userId, input)),
  update: procedure
    .input(unitChange)
    .output(unitOutput)
    .mutation(({ ctx, input }) => updateUnit(ctx.userId, input)),
  remove: procedure
    .input(unitRemoval)
    .output(doneOutput)
    .mutation(async ({ ctx, input }) => {
      await removeUnit(ctx.userId, input);
      return done;
    }),
  restore: procedure
    .input(unitId)
    .output(unitOutput)
    .mutation(({ ctx, input }) => restoreUnit(ctx.userId, input)),
  sync: procedure
    .input(unitSync)
    .output(syncOutput)
    .query(async ({ ctx, input }) => ({
      ...(await syncUnit(ctx.userId, input)),
      runs: await runsOfUnit(ctx.userId, input.unitId),
    })),
  heartbeat: procedure
    .meta({ bucket: "traffic" })
    .input(heartbeatInput)
    .output(heartbeatOutput)
    .mutation(({ ctx, input }) => heartbeat(ctx.userId, input)),
  claim: procedure
    .meta({ bucket: "traffic" })
    .input(claimInput)
    .output(claimOutput)
    .mutation(({ ctx, input }) => claimRun(ctx.userId, input)),
  pause: procedure
    .input(unitPause)
    .output(unitOutput)
    .mutation(({ ctx, input }) => pauseUnit(ctx.userId, input)),
  resume: procedure
    .input(unitId)
    .output(unitOutput)
    .mutation(({ ctx, input }) => resumeUnit(ctx.userId, input)),
  publishSchema: procedure
    .meta({ bucket: "traffic" })
    .input(parametersSchemaInput)
    .output(doneOutput)
    .mutation(async ({ ctx, input }) => {
      if (input.parametersSchema) checkSchema(input.parametersSchema);
      await publishSchema(ctx.userId, input);
      return done;
    }),
  plan: procedure
    .input(unitId)
    .output(planOutput)
    .query(({ ctx, input }) => planOfUnit(ctx.userId, input.unitId)),
  results: procedure
    .input(groupId)
    .output(unitResultsOutput)
    .query(async ({ ctx, input }) => ({ results: await resultsOfUnits(ctx.userId, input) })),
  statistics: procedure
    .input(unitId)
    .output(runStatisticsOutput)
    .query(({ ctx, input }) => unitStatistics(ctx.userId, input)),
});

/** One run is made as a list of one: a refusal names its fields without the list. */
const createRun = async (userId: string, { unitId: id, createdBy, ...run }: z.infer<typeof newRun>): Promise<Run> => {
  try {
    const [made] = await createRuns(userId, { unitId: id, runs: [run], createdBy });
    if (!made) throw new Error("The insert returned no row.");
    return made;
  } catch (error) {
    throw error instanceof DomainError ? error.renamed((path) => path.replace(/^runs\[0\]\./, "")) : error;
  }
};

export const runsRouter = router({
  create: procedure
    .input(newRun)
    .output(runOutput)
    .mutation(({ ctx, input }) => createRun(ctx.userId, input)),
  createMany: procedure
    .meta({ bucket: "batch" })
    .input(newRuns)
    .output(runsOutput)
    .mutation(async ({ ctx, input }) => ({ runs: await createRuns(ctx.userId, input) })),
  list: procedure
    .input(runList)
    .output(runPageOutput)
    .query(({ ctx, input }) => listRuns(ctx.userId, input)),
  best: procedure
    .input(runBest)
    .output(bestOutput)
    .query(async ({ ctx, input }) => ({ run: await bestRun(ctx.userId, input) })),
  latest: procedure
    .input(runsLatest)
    .output(runsOutput)
    .query(async ({ ctx, input }) => ({ runs: await latestRuns(ctx.userId, input) })),
  get: procedure
    .input(runId)
    .output(runOutput)
    .query(({ ctx, input }) => getRun(ctx.userId, input.runId)),
  lineage: procedure
    .input(runId)
    .output(lineageOutput)
    .query(async ({ ctx, input }) => ({ line: await lineageOf(ctx.userId, input.runId) })),
  update: procedure
    .input(runChange)
    .output(runOutput)
    .mutation(({ ctx, input }) => updateRun(ctx.userId, input)),
  remove: procedure
    .input(runId)
    .output(doneOutput)
    .mutation(async ({ ctx, input }) => {
      await removeRun(ctx.userId, input);
      return done;
    }),
  restore: procedure
    .input(runId)
    .output(runOutput)
    .mutation(({ ctx, input }) => restoreRun(ctx.userId, input)),
  start: procedure
    .meta({ bucket: "traffic" })
    .input(startInput)
    .output(runOutput)
    .mutation(({ ctx, input }) => startRun(ctx.userId, input)),
  complete: procedure
    .meta({ bucket: "traffic" })
    .input(completion)
    .output(runOutput)
    .mutation(({ ctx, input }) => completeRun(ctx.userId, input)),
  fail: procedure
    .meta({ bucket: "traffic" })
    .input(failure)
    .output(runOutput)
    .mutation(({ ctx, input }) => failRun(ctx.userId, input)),
  cancel: procedure
    .input(runCancel)
    .output(runOutput)
    .mutation(({ ctx, input }) => cancelRun(ctx.userId, input)),
  retry: procedure
    .input(runId)
    .output(runOutput)
    .mutation(({ ctx, input }) => retryRun(ctx.userId, input)),
  reorder: procedure
    .input(runReorder)
    .output(runsOutput)
    .mutation(async ({ ctx, input }) => ({ runs: await reorderRuns(ctx.userId, input) })),
  move: procedure
    .input(runMove)
    .output(moveOutput)
    .mutation(({ ctx, input }) => moveRuns(ctx.userId, input)),
  bulk: procedure
    .input(bulkInput)
    .output(bulkOutput)
    .mutation(({ ctx, input }) => changeMany(ctx.userId, input)),
  appendMetrics: procedure
    .meta({ bucket: "traffic" })
    .input(newPoints)
    .output(acceptedOutput)
    .mutation(({ ctx, input }) => appendRunMetrics(ctx.userId, input)),
  appendLogs: procedure
    .meta({ bucket: "traffic" })
    .input(newLines)
    .output(acceptedOutput)
    .mutation(({ ctx, input }) => appendRunLogs(ctx.userId, input)),
  metrics: procedure
    .input(runMetricsInput)
    .output(runMetricsOutput)
    .query(({ ctx, input }) => runMetrics(ctx.userId, input)),
  logs: procedure
    .input(runLogsInput)
    .output(runLogsOutput)
    .query(({ ctx, input }) => runLogs(ctx.userId, input)),
  saveCheckpoint: procedure
    .meta({ bucket: "traffic" })
    .input(newCheckpoint)
    .output(doneOutput)
    .mutation(async ({ ctx, input }) => {
      await saveCheckpoint(ctx.userId, input);
      return done;
    }),
  checkpoint: procedure
    .input(runId)
    .output(checkpointOutput)
    .query(({ ctx, input }) => readCheckpoint(ctx.userId, input)),
});
