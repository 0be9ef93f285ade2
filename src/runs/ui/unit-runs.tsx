"use client";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useId, useMemo, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { EmptyState } from "../../ui/empty-state";
import { ErrorState } from "../../ui/error-state";
import { Select } from "../../ui/field";
import { CrossIcon, RetryIcon, SearchIcon, StopIcon, TrashIcon, TrayIcon } from "../../ui/icons";
// All runs of the unit, a page at a time, to be searched, compared by what came out, and acted on.
import { useMayChange } from "../../ui/may-change";
import { SearchBox } from "../../ui/search-box";
import { type Selection, useSelection } from "../../ui/selection";
import { Skeleton } from "../../ui/skeleton";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { useUrlState } from "../../ui/url-state";
import { RUN_STATUSES, type Run, type RunStatus } from "../run";
import { type Bulk, BulkDialog } from "./unit-bulk";
import { differingKeys } from "./unit-order";
import { RunsTable, resultNumber } from "./unit-runs-table";
import { RUN_LOOK } from "./unit-status";

type Unit = Outputs["units"]["get"];

const PAGE = 100;
const MAX_COLUMNS = 8;
const NONE: Run[] = [];

const resultKeysOf = (runs: Run[]): string[] => {
  const keys = new Set<string>();
  for (const run of runs)
    for (const key of [...Object.keys(run.result ?? {}), ...Object.keys(run.metrics ?? {})])
      if (resultNumber(run, key) !== null) keys.add(key);
  return [...keys].slice(0, MAX_COLUMNS);
};

/** What a reader looks at: kept in the address. */
const useShown = () => {
  const { params, change } = useUrlState();
  const status = RUN_STATUSES.find((one) => one === params.get("status")) ?? null;
  const q = params.get("q") ?? "";
  const filter = { ...(status && { status: [status] }), ...(q !== "" && { q }) };
  const goal: "max" | "min" = params.get("goal") === "min" ? "min" : "max";
  return { status, q, filter, goal, best: params.get("best"), change };
};

type Shown = ReturnType<typeof useShown>;

/** It takes the place of the filters, so that nothing below moves. */
const SelectedRuns = ({
  selection,
  total,
  hasMore,
  onAct,
}: {
  selection: Selection;
  /** of those that match; null while only the server knows */
  total: number | null;
  hasMore: boolean;
  onAct: (action: Bulk["action"], which: { runIds: string[] } | "matching") => void;
}) => {
  const { t } = useLanguage();
  const [isMatching, setMatching] = useState(false);
  const all = isMatching && selection.isAll;
  const act = (action: Bulk["action"]) => onAct(action, all ? "matching" : { runIds: [...selection.chosen] });
  return (
    <div role="toolbar" aria-label={t("unit.selectedLabel")} className="flex min-h-8 flex-wrap items-center gap-2">
      <span className="text-sm font-medium tabular-nums" aria-live="polite">
        {all ? t("unit.selectedMatching") : t("unit.selected", { count: selection.chosen.size })}
      </span>
      {selection.isAll && hasMore && !all && (
        <Button size="sm" look="ghost" onClick={() => setMatching(true)}>
          {total === null ? t("unit.selectAllMatching") : t("unit.selectMatching", { count: total })}
        </Button>
      )}
      <Button size="sm" icon={<StopIcon />} onClick={() => act("cancel")}>
        {t("unit.cancel")}
      </Button>
      <Button size="sm" icon={<RetryIcon />} onClick={() => act("retry")}>
        {t("unit.retry")}
      </Button>
      <Button size="sm" icon={<TrashIcon />} onClick={() => act("remove")}>
        {t("unit.remove")}
      </Button>
      <Button size="sm" look="ghost" icon={<CrossIcon />} onClick={selection.clear}>
        {t("unit.clear")}
      </Button>
    </div>
  );
};

const BestBy = ({
  keys,
  shown,
  best,
}: {
  keys: string[];
  shown: Shown;
  best: Pick<Run, "runId" | "name"> | null | undefined;
}) => {
  const { t } = useLanguage();
  const id = useId();
  const { change } = shown;
  return (
    <>
      <label htmlFor={id} className="flex items-center gap-2 text-sm text-ink-2 sm:ml-3">
        {t("unit.bestBy")}
        <Select id={id} value={shown.best ?? ""} onChange={(event) => change({ best: event.target.value })}>
          <option value="">{t("unit.noBest")}</option>
          {keys.map((key) => (
            <option key={key}>{key}</option>
          ))}
        </Select>
      </label>
      {shown.best !== null && (
        <Select
          aria-label={t("unit.bestGoal")}
          value={shown.goal}
          onChange={(event) => change({ goal: event.target.value })}
        >
          <option value="max">{t("unit.goal.max")}</option>
          <option value="min">{t("unit.goal.min")}</option>
        </Select>
      )}
      {best && (
        <Link
          href={`/runs/${encodeURIComponent(best.runId)}`}
          className="max-w-60 truncate text-sm text-accent hover:underline"
        >
          {t("unit.bestIs", { name: best.name })}
        </Link>
      )}
    </>
  );
};

const Filters = ({ shown, children }: { shown: Shown; children: React.ReactNode }) => {
  const { t } = useLanguage();
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-2">
      <SearchBox q={shown.q} onChange={(q) => shown.change({ q }, true)} className="md:w-56" />
      <Select
        aria-label={t("unit.filter")}
        value={shown.status ?? ""}
        onChange={(event) => shown.change({ status: event.target.value })}
      >
        <option value="">{t("unit.filterAll")}</option>
        {RUN_STATUSES.map((one: RunStatus) => (
          <option key={one} value={one}>
            {t(RUN_LOOK[one].word)}
          </option>
        ))}
      </Select>
      {children}
    </div>
  );
};

export const UnitRuns = ({ unit }: { unit: Unit }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const { unitId } = unit;
  const shown = useShown();
  const mayChange = useMayChange();
  const [bulk, setBulk] = useState<Bulk | null>(null);
  const list = useInfiniteQuery(
    trpc.runs.list.infiniteQueryOptions(
      { unitId, limit: PAGE, ...shown.filter },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  );
  const best = useQuery(
    trpc.runs.best.queryOptions(
      { unitId, key: shown.best ?? "", goal: shown.goal },
      { enabled: shown.best !== null, placeholderData: keepPreviousData },
    ),
  );
  const runs = useMemo(() => list.data?.pages.flatMap((page) => page.runs) ?? NONE, [list.data]);
  const ids = useMemo(() => runs.map((run) => run.runId), [runs]);
  const selection = useSelection(ids);
  const parameterKeys = useMemo(() => differingKeys(runs.map((run) => run.parameters)).slice(0, MAX_COLUMNS), [runs]);
  const resultKeys = useMemo(() => resultKeysOf(runs), [runs]);
  const bestKeys = shown.best === null || resultKeys.includes(shown.best) ? resultKeys : [...resultKeys, shown.best];

  if (list.isPending) return <Skeleton className="h-72" />;
  if (list.isError && !list.data)
    return <ErrorState error={list.error} onRetry={() => list.refetch()} retrying={list.isFetching} />;
  const isFiltered = shown.status !== null || shown.q !== "";
  if (runs.length === 0 && !isFiltered) return <EmptyState icon={<TrayIcon />} title={t("unit.runsNone")} />;
  const total = shown.q !== "" ? null : shown.status ? unit.counts[shown.status] : unit.runCount;
  const bestRun = shown.best === null ? null : best.data?.run;
  return (
    <div className="space-y-3">
      {selection.isSome ? (
        <SelectedRuns
          selection={selection}
          total={total}
          hasMore={list.hasNextPage}
          onAct={(action, which) =>
            setBulk({ unitId, action, ...(which === "matching" ? { filter: shown.filter } : which) })
          }
        />
      ) : (
        <Filters shown={shown}>
          {bestKeys.length > 0 && <BestBy keys={bestKeys} shown={shown} best={bestRun} />}
          {mayChange && unit.counts.failed > 0 && (
            <Button
              changes
              className="sm:ml-auto"
              icon={<RetryIcon />}
              onClick={() => setBulk({ unitId, action: "retry", filter: { status: ["failed"] } })}
            >
              {t("unit.retryAll", { count: unit.counts.failed })}
            </Button>
          )}
        </Filters>
      )}
      <div className="overflow-hidden rounded-xl border border-line bg-surface">
        {runs.length === 0 ? (
          <EmptyState
            icon={<SearchIcon />}
            title={t("unit.noMatch")}
            action={<Button onClick={() => shown.change({ q: null, status: null })}>{t("unit.clearFilters")}</Button>}
          />
        ) : (
          <RunsTable
            runs={runs}
            parameterKeys={parameterKeys}
            resultKeys={resultKeys}
            best={bestRun?.runId ?? null}
            selection={selection}
          />
        )}
      </div>
      {list.hasNextPage && (
        <div className="flex flex-wrap items-center gap-3 text-sm text-ink-2">
          {total !== null && (
            <span className="tabular-nums">
              {t("unit.shownOf", { shown: runs.length, total: Math.max(total, runs.length) })}
            </span>
          )}
          <Button size="sm" busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            {total === null
              ? t("unit.moreMatching")
              : t("unit.more", { count: Math.max(1, Math.min(PAGE, total - runs.length)) })}
          </Button>
        </div>
      )}
      {bulk && (
        <BulkDialog
          bulk={bulk}
          onClose={() => setBulk(null)}
          onDone={() => {
            setBulk(null);
            selection.clear();
          }}
        />
      )}
    </div>
  );
};
