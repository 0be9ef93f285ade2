"use client";
// The metrics of a task or a run as charts, or as a table.
import type { UseQueryResult } from "@tanstack/react-query";
import { useId, useMemo, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { EmptyState } from "../../ui/empty-state";
import { ErrorState } from "../../ui/error-state";
import { ChartIcon, TableIcon } from "../../ui/icons";
import { Skeleton } from "../../ui/skeleton";
import type { Outputs } from "../../ui/trpc";
import { groupMetrics } from "./metric-groups";
import { MetricPanel } from "./metric-panel";
import { MetricTable } from "./metric-table";

/** More points than a chart has pixels are not seen. */
export const MAX_POINTS = 1000;
/** Fewer have nothing to be smoothed. */
const SMOOTHABLE_POINTS = 20;

type Series = Outputs["tasks"]["metrics"]["metrics"];
const EMPTY = {
  waiting: "metrics.emptyWaiting",
  running: "metrics.emptyRunning",
  ended: "metrics.emptyEnded",
} as const;

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

export const MetricsCard = ({
  query,
  state,
}: {
  query: UseQueryResult<{ metrics: Series }, unknown>;
  state: keyof typeof EMPTY;
}) => {
  const { t } = useLanguage();
  const [asTable, setAsTable] = useState(false);
  const [smoothing, setSmoothing] = useState(0);
  const metrics = query.data?.metrics;
  const names = metrics ? Object.keys(metrics).join("\n") : "";
  const groups = useMemo(() => (names === "" ? [] : groupMetrics(names.split("\n"))), [names]);
  const canSmooth =
    !asTable && metrics !== undefined && Object.values(metrics).some((points) => points.length >= SMOOTHABLE_POINTS);
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
        <EmptyState icon={<ChartIcon />} title={t(EMPTY[state])}>
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
