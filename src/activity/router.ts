// tRPC procedures of the record: input schema, verb, output schema.
import { procedure, router } from "../platform/trpc";
import { activityInput, activityPageOutput } from "./input";
import { listActivity } from "./list";

export const activityRouter = router({
  list: procedure
    .input(activityInput)
    .output(activityPageOutput)
    .query(({ ctx, input }) => listActivity(ctx.userId, input)),
});
