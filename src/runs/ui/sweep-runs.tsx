"use client";
// The runs of a sweep: all, or those of one state, a page at a time.
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import clsx from "clsx";
import Link from "next/link";
import { useMemo } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { ErrorState } from "../../ui/error-state";
import { Skeleton } from "../../ui/skeleton";
import { Duration } from "../../ui/time";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { useUrlState } from "../../ui/url-state";
import { RUN_STATUSES, type RunStatus } from "../run";
import { differingKeys } from "./unit-order";
import { RUN_LOOK, RunBadge } from "./unit-status";
import { Parameters } from "./unit-waiting-row";

type Sweep = Outputs["sweeps"]["get"];

const PAGE = 200;

const States = ({
  sweep,
  status,
  onPick,
}: {
  sweep: Sweep;
  status: RunStatus | null;
  onPick: (to: string) => void;
}) => {
  const { t, format } = useLanguage();
  const total = RUN_STATUSES.reduce((sum, one) => sum + sweep.counts[one], 0);
  const chip = (value: string, word: string, count: number) => (
    <button
      key={value}
      type="button"
      aria-pressed={(status ?? "") === value}
      onClick={() => onPick(value)}
      className={clsx(
        "flex h-8 items-center gap-1.5 rounded-md px-2.5 text-sm max-sm:h-10",
        (status ?? "") === value ? "bg-sunken font-medium text-ink" : "text-ink-2 hover:bg-hover hover:text-ink",
      )}
    >
      {word}
      <span className="tabular-nums">{format.number(count)}</span>
    </button>
  );
  return (
    <fieldset className="flex flex-wrap gap-1 border-b border-line px-3 py-2">
      <legend className="sr-only">{t("column.state")}</legend>
      {chip("", t("sweep.all"), total)}
      {RUN_STATUSES.filter((one) => sweep.counts[one] > 0 || one === status).map((one) =>
        chip(one, t(RUN_LOOK[one].word), sweep.counts[one]),
      )}
    </fieldset>
  );
};

export const SweepRuns = ({ sweep }: { sweep: Sweep }) => {
  const { t } = useLanguage();
  const { params, change } = useUrlState();
  const status = RUN_STATUSES.find((one) => one === params.get("status")) ?? null;
  const { unitId, sweepId } = sweep;
  const list = useInfiniteQuery(
    useTRPC().runs.list.infiniteQueryOptions(
      { unitId, sweepId, limit: PAGE, ...(status && { status: [status] }) },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  );
  const runs = useMemo(() => list.data?.pages.flatMap((page) => page.runs) ?? [], [list.data]);
  const keys = useMemo(() => differingKeys(runs.map((run) => run.parameters)), [runs]);
  const total = status ? sweep.counts[status] : RUN_STATUSES.reduce((sum, one) => sum + sweep.counts[one], 0);
  return (
    <>
      <States sweep={sweep} status={status} onPick={(to) => change({ status: to })} />
      {list.isPending && <Skeleton className="m-4 h-40" />}
      {list.isError && <ErrorState error={list.error} onRetry={() => list.refetch()} retrying={list.isFetching} />}
      {list.isSuccess && runs.length === 0 && <p className="px-4 py-6 text-sm text-ink-2">{t("sweep.none")}</p>}
      <ol className="divide-y divide-line text-sm" aria-label={t("sweep.rows")}>
        {runs.map((run) => (
          <li key={run.runId} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
            <span className="w-28 shrink-0">
              <RunBadge status={run.status} />
            </span>
            <div className="min-w-0 flex-1 basis-60">
              <Link
                href={`/runs/${encodeURIComponent(run.runId)}`}
                className="block truncate rounded font-medium hover:underline"
                title={run.name}
              >
                {run.name}
              </Link>
              {/* A name that the sweep gave already says them. */}
              <Parameters run={run} keys={keys.filter((key) => !run.name.includes(`${key}=`))} />
              {run.errorMessage !== null && (
                <p className="truncate text-xs text-bad" title={run.errorMessage}>
                  {run.errorMessage}
                </p>
              )}
            </div>
            <span className="text-ink-2">
              {run.startedAt && <Duration from={run.startedAt} to={run.completedAt} />}
            </span>
          </li>
        ))}
      </ol>
      {list.hasNextPage && (
        <div className="border-t border-line px-4 py-2">
          <Button size="sm" look="ghost" busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            {t("sweep.more", { count: Math.max(1, total - runs.length) })}
          </Button>
        </div>
      )}
    </>
  );
};
