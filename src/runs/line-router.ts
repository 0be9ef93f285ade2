// tRPC procedures of a unit's waiting line. Only the pages call them: they need no more than what is in sight.
import { procedure, router } from "../platform/trpc";
import { lineFind, lineMove, linePlan, lineWindow, unitId } from "./input";
import { findInLine, idsOfLine, keysOfLine, windowOfLine } from "./line";
import { lineFoundOutput, lineIdsOutput, lineKeysOutput, lineMoveOutput, lineWindowOutput, planOutput } from "./output";
import { planOfUnit } from "./plan";
import { moveInLine } from "./reorder";

export const lineRouter = router({
  window: procedure
    .input(lineWindow)
    .output(lineWindowOutput)
    .query(({ ctx, input }) => windowOfLine(ctx.userId, input)),
  plan: procedure
    .input(linePlan)
    .output(planOutput)
    .query(({ ctx, input: { unitId: id, ...part } }) => planOfUnit(ctx.userId, id, part)),
  ids: procedure
    .input(unitId)
    .output(lineIdsOutput)
    .query(async ({ ctx, input }) => ({ ids: await idsOfLine(ctx.userId, input) })),
  find: procedure
    .input(lineFind)
    .output(lineFoundOutput)
    .query(({ ctx, input }) => findInLine(ctx.userId, input)),
  keys: procedure
    .input(unitId)
    .output(lineKeysOutput)
    .query(async ({ ctx, input }) => ({ keys: await keysOfLine(ctx.userId, input) })),
  move: procedure
    .input(lineMove)
    .output(lineMoveOutput)
    .mutation(({ ctx, input }) => moveInLine(ctx.userId, input)),
});
