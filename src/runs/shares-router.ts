// tRPC procedures of the shares of a group. Only the pages call them; programs have the REST routes.

import { procedure, router } from "../platform/trpc";
import { groupId, newShare, shareRemoval } from "./input";
import { doneOutput, shareOutput, sharesOutput } from "./output";
import { listShares, shareGroup, unshareGroup } from "./shares";

export const sharesRouter = router({
  list: procedure
    .input(groupId)
    .output(sharesOutput)
    .query(async ({ ctx, input }) => ({ shares: await listShares(ctx.userId, input) })),
  /** Counted as the creation of many, so that addresses are guessed slowly. */
  put: procedure
    .meta({ bucket: "batch" })
    .input(newShare)
    .output(shareOutput)
    .mutation(({ ctx, input }) => shareGroup(ctx.userId, input)),
  remove: procedure
    .input(shareRemoval)
    .output(doneOutput)
    .mutation(async ({ ctx, input }) => {
      await unshareGroup(ctx.userId, input);
      return { done: true } as const;
    }),
});
