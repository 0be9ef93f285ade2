// All procedures under one roof. Clients import the type alone.
import { accountsRouter } from "../accounts/router";
import { activityRouter } from "../activity/router";
import { router } from "../platform/trpc";
import { groupsRouter, runsRouter, unitsRouter } from "../runs/router";
import { sweepsRouter } from "../runs/sweeps-router";
import { tasksRouter } from "../tasks/router";
import { webhooksRouter } from "../webhooks/router";
import { liveRouter } from "./live-router";

export const appRouter = router({
  tasks: tasksRouter,
  groups: groupsRouter,
  units: unitsRouter,
  runs: runsRouter,
  sweeps: sweepsRouter,
  live: liveRouter,
  webhooks: webhooksRouter,
  accounts: accountsRouter,
  activity: activityRouter,
});

export type AppRouter = typeof appRouter;
