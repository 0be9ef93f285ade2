"use client";
// Status counts as tabs, and a search by name.
import clsx from "clsx";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { IconButton } from "../../ui/button";
import { Select } from "../../ui/field";
import { CrossIcon, SearchIcon } from "../../ui/icons";
import { useShortcut } from "../../ui/shortcut";
import type { UrlChange } from "../../ui/url-state";
import { TASK_STATUSES, type TaskStatus } from "../status";
import type { ListState } from "./list-state";
import { STATUS_LOOK } from "./status-badge";

type Props = {
  state: ListState;
  counts: Record<TaskStatus, number> | undefined;
  change: (changes: UrlChange, replace?: boolean) => void;
};

const TYPING_PAUSE_MS = 250;
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

const Search = ({ q, change }: { q: string; change: Props["change"] }) => {
  const { t } = useLanguage();
  const [text, setText] = useState(q);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useShortcut("/", () => {
    input.current?.focus();
    input.current?.select();
  });
  // Back and forward change the address, and what is typed follows.
  useEffect(() => {
    if (document.activeElement !== input.current) setText(q);
  }, [q]);
  const set = (next: string, pauseMs: number) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => change({ q: next, page: null }, true), pauseMs);
  };
  return (
    <div className="relative min-w-0 flex-1 basis-40 md:w-64 md:flex-none">
      <SearchIcon className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-ink-3" />
      <input
        ref={input}
        type="search"
        value={text}
        maxLength={500}
        onChange={(event) => set(event.target.value, TYPING_PAUSE_MS)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            set("", 0);
            event.currentTarget.blur();
          }
        }}
        placeholder={t("tasks.search")}
        aria-label={t("tasks.search")}
        aria-keyshortcuts="/"
        className="h-8 w-full rounded-md border border-control bg-surface pr-8 pl-8 text-sm placeholder:text-ink-3 focus-visible:outline-offset-0 max-sm:h-10 max-sm:text-[1rem] [&::-webkit-search-cancel-button]:hidden"
      />
      {text === "" ? (
        <span
          aria-hidden="true"
          className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 rounded border border-line px-1.5 font-sans text-xs text-ink-3 max-sm:hidden"
        >
          /
        </span>
      ) : (
        <IconButton
          size="sm"
          label={t("tasks.clearSearch")}
          onClick={() => set("", 0)}
          className="absolute! top-1/2 right-0.5 -translate-y-1/2"
        >
          <CrossIcon />
        </IconButton>
      )}
    </div>
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
      <Search q={state.q} change={change} />
      <SortSelect state={state} change={change} />
    </div>
  );
};
