"use client";
// All tasks: filter, search, sort, and act on many at once.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type PointerEvent, useMemo, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button, LinkButton } from "../../ui/button";
import { EmptyState } from "../../ui/empty-state";
import { ErrorState } from "../../ui/error-state";
import { ArrowUpIcon, PlusIcon, SearchIcon, TrayIcon } from "../../ui/icons";
import { useSelection } from "../../ui/selection";
import { useShortcut } from "../../ui/shortcut";
import { useTRPC } from "../../ui/trpc";
import { useUrlState } from "../../ui/url-state";
import type { Task } from "../task";
import { BulkActions } from "./bulk-actions";
import { FirstRun } from "./first-run";
import { ListSkeleton } from "./list-skeleton";
import { type ListState, listQuery, nextSort, readListState } from "./list-state";
import { Pager } from "./pager";
import { QueueBanners } from "./queue-banners";
import { QueueBar } from "./queue-bar";
import { STATUS_LOOK } from "./status-badge";
import { useSteadyRows } from "./steady-rows";
import { TaskCards } from "./task-cards";
import { TaskFilters } from "./task-filters";
import { TaskTable } from "./task-table";
import { useQueueOverview } from "./use-queue-overview";

const NOTHING: Task[] = [];

/** j and k move through the rows as if by Tab; Enter then opens the link. */
const useRowKeys = () => {
  const move = (by: number) => {
    const links = [...document.querySelectorAll<HTMLElement>("[data-row-link]")];
    const at = links.findIndex((link) => link.matches(":focus"));
    links[Math.min(links.length - 1, Math.max(0, at === -1 ? 0 : at + by))]?.focus();
  };
  useShortcut("j", () => move(1));
  useShortcut("k", () => move(-1));
};

const NoMatch = ({ state, onClear }: { state: ListState; onClear: () => void }) => {
  const { t } = useLanguage();
  const isFiltered = state.q !== "" || state.status !== null || state.queue !== null || state.page > 1;
  if (!isFiltered) return <EmptyState icon={<TrayIcon />} title={t("tasks.none")} />;
  const what = [
    state.q === "" ? null : t("tasks.noMatchName", { q: state.q }),
    state.status === null ? null : t("tasks.noMatchState", { state: t(STATUS_LOOK[state.status].word) }),
    state.queue === null ? null : t("tasks.noMatchQueue", { queue: state.queue }),
  ].filter((part) => part !== null);
  return (
    <EmptyState
      icon={<SearchIcon />}
      title={t("tasks.noMatch")}
      action={<Button onClick={onClear}>{t("tasks.clearFilters")}</Button>}
    >
      {what.join(t("list.separator"))}
    </EmptyState>
  );
};

export const TasksPage = () => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const { params, change } = useUrlState();
  const state = useMemo(() => readListState(new URLSearchParams(params)), [params]);
  const { queues, overview, error: overviewError, refetch: refetchOverview, isNew } = useQueueOverview(state.queue);
  const list = useQuery(trpc.tasks.list.queryOptions(listQuery(state), { placeholderData: keepPreviousData }));
  const counts = useQuery(
    trpc.tasks.counts.queryOptions(state.queue === null ? {} : { queue: state.queue }, {
      placeholderData: keepPreviousData,
    }),
  );

  const tasks = list.data?.tasks ?? NOTHING;
  const ids = useMemo(() => tasks.map((task) => task.taskId), [tasks]);
  const selection = useSelection(ids);
  const [isPointed, setPointed] = useState(false);
  const view = JSON.stringify([state, list.isPlaceholderData]);
  const { rows, newCount } = useSteadyRows(list.data?.tasks, isPointed || selection.isSome, view);
  useRowKeys();

  if (isNew && list.data?.total === 0) return <FirstRun overview={overview} />;

  const isMouse = (event: PointerEvent) => event.pointerType === "mouse";
  const clearFilters = () => change({ q: null, status: null, queue: null, page: null });
  return (
    <div className="space-y-4">
      <div className="flex items-center justify-between gap-3">
        <h1 className="text-xl font-semibold tracking-tight">{t("nav.tasks")}</h1>
        <LinkButton changes href="/tasks/new" look="primary" icon={<PlusIcon />}>
          {t("action.newTask")}
        </LinkButton>
      </div>
      {overviewError && !overview ? (
        // When nothing could be loaded, one error is enough.
        list.data && (
          <div className="rounded-xl border border-line bg-surface">
            <ErrorState compact error={overviewError} onRetry={refetchOverview} />
          </div>
        )
      ) : (
        <QueueBar
          queues={queues}
          overview={overview}
          queue={state.queue}
          onQueue={(queue) => change({ queue, page: null })}
        />
      )}
      <QueueBanners overview={overview} />
      {selection.isSome ? (
        <BulkActions tasks={tasks.filter((task) => selection.has(task.taskId))} onClear={selection.clear} />
      ) : (
        <TaskFilters state={state} counts={counts.data} change={change} />
      )}
      <section
        aria-label={t("nav.tasks")}
        aria-busy={list.isPending}
        className="relative overflow-hidden rounded-xl border border-line bg-surface"
        onPointerEnter={(event) => isMouse(event) && setPointed(true)}
        onPointerLeave={() => setPointed(false)}
      >
        {newCount > 0 && (
          <div className="absolute inset-x-0 top-11 z-10 flex justify-center">
            <Button
              size="sm"
              look="primary"
              className="rounded-full! shadow-raised"
              icon={<ArrowUpIcon />}
              onClick={() => setPointed(false)}
            >
              {t("tasks.new", { count: newCount })}
            </Button>
          </div>
        )}
        {list.isPending && <ListSkeleton />}
        {list.isError && !list.data && (
          <ErrorState
            error={list.error}
            onRetry={() => Promise.all([list.refetch(), refetchOverview()])}
            retrying={list.isFetching}
          />
        )}
        {list.data && rows.length === 0 && <NoMatch state={state} onClear={clearFilters} />}
        {rows.length > 0 && (
          <div className={list.isPlaceholderData ? "opacity-60 transition-opacity" : undefined}>
            <div className="max-md:hidden">
              <TaskTable
                rows={rows}
                state={state}
                selection={selection}
                onSort={(sort) => change({ ...nextSort(state, sort), page: null })}
              />
            </div>
            <div className="md:hidden">
              <TaskCards rows={rows} selection={selection} />
            </div>
          </div>
        )}
      </section>
      {list.data && (
        <Pager
          page={state.page}
          shown={list.data.tasks.length}
          total={list.data.total}
          onPage={(page) => change({ page: page === 1 ? null : String(page) })}
        />
      )}
    </div>
  );
};
