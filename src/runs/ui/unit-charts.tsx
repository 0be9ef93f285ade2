"use client";
// One metric of several runs in one chart.
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useId, useMemo, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { type Line, LineChart } from "../../metrics/ui/line-chart";
import { MetricTable } from "../../metrics/ui/metric-table";
import { Button } from "../../ui/button";
import { EmptyState } from "../../ui/empty-state";
import { ErrorState } from "../../ui/error-state";
import { Checkbox, Select } from "../../ui/field";
import { ChartIcon, TableIcon } from "../../ui/icons";
import { ScrollRegion } from "../../ui/scroll-region";
import { Skeleton } from "../../ui/skeleton";
import { useTRPC } from "../../ui/trpc";
import { useUrlState } from "../../ui/url-state";
import type { Run } from "../run";

/** As many as there are colours that can be told apart. */
const MAX_LINES = 5;
const MAX_POINTS = 1000;
const MAX_LISTED = 200;
const HEIGHT_PX = 320;
const NONE: Run[] = [];

/** Runs of one name are told apart by their place. */
const labelsOf = (runs: Run[]): Map<string, string> => {
  const seen = new Map<string, number>();
  for (const run of runs) seen.set(run.name, (seen.get(run.name) ?? 0) + 1);
  return new Map(
    runs.map((run) => [run.runId, (seen.get(run.name) ?? 0) > 1 ? `${run.name} #${run.order}` : run.name]),
  );
};

export const UnitCharts = ({ unitId }: { unitId: string }) => {
  const { t, format } = useLanguage();
  const trpc = useTRPC();
  const { params, change } = useUrlState();
  const list = useQuery(
    trpc.runs.latest.queryOptions({ unitId, limit: MAX_LISTED }, { placeholderData: keepPreviousData }),
  );
  const formId = useId();
  const [asTable, setAsTable] = useState(false);
  const [step, setStep] = useState<number | null>(null);
  const started = list.data?.runs ?? NONE;
  const labels = useMemo(() => labelsOf(started), [started]);
  const named = params.get("runs");
  const chosen = useMemo(() => {
    const ids = named === null ? null : new Set(named.split(","));
    return started.filter((run) => ids === null || ids.has(run.runId)).slice(0, MAX_LINES);
  }, [started, named]);
  const { metrics, isPending } = useQueries({
    queries: chosen.map((run) =>
      trpc.runs.metrics.queryOptions(
        { runId: run.runId, maxPoints: MAX_POINTS },
        { placeholderData: keepPreviousData },
      ),
    ),
    combine: (answers) => ({
      metrics: answers.map((answer) => answer.data?.metrics ?? {}),
      isPending: answers.some((answer) => answer.isPending),
    }),
  });
  const keys = useMemo(() => [...new Set(metrics.flatMap((one) => Object.keys(one)))], [metrics]);
  const key = keys.find((one) => one === params.get("metric")) ?? keys[0];
  const lines = useMemo(
    () =>
      chosen.flatMap((run, index): Line[] => {
        const points = key === undefined ? undefined : metrics[index]?.[key];
        return points
          ? [
              {
                key: labels.get(run.runId) ?? run.name,
                colour: `--series-${index + 1}`,
                points,
                values: points.map((point) => point.value),
              },
            ]
          : [];
      }),
    [chosen, metrics, key, labels],
  );
  const table = useMemo(
    () =>
      Object.fromEntries(
        chosen.flatMap((run, index) => {
          const points = key === undefined ? undefined : metrics[index]?.[key];
          return points ? [[labels.get(run.runId) ?? run.name, points] as const] : [];
        }),
      ),
    [chosen, metrics, key, labels],
  );

  if (list.isPending)
    return (
      <div aria-busy="true" className="animate-late">
        <Skeleton className="h-72 rounded-xl" />
      </div>
    );
  if (list.isError && !list.data)
    return <ErrorState error={list.error} onRetry={() => list.refetch()} retrying={list.isFetching} />;
  if (started.length === 0)
    return (
      <div className="rounded-xl border border-line bg-surface">
        <EmptyState icon={<ChartIcon />} title={t("unit.chartNoRuns")} />
      </div>
    );

  const isChosen = new Set(chosen.map((run) => run.runId));
  const toggle = (runId: string) => {
    const next = isChosen.has(runId) ? [...isChosen].filter((id) => id !== runId) : [...isChosen, runId];
    change({ runs: next.length === 0 ? "-" : next.join(",") }, true);
  };
  return (
    <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_18rem]">
      <section
        aria-label={t("unit.tab.charts")}
        className="min-w-0 self-start rounded-xl border border-line bg-surface"
      >
        <div className="flex min-h-11 flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-1.5">
          <label htmlFor={`${formId}-metric`} className="flex items-center gap-2 text-sm text-ink-2">
            {t("unit.metricKey")}
            <Select
              id={`${formId}-metric`}
              value={key ?? ""}
              disabled={keys.length === 0}
              onChange={(event) => change({ metric: event.target.value }, true)}
            >
              {keys.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          </label>
          {lines.length > 0 && (
            <Button
              size="sm"
              look="ghost"
              icon={asTable ? <ChartIcon /> : <TableIcon />}
              onClick={() => setAsTable(!asTable)}
            >
              {t(asTable ? "metrics.showCharts" : "metrics.showTable")}
            </Button>
          )}
        </div>
        {isPending && chosen.length > 0 ? (
          <div aria-busy="true" className="animate-late p-4">
            <Skeleton className="h-72" />
          </div>
        ) : lines.length === 0 || key === undefined ? (
          <EmptyState icon={<ChartIcon />} title={chosen.length === 0 ? t("unit.chartChoose") : t("unit.chartNone")}>
            {chosen.length > 0 && (
              <>
                {t("unit.chartNoneNote")} <code className="font-mono text-xs">ctx.log({"{ loss }"})</code>
              </>
            )}
          </EmptyState>
        ) : asTable ? (
          <MetricTable metrics={table} />
        ) : (
          <figure className="min-w-0">
            <figcaption className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 pt-3 text-xs">
              {lines.map((line) => {
                const point = step === null ? line.points.at(-1) : line.points.find((one) => one.step === step);
                return (
                  <span key={line.key} className="inline-flex max-w-64 items-baseline gap-1.5">
                    <span
                      aria-hidden="true"
                      className="size-2 shrink-0 self-center rounded-full"
                      style={{ background: `var(${line.colour})` }}
                    />
                    <span className="truncate font-medium">{line.key}</span>
                    <span className="text-ink-2 tabular-nums">{point ? format.metric(point.value) : "–"}</span>
                  </span>
                );
              })}
              {step !== null && <span className="ml-auto text-ink-3 tabular-nums">{t("metrics.step", { step })}</span>}
            </figcaption>
            <div className="px-2 pt-2 pb-1">
              <LineChart
                lines={lines}
                height={HEIGHT_PX}
                label={t("unit.chartOf", { name: key })}
                formatValue={format.metric}
                onStep={setStep}
              />
            </div>
          </figure>
        )}
      </section>
      <fieldset className="min-w-0 self-start rounded-xl border border-line bg-surface">
        <legend className="sr-only">{t("unit.chartRuns")}</legend>
        <p aria-hidden="true" className="border-b border-line px-4 py-2.5 text-sm font-semibold">
          {t("unit.chartRuns")}
        </p>
        <ScrollRegion label={t("unit.chartRuns")} className="max-h-96 overflow-y-auto p-1.5 -outline-offset-2">
          {started.map((run) => {
            const is = isChosen.has(run.runId);
            const nth = chosen.findIndex((one) => one.runId === run.runId);
            return (
              <label
                key={run.runId}
                htmlFor={`${formId}-${run.runId}`}
                className="flex min-h-8 items-center gap-2 rounded px-2 text-sm hover:bg-hover"
              >
                <Checkbox
                  id={`${formId}-${run.runId}`}
                  checked={is}
                  disabled={!is && chosen.length >= MAX_LINES}
                  onChange={() => toggle(run.runId)}
                />
                <span className="min-w-0 flex-1 truncate" title={run.name}>
                  {labels.get(run.runId)}
                </span>
                {is && (
                  <span
                    aria-hidden="true"
                    className="size-2 rounded-full"
                    style={{ background: `var(--series-${nth + 1})` }}
                  />
                )}
              </label>
            );
          })}
        </ScrollRegion>
      </fieldset>
    </div>
  );
};
