"use client";
// The metrics of a task as charts, or as a table.
import { useQuery } from "@tanstack/react-query";
import { useId, useMemo, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { groupMetrics } from "../../metrics/ui/metric-groups";
import { MetricPanel } from "../../metrics/ui/metric-panel";
import { MetricTable } from "../../metrics/ui/metric-table";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { EmptyState } from "../../ui/empty-state";
import { ErrorState } from "../../ui/error-state";
import { ChartIcon, TableIcon } from "../../ui/icons";
import { Skeleton } from "../../ui/skeleton";
import { useTRPC } from "../../ui/trpc";
import { isEnded } from "../status";
import type { Task } from "../task";

/** More points than a chart has pixels are not seen. */
const MAX_POINTS = 1000;
/** Fewer have nothing to be smoothed. */
const SMOOTHABLE_POINTS = 20;

export const metricsQuery = (taskId: string) => ({ taskId, maxPoints: MAX_POINTS });

const Smoothing = ({ value, onChange }: { value: number; onChange: (value: number) => void }) => {
  const { t, format } = useLanguage();
  const id = useId();
  return (
    <span className="mr-2 flex items-center gap-2 text-xs text-ink-2 max-sm:hidden">
      <label htmlFor={id}>{t("metrics.smoothing")}</label>
      <input
        id={id}
        type="range"
        min={0}
        max={0.95}
        step={0.05}
        value={value}
        onChange={(event) => onChange(Number(event.target.value))}
        className="w-24 accent-accent-solid"
      />
      <span className="w-8 tabular-nums">{value === 0 ? t("metrics.off") : format.percent(value)}</span>
    </span>
  );
};

export const TaskMetrics = ({ task }: { task: Task }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const query = useQuery(trpc.tasks.metrics.queryOptions(metricsQuery(task.taskId)));
  const [asTable, setAsTable] = useState(false);
  const [smoothing, setSmoothing] = useState(0);
  const metrics = query.data?.metrics;
  const names = metrics ? Object.keys(metrics).join("\n") : "";
  const groups = useMemo(() => (names === "" ? [] : groupMetrics(names.split("\n"))), [names]);
  const canSmooth =
    !asTable && metrics !== undefined && Object.values(metrics).some((points) => points.length >= SMOOTHABLE_POINTS);
  const why =
    task.status === "running"
      ? t("metrics.emptyRunning")
      : isEnded(task.status)
        ? t("metrics.emptyEnded")
        : t("metrics.emptyWaiting");
  return (
    <Card
      title={t("metrics.title")}
      actions={
        groups.length > 0 && (
          <>
            {canSmooth && <Smoothing value={smoothing} onChange={setSmoothing} />}
            <Button
              size="sm"
              look="ghost"
              icon={asTable ? <ChartIcon /> : <TableIcon />}
              onClick={() => setAsTable(!asTable)}
            >
              {asTable ? t("metrics.showCharts") : t("metrics.showTable")}
            </Button>
          </>
        )
      }
    >
      {query.isPending && (
        <div className="grid gap-4 p-4 sm:grid-cols-2">
          <Skeleton className="h-44" />
          <Skeleton className="h-44" />
        </div>
      )}
      {query.isError && !metrics && (
        <ErrorState compact error={query.error} onRetry={() => query.refetch()} retrying={query.isFetching} />
      )}
      {metrics && groups.length === 0 && (
        <EmptyState icon={<ChartIcon />} title={why}>
          {t("metrics.how")} <code className="font-mono text-xs">{'{"step": 1, "loss": 0.42}'}</code>
        </EmptyState>
      )}
      {metrics && groups.length > 0 && asTable && <MetricTable metrics={metrics} />}
      {metrics && groups.length > 0 && !asTable && (
        <div className={groups.length > 1 ? "grid sm:grid-cols-2" : ""}>
          {groups.map((group) => (
            <MetricPanel key={group.name} group={group} metrics={metrics} smoothing={canSmooth ? smoothing : 0} />
          ))}
        </div>
      )}
    </Card>
  );
};
