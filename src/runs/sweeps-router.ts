// tRPC procedures of sweeps: input schema, verb, output schema.
import { procedure, router } from "../platform/trpc";
import { unitId } from "./input";
import {
  bulkOutput,
  sweepChangeOutput,
  sweepOutlookOutput,
  sweepOutput,
  sweepPreviewOutput,
  sweepsOutput,
  trimOutput,
} from "./output";
import { newSweep, sweepExtension, sweepId, sweepOutlook, sweepPreview, sweepTrim } from "./sweep-input";
import { getSweep, listSweeps, outlookOfSweep, previewSweep } from "./sweeps";
import { createSweep, extendSweep, retryFailed, trimSweep } from "./sweeps-change";

export const sweepsRouter = router({
  /** It changes nothing; as a mutation it is sent as POST, since a recipe may be longer than an address. */
  preview: procedure
    .meta({ bucket: "traffic", scope: "read" })
    .input(sweepPreview)
    .output(sweepPreviewOutput)
    .mutation(({ ctx, input }) => previewSweep(ctx.userId, input)),
  /** A mutation for the same reason. */
  outlook: procedure
    .meta({ bucket: "traffic", scope: "read" })
    .input(sweepOutlook)
    .output(sweepOutlookOutput)
    .mutation(({ ctx, input }) => outlookOfSweep(ctx.userId, input)),
  create: procedure
    .meta({ bucket: "batch" })
    .input(newSweep)
    .output(sweepChangeOutput)
    .mutation(({ ctx, input }) => createSweep(ctx.userId, input)),
  extend: procedure
    .meta({ bucket: "batch" })
    .input(sweepExtension)
    .output(sweepChangeOutput)
    .mutation(({ ctx, input }) => extendSweep(ctx.userId, input)),
  trim: procedure
    .input(sweepTrim)
    .output(trimOutput)
    .mutation(({ ctx, input }) => trimSweep(ctx.userId, input)),
  retryFailed: procedure
    .input(sweepId)
    .output(bulkOutput)
    .mutation(({ ctx, input }) => retryFailed(ctx.userId, input)),
  get: procedure
    .input(sweepId)
    .output(sweepOutput)
    .query(({ ctx, input }) => getSweep(ctx.userId, input.sweepId)),
  list: procedure
    .input(unitId)
    .output(sweepsOutput)
    .query(async ({ ctx, input }) => ({ sweeps: await listSweeps(ctx.userId, input.unitId) })),
});
