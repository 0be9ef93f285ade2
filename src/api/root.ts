// All procedures under one roof. Clients import the type alone.
import { entryRouter } from "../accounts/entry-router";
import { activityRouter } from "../activity/router";
import { router } from "../platform/trpc";
import { lineRouter } from "../runs/line-router";
import { sharesRouter } from "../runs/shares-router";
import { adminRouter } from "./admin-router";
import { clientRouter } from "./client-root";

export const appRouter = router({
  ...clientRouter._def.record,
  activity: activityRouter,
  admin: adminRouter,
  shares: sharesRouter,
  line: lineRouter,
  entry: entryRouter,
});

export type AppRouter = typeof appRouter;
