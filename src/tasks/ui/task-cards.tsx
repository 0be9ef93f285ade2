"use client";
// The same rows as cards, on phones.
import clsx from "clsx";
import Link from "next/link";
import { useLanguage } from "../../i18n/locale-provider";
import { Checkbox } from "../../ui/field";
import type { Selection } from "../../ui/selection";
import type { Task } from "../task";
import { RowMenu } from "./row-menu";
import { StatusBadge } from "./status-badge";
import { TaskCreated, TaskDetail, TaskMetric, TaskTags } from "./task-cells";

export const TaskCards = ({ rows, selection }: { rows: { row: Task; isGone: boolean }[]; selection: Selection }) => {
  const { t } = useLanguage();
  return (
    <ul aria-label={t("nav.tasks")}>
      {rows.map(({ row: task, isGone }) => (
        <li
          key={task.taskId}
          className={clsx(
            "flex gap-3 border-b border-line px-3 py-3 last:border-0",
            selection.has(task.taskId) && "bg-accent-soft",
            isGone && "opacity-50",
          )}
        >
          <Checkbox
            changes
            className="mt-0.5 size-5"
            checked={selection.has(task.taskId)}
            aria-label={t("tasks.select", { name: task.name })}
            onChange={() => selection.toggle(task.taskId, false)}
          />
          <Link href={`/tasks/${task.taskId}`} prefetch={false} className="min-w-0 flex-1 rounded">
            <span className="flex items-center justify-between gap-2 text-sm">
              <StatusBadge
                status={task.status}
                stopping={task.status === "running" && task.cancelRequestedAt !== null}
              />
              <span className="text-xs text-ink-3">
                <TaskCreated task={task} />
              </span>
            </span>
            <span className="mt-1 line-clamp-2 font-medium [overflow-wrap:anywhere]">{task.name}</span>
            <span className="mt-1 block truncate text-sm text-ink-2 first-letter:uppercase">
              <TaskDetail task={task} />
            </span>
            <span className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-ink-2">
              <TaskMetric task={task} />
              {task.queue !== "default" && <span className="truncate">{task.queue}</span>}
              {task.priority !== 0 && (
                <span className="tabular-nums">{t("task.priorityIs", { priority: task.priority })}</span>
              )}
              <TaskTags tags={task.tags} />
            </span>
          </Link>
          <RowMenu task={task} />
        </li>
      ))}
    </ul>
  );
};
