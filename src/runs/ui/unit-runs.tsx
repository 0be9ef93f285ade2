"use client";
// All runs of the unit as a table: what was different about each, what came out, and which was the best.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import clsx from "clsx";
import Link from "next/link";
import { useId, useMemo, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge } from "../../ui/badge";
import { Button, IconButton } from "../../ui/button";
import { EmptyState } from "../../ui/empty-state";
import { ErrorState } from "../../ui/error-state";
import { Input, Select } from "../../ui/field";
import { RetryIcon, SearchIcon, TrayIcon } from "../../ui/icons";
import { ScrollRegion } from "../../ui/scroll-region";
import { Skeleton } from "../../ui/skeleton";
import { Duration } from "../../ui/time";
import { useTRPC } from "../../ui/trpc";
import { useUrlState } from "../../ui/url-state";
import { RUN_STATUSES, type Run } from "../run";
import { type Bulk, BulkDialog } from "./unit-bulk";
import { bestOf, differingKeys, shownValue } from "./unit-order";
import { RUN_LOOK, RunBadge } from "./unit-status";
import { useUnitActions } from "./use-unit-actions";

const SHOWN = 200;
const MAX_COLUMNS = 8;
const NONE: Run[] = [];

/** A number that a run came to: of its result, else of its metrics at the end. */
export const resultNumber = (run: Run, key: string): number | null => {
  const value = run.result?.[key] ?? run.metrics?.[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
};

const resultKeysOf = (runs: Run[]): string[] => {
  const keys = new Set<string>();
  for (const run of runs)
    for (const key of [...Object.keys(run.result ?? {}), ...Object.keys(run.metrics ?? {})])
      if (resultNumber(run, key) !== null) keys.add(key);
  return [...keys].slice(0, MAX_COLUMNS);
};

const cell = "border-b border-line px-3 py-2 whitespace-nowrap";

type TableProps = { runs: Run[]; parameterKeys: string[]; resultKeys: string[]; best: string | null };

const RunsTable = ({ runs, parameterKeys, resultKeys, best }: TableProps) => {
  const { t, format } = useLanguage();
  const { retry } = useUnitActions();
  const head = (key: string, text: string, right = false) => (
    <th key={key} scope="col" className={clsx(cell, "font-medium", right ? "text-right" : "text-left")}>
      {text}
    </th>
  );
  return (
    <ScrollRegion label={t("unit.runsTable")} className="relative overflow-x-auto -outline-offset-2">
      <table className="w-full border-separate border-spacing-0 text-sm [&_tbody_tr:last-child_td]:border-b-0">
        <thead className="text-xs text-ink-2">
          <tr>
            {head("state", t("column.state"))}
            {head("name", t("column.name"))}
            {parameterKeys.map((key) => head(`p ${key}`, key))}
            {resultKeys.map((key) => head(`r ${key}`, key, true))}
            {head("duration", t("unit.column.duration"), true)}
            <th scope="col" className={cell}>
              <span className="sr-only">{t("column.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.runId} className={run.runId === best ? "bg-ok-soft" : undefined}>
              <td className={cell}>
                <RunBadge status={run.status} />
              </td>
              <td className={clsx(cell, "max-w-72")}>
                <span className="flex items-center gap-2">
                  <Link
                    href={`/runs/${encodeURIComponent(run.runId)}`}
                    className="truncate rounded font-medium hover:underline"
                    title={run.errorMessage ? `${run.name}\n${run.errorMessage}` : run.name}
                  >
                    {run.name}
                  </Link>
                  {run.runId === best && <Badge tone="ok">{t("unit.best")}</Badge>}
                </span>
              </td>
              {parameterKeys.map((key) => (
                <td key={key} className={clsx(cell, "max-w-48 truncate font-mono text-xs")}>
                  {shownValue(run.parameters[key])}
                </td>
              ))}
              {resultKeys.map((key) => {
                const value = resultNumber(run, key);
                return (
                  <td key={key} className={clsx(cell, "text-right tabular-nums")} title={value?.toString()}>
                    {value === null ? "" : format.metric(value)}
                  </td>
                );
              })}
              <td className={clsx(cell, "text-right text-ink-2")}>
                {run.startedAt && <Duration from={run.startedAt} to={run.completedAt} />}
              </td>
              <td className={clsx(cell, "py-0!")}>
                {(run.status === "failed" || run.status === "cancelled") && (
                  <IconButton
                    size="sm"
                    label={t("unit.retryNamed", { name: run.name })}
                    onClick={() => retry.mutate({ runId: run.runId })}
                  >
                    <RetryIcon />
                  </IconButton>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
};

export const UnitRuns = ({ unitId }: { unitId: string }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const { params, change } = useUrlState();
  const list = useQuery(trpc.runs.list.queryOptions({ unitId }, { placeholderData: keepPreviousData }));
  const bestId = useId();
  const [limit, setLimit] = useState(SHOWN);
  const [bulk, setBulk] = useState<Bulk | null>(null);
  const runs = list.data?.runs ?? NONE;
  const status = RUN_STATUSES.find((one) => one === params.get("status")) ?? null;
  const q = params.get("q") ?? "";
  const goal = params.get("goal") === "min" ? "min" : "max";
  const parameterKeys = useMemo(() => differingKeys(runs.map((run) => run.parameters)).slice(0, MAX_COLUMNS), [runs]);
  const resultKeys = useMemo(() => resultKeysOf(runs), [runs]);
  const bestKey = resultKeys.find((key) => key === params.get("best")) ?? null;
  const best = bestKey === null ? null : bestOf(runs, (run) => resultNumber(run, bestKey), goal);
  const shown = runs.filter(
    (run) => (status === null || run.status === status) && run.name.toLowerCase().includes(q.toLowerCase()),
  );
  const failed = runs.filter((run) => run.status === "failed").length;

  if (list.isPending) return <Skeleton className="h-72" />;
  if (list.isError && !list.data)
    return <ErrorState error={list.error} onRetry={() => list.refetch()} retrying={list.isFetching} />;
  if (runs.length === 0) return <EmptyState icon={<TrayIcon />} title={t("unit.runsNone")} />;
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-center gap-2">
        <Input
          type="search"
          aria-label={t("unit.search")}
          placeholder={t("unit.search")}
          className="w-56! max-sm:w-full!"
          value={q}
          onChange={(event) => change({ q: event.target.value }, true)}
        />
        <Select
          aria-label={t("unit.filter")}
          value={status ?? ""}
          onChange={(event) => change({ status: event.target.value })}
        >
          <option value="">{t("unit.filterAll")}</option>
          {RUN_STATUSES.map((one) => (
            <option key={one} value={one}>
              {t(RUN_LOOK[one].word)}
            </option>
          ))}
        </Select>
        {resultKeys.length > 0 && (
          <>
            <label htmlFor={bestId} className="flex items-center gap-2 text-sm text-ink-2 sm:ml-3">
              {t("unit.bestBy")}
              <Select id={bestId} value={bestKey ?? ""} onChange={(event) => change({ best: event.target.value })}>
                <option value="">{t("unit.noBest")}</option>
                {resultKeys.map((key) => (
                  <option key={key}>{key}</option>
                ))}
              </Select>
            </label>
            {bestKey !== null && (
              <Select
                aria-label={t("unit.bestGoal")}
                value={goal}
                onChange={(event) => change({ goal: event.target.value })}
              >
                <option value="max">{t("unit.goal.max")}</option>
                <option value="min">{t("unit.goal.min")}</option>
              </Select>
            )}
          </>
        )}
        {failed > 0 && (
          <Button
            className="sm:ml-auto"
            icon={<RetryIcon />}
            onClick={() => setBulk({ unitId, action: "retry", filter: { status: ["failed"] } })}
          >
            {t("unit.retryAll", { count: failed })}
          </Button>
        )}
      </div>
      <div className="overflow-hidden rounded-xl border border-line bg-surface">
        {shown.length === 0 ? (
          <EmptyState
            icon={<SearchIcon />}
            title={t("unit.noMatch")}
            action={<Button onClick={() => change({ q: null, status: null })}>{t("unit.clearFilters")}</Button>}
          />
        ) : (
          <RunsTable runs={shown.slice(0, limit)} parameterKeys={parameterKeys} resultKeys={resultKeys} best={best} />
        )}
      </div>
      {shown.length > limit && (
        <Button look="ghost" onClick={() => setLimit(limit + SHOWN)}>
          {t("unit.more", { count: Math.min(SHOWN, shown.length - limit) })}
        </Button>
      )}
      {bulk && <BulkDialog bulk={bulk} onClose={() => setBulk(null)} onDone={() => setBulk(null)} />}
    </div>
  );
};
