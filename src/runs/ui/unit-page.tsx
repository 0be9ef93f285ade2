"use client";
// A unit: who works for it, what runs, what waits and why, what came of it.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ActivityCard } from "../../activity/ui/activity-list";
import { useLanguage } from "../../i18n/locale-provider";
import { ErrorState } from "../../ui/error-state";
import { Skeleton } from "../../ui/skeleton";
import { Tabs } from "../../ui/tabs";
import { useTRPC } from "../../ui/trpc";
import { useUrlState } from "../../ui/url-state";
import { MayEdit } from "./may-edit";
import { UnitBanners } from "./unit-banners";
import { UnitCharts } from "./unit-charts";
import { UnitHeader } from "./unit-header";
import { differingKeys } from "./unit-order";
import { UnitRunning } from "./unit-running";
import { UnitRuns } from "./unit-runs";
import { UnitWaiting } from "./unit-waiting";
import { openRunsQuery } from "./use-move-runs";

const TABS = ["queue", "runs", "charts", "activity"] as const;
/** A driver that falls silent tells nobody: its state and the estimates are asked for. */
const ASK_MS = 10_000;

const PageSkeleton = () => {
  const { t } = useLanguage();
  return (
    <div aria-busy="true" className="animate-late space-y-4">
      <h1 className="sr-only">{t("unit.loading")}</h1>
      <Skeleton className="h-7 w-64" />
      <Skeleton className="h-4 w-80 max-w-full" />
      <Skeleton className="h-28" />
      <Skeleton className="h-72" />
    </div>
  );
};

const Queue = ({ unitId }: { unitId: string }) => {
  const trpc = useTRPC();
  const list = useQuery(trpc.runs.list.queryOptions(openRunsQuery(unitId), { placeholderData: keepPreviousData }));
  const plan = useQuery(trpc.units.plan.queryOptions({ unitId }, { refetchInterval: ASK_MS }));
  const { running, waiting, keys } = useMemo(() => {
    const runs = list.data?.runs ?? [];
    return {
      running: runs.filter((run) => run.status === "running"),
      waiting: runs.filter((run) => run.status === "pending"),
      keys: differingKeys(runs.map((run) => run.parameters)).slice(0, 6),
    };
  }, [list.data]);
  if (list.isPending)
    return (
      <div aria-busy="true" className="animate-late">
        <Skeleton className="h-72 rounded-xl" />
      </div>
    );
  if (list.isError && !list.data)
    return <ErrorState error={list.error} onRetry={() => list.refetch()} retrying={list.isFetching} />;
  return (
    <div className="space-y-5">
      <UnitRunning runs={running} keys={keys} />
      <UnitWaiting unitId={unitId} runs={waiting} plan={plan.data} />
    </div>
  );
};

export const UnitPage = ({ unitId }: { unitId: string }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const { params, change } = useUrlState();
  const query = useQuery(trpc.units.get.queryOptions({ unitId }, { refetchInterval: ASK_MS }));
  const tab = TABS.find((one) => one === params.get("tab")) ?? "queue";
  const unit = query.data;
  if (query.isError && !unit)
    return (
      <>
        <title>{t("groups.title")}</title>
        <ErrorState error={query.error} onRetry={() => query.refetch()} retrying={query.isFetching} />
      </>
    );
  if (!unit) return <PageSkeleton />;
  return (
    <MayEdit role={unit.role}>
      <div className="space-y-4">
        <title>{t("unit.title", { name: unit.name })}</title>
        <UnitHeader unit={unit} />
        <UnitBanners unit={unit} />
        <Tabs
          label={t("unit.tabs")}
          value={tab}
          options={TABS.map((value) => ({ value, label: t(`unit.tab.${value}`) }))}
          onChange={(value) => change({ tab: value === "queue" ? null : value })}
        />
        {tab === "queue" && <Queue unitId={unitId} />}
        {tab === "runs" && <UnitRuns unit={unit} />}
        {tab === "charts" && <UnitCharts unitId={unitId} />}
        {tab === "activity" && <ActivityCard unitId={unitId} />}
      </div>
    </MayEdit>
  );
};
