"use client";
// A unit: who works for it, what runs, what waits and why, what came of it.
import { keepPreviousData, usePrefetchQuery, useQuery } from "@tanstack/react-query";
import { ActivityCard } from "../../activity/ui/activity-list";
import { useLanguage } from "../../i18n/locale-provider";
import { ErrorState } from "../../ui/error-state";
import { Skeleton } from "../../ui/skeleton";
import { Tabs } from "../../ui/tabs";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { useUrlState } from "../../ui/url-state";
import { MayEdit } from "./may-edit";
import { UnitBanners } from "./unit-banners";
import { UnitCharts } from "./unit-charts";
import { UnitHeader } from "./unit-header";
import { UnitRunning } from "./unit-running";
import { UnitRuns } from "./unit-runs";
import { UnitWaiting } from "./unit-waiting";
import { FIRST_WINDOW, useLine } from "./use-line";

const TABS = ["queue", "runs", "charts", "activity"] as const;
/** A driver that falls silent tells nobody: its state and the estimates are asked for. */
const ASK_MS = 10_000;

type Unit = Outputs["units"]["get"];
const RUNNING = (unitId: string) => ({ unitId, status: ["running" as const] });

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

const Queue = ({ unit }: { unit: Unit }) => {
  const { unitId } = unit;
  const trpc = useTRPC();
  const running = useQuery(trpc.runs.list.queryOptions(RUNNING(unitId), { placeholderData: keepPreviousData }));
  const line = useLine(unit);
  const { query } = line;
  if (query.isPending)
    return (
      <div aria-busy="true" className="animate-late">
        <Skeleton className="h-72 rounded-xl" />
      </div>
    );
  if (query.isError && !query.data)
    return <ErrorState error={query.error} onRetry={() => query.refetch()} retrying={query.isFetching} />;
  return (
    <div className="space-y-5">
      <UnitRunning runs={running.data?.runs ?? []} keys={line.keys} />
      <UnitWaiting unitId={unitId} line={line} />
    </div>
  );
};

export const UnitPage = ({ unitId }: { unitId: string }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const { params, change } = useUrlState();
  const query = useQuery(trpc.units.get.queryOptions({ unitId }, { refetchInterval: ASK_MS }));
  // Asked for beside the unit, not after it: most come for the line.
  usePrefetchQuery(trpc.line.window.queryOptions({ unitId, ...FIRST_WINDOW }));
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
        {tab === "queue" && <Queue unit={unit} />}
        {tab === "runs" && <UnitRuns unit={unit} />}
        {tab === "charts" && <UnitCharts unitId={unitId} />}
        {tab === "activity" && <ActivityCard unitId={unitId} />}
      </div>
    </MayEdit>
  );
};
