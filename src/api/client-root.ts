// The procedures that programs call: what the driver package writes out the types of, without those of the pages of owners and of newcomers.
import { accountsRouter } from "../accounts/router";
import { router } from "../platform/trpc";
import { groupsRouter, runsRouter, unitsRouter } from "../runs/router";
import { sweepsRouter } from "../runs/sweeps-router";
import { tasksRouter } from "../tasks/router";
import { webhooksRouter } from "../webhooks/router";
import { liveRouter } from "./live-router";

export const clientRouter = router({
  tasks: tasksRouter,
  groups: groupsRouter,
  units: unitsRouter,
  runs: runsRouter,
  sweeps: sweepsRouter,
  live: liveRouter,
  webhooks: webhooksRouter,
  accounts: accountsRouter,
});

export type AppRouter = typeof clientRouter;
