"use client";
// Tasks as a table, on wide screens.
import clsx from "clsx";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type MouseEvent, memo } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import type { PlainKey } from "../../i18n/translate";
import { Checkbox } from "../../ui/field";
import { ArrowDownIcon, ArrowUpIcon } from "../../ui/icons";
import type { Selection } from "../../ui/selection";
import type { Task } from "../task";
import type { ListState, Sort } from "./list-state";
import { RowMenu } from "./row-menu";
import { StatusBadge } from "./status-badge";
import { TaskCreated, TaskDetail, TaskMetric, TaskTags } from "./task-cells";

type Column = { title: PlainKey; width: string; sort?: Sort; align?: "right" };

const COLUMNS: Column[] = [
  { title: "column.state", width: "w-31" },
  { title: "column.name", width: "", sort: "name" },
  { title: "column.queue", width: "w-24" },
  { title: "column.priority", width: "w-20", sort: "priority", align: "right" },
  { title: "column.detail", width: "w-72" },
  { title: "column.result", width: "w-40" },
  { title: "column.created", width: "w-28", sort: "created_at", align: "right" },
];

const cell = "border-b border-line px-3 py-0 align-middle";

const Header = ({ column, state, onSort }: { column: Column; state: ListState; onSort: (sort: Sort) => void }) => {
  const { t } = useLanguage();
  const { sort } = column;
  const isSorted = sort !== undefined && state.sort === sort;
  const direction = state.order === "asc" ? "ascending" : "descending";
  return (
    <th
      scope="col"
      aria-sort={isSorted ? direction : undefined}
      className={clsx(
        "h-9 border-b border-line px-3 text-left text-xs font-medium text-ink-2",
        column.width,
        column.align === "right" && "text-right",
      )}
    >
      {sort === undefined ? (
        t(column.title)
      ) : (
        <button
          type="button"
          onClick={() => onSort(sort)}
          className={clsx("-mx-1 inline-flex items-center gap-1 rounded px-1 hover:text-ink", isSorted && "text-ink")}
        >
          {t(column.title)}
          {isSorted &&
            (state.order === "asc" ? <ArrowUpIcon className="size-3" /> : <ArrowDownIcon className="size-3" />)}
        </button>
      )}
    </th>
  );
};

type RowProps = {
  task: Task;
  isGone: boolean;
  isSelected: boolean;
  onSelect: (taskId: string, range: boolean) => void;
};

const Row = memo(({ task, isGone, isSelected, onSelect }: RowProps) => {
  const { t } = useLanguage();
  const router = useRouter();
  const href = `/tasks/${task.taskId}`;
  /** The whole row opens the task (for the keyboard, its name is a link), but for what has a click of its own and for text that is being marked. */
  const open = (event: MouseEvent<HTMLTableRowElement>) => {
    if (!(event.target instanceof Element) || event.target.closest("a, button, input, [role=menu], [role=dialog]"))
      return;
    if (!event.currentTarget.contains(event.target) || window.getSelection()?.isCollapsed === false) return;
    if (event.metaKey || event.ctrlKey) window.open(href, "_blank");
    else router.push(href);
  };
  return (
    <tr
      onClick={open}
      className={clsx("h-11 cursor-pointer", isSelected ? "bg-accent-soft" : "hover:bg-hover", isGone && "opacity-50")}
    >
      <td className={clsx(cell, "w-10 pr-0!")}>
        <Checkbox
          changes
          className="block"
          checked={isSelected}
          aria-label={t("tasks.select", { name: task.name })}
          onChange={() => {}}
          onClick={(event) => onSelect(task.taskId, event.shiftKey)}
        />
      </td>
      <td className={cell}>
        <StatusBadge status={task.status} stopping={task.status === "running" && task.cancelRequestedAt !== null} />
      </td>
      <td className={cell}>
        <span className="flex min-w-0 items-center gap-2">
          <Link
            href={href}
            data-row-link
            prefetch={false}
            className="truncate rounded font-medium text-ink hover:underline"
            title={task.name}
          >
            {task.name}
          </Link>
          <TaskTags tags={task.tags} />
        </span>
      </td>
      <td className={clsx(cell, "truncate text-ink-2")} title={task.queue}>
        {task.queue}
      </td>
      <td className={clsx(cell, "text-right tabular-nums", task.priority === 0 ? "text-ink-3" : "text-ink")}>
        {task.priority}
      </td>
      <td className={clsx(cell, "text-ink-2")}>
        <div className="truncate first-letter:uppercase">
          <TaskDetail task={task} />
        </div>
      </td>
      <td className={cell}>
        <TaskMetric task={task} />
      </td>
      <td className={clsx(cell, "text-right whitespace-nowrap text-ink-2")}>
        <TaskCreated task={task} />
      </td>
      <td className={clsx(cell, "w-11 px-2!")}>
        <RowMenu task={task} />
      </td>
    </tr>
  );
});

type Props = {
  rows: { row: Task; isGone: boolean }[];
  state: ListState;
  selection: Selection;
  onSort: (sort: Sort) => void;
};

export const TaskTable = ({ rows, state, selection, onSort }: Props) => {
  const { t } = useLanguage();
  return (
    <table className="w-full table-fixed border-separate border-spacing-0 text-sm">
      <thead>
        <tr>
          <th scope="col" className="w-10 border-b border-line pl-3 text-left">
            <Checkbox
              changes
              className="block"
              aria-label={t("tasks.selectAll")}
              checked={selection.isAll}
              indeterminate={selection.isSome && !selection.isAll}
              onChange={() => selection.toggleAll()}
            />
          </th>
          {COLUMNS.map((column) => (
            <Header key={column.title} column={column} state={state} onSort={onSort} />
          ))}
          <th scope="col" className="w-11 border-b border-line">
            <span className="sr-only">{t("column.actions")}</span>
          </th>
        </tr>
      </thead>
      <tbody className="[&>tr:last-child>td]:border-b-0">
        {rows.map(({ row, isGone }) => (
          <Row
            key={row.taskId}
            task={row}
            isGone={isGone}
            isSelected={selection.has(row.taskId)}
            onSelect={selection.toggle}
          />
        ))}
      </tbody>
    </table>
  );
};
