"use client";
// Status counts as tabs, and a search by name.
import clsx from "clsx";
import { useLanguage } from "../../i18n/locale-provider";
import { Select } from "../../ui/field";
import { SearchBox } from "../../ui/search-box";
import type { UrlChange } from "../../ui/url-state";
import { TASK_STATUSES, type TaskStatus } from "../status";
import type { ListState } from "./list-state";
import { STATUS_LOOK } from "./status-badge";

type Props = {
  state: ListState;
  counts: Record<TaskStatus, number> | undefined;
  change: (changes: UrlChange, replace?: boolean) => void;
};

/** In the order of interest; `pending` tasks are rare, so their tab shows only when there are some. */
const TABS: TaskStatus[] = ["running", "queued", "pending", "completed", "failed", "cancelled"];

const Tab = ({
  isOn,
  count,
  children,
  onClick,
}: {
  isOn: boolean;
  count: number | undefined;
  children: string;
  onClick: () => void;
}) => {
  const { format } = useLanguage();
  return (
    <button
      type="button"
      aria-pressed={isOn}
      onClick={onClick}
      className={clsx(
        "flex h-8 shrink-0 items-center gap-1.5 rounded-md px-2.5 text-sm max-sm:h-9",
        isOn ? "bg-sunken font-medium text-ink" : "text-ink-2 hover:bg-hover hover:text-ink",
      )}
    >
      {children}
      <span className={clsx("min-w-2 text-xs tabular-nums", isOn ? "text-ink-2" : "text-ink-3")}>
        {count === undefined ? "" : format.number(count)}
      </span>
    </button>
  );
};

/** Column headers sort on wide screens; phones have none. */
const SortSelect = ({ state, change }: Pick<Props, "state" | "change">) => {
  const { t } = useLanguage();
  const value = state.sort === null ? "" : `${state.sort} ${state.order}`;
  return (
    <Select
      className="w-36 md:hidden"
      aria-label={t("tasks.sort")}
      value={value}
      onChange={(event) => {
        const [sort = null, order = null] = event.target.value === "" ? [] : event.target.value.split(" ");
        change({ sort, order, page: null });
      }}
    >
      <option value="">{t("sort.newest")}</option>
      <option value="created_at asc">{t("sort.oldest")}</option>
      <option value="priority desc">{t("sort.priority")}</option>
      <option value="name asc">{t("sort.name")}</option>
      <option value="started_at desc">{t("sort.started")}</option>
      <option value="completed_at desc">{t("sort.completed")}</option>
    </Select>
  );
};

export const TaskFilters = ({ state, counts, change }: Props) => {
  const { t } = useLanguage();
  const total = counts && TASK_STATUSES.reduce((sum, status) => sum + counts[status], 0);
  return (
    <div className="flex flex-wrap items-center justify-between gap-2">
      <fieldset
        aria-label={t("tasks.byState")}
        className="-mx-1 flex max-w-full min-w-0 gap-0.5 overflow-x-auto px-1 max-md:w-full [scrollbar-width:none]"
      >
        <Tab isOn={state.status === null} count={total} onClick={() => change({ status: null, page: null })}>
          {t("tasks.all")}
        </Tab>
        {TABS.filter((status) => status !== "pending" || counts?.pending || state.status === "pending").map(
          (status) => (
            <Tab
              key={status}
              isOn={state.status === status}
              count={counts?.[status]}
              onClick={() => change({ status, page: null })}
            >
              {t(STATUS_LOOK[status].word)}
            </Tab>
          ),
        )}
      </fieldset>
      <SearchBox q={state.q} onChange={(q) => change({ q, page: null }, true)} className="md:w-64" />
      <SortSelect state={state} change={change} />
    </div>
  );
};
