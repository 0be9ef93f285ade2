"use client";
import type { ReactNode } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Card } from "../../ui/card";
import { CopyButton } from "../../ui/copy-button";
import { DateTime } from "../../ui/time";
import type { Task } from "../task";
import { joinArguments } from "./arguments";
import { PriorityEdit } from "./priority-edit";

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div className="flex min-h-8 items-center justify-between gap-4 px-4 py-1">
    <dt className="shrink-0 text-ink-2">{name}</dt>
    <dd className="min-w-0 text-right [overflow-wrap:anywhere]">{children}</dd>
  </div>
);

const useNeeds = (task: Task): string => {
  const { t } = useLanguage();
  const { gpus, cpus, memoryMb } = task.resources;
  const needs = [
    gpus > 0 ? t("resources.gpus", { count: gpus }) : null,
    cpus > 0 ? t("resources.cpus", { count: cpus }) : null,
    memoryMb > 0 ? t("resources.memory", { count: memoryMb }) : null,
  ].filter((need) => need !== null);
  return needs.join(t("list.separator"));
};

export const TaskFacts = ({ task }: { task: Task }) => {
  const { t, format } = useLanguage();
  const needs = useNeeds(task);
  return (
    <Card title={t("task.facts")}>
      <dl className="py-2 text-sm">
        <Fact name={t("column.priority")}>
          <PriorityEdit task={task} />
        </Fact>
        <Fact name={t("column.queue")}>{task.queue}</Fact>
        {task.entrypoint !== null && (
          <Fact name={t("form.entrypoint")}>
            <code className="font-mono text-xs">{task.entrypoint}</code>
          </Fact>
        )}
        {task.command !== null && (
          <Fact name={t("form.command")}>
            <code className="font-mono text-xs">{joinArguments(task.command)}</code>
          </Fact>
        )}
        {needs !== "" && <Fact name={t("form.resources")}>{needs}</Fact>}
        {task.workerId !== null && <Fact name={t("task.worker")}>{task.workerId}</Fact>}
        <Fact name={t("task.attempts")}>
          {task.maxAttempts === 1
            ? format.number(task.attempt)
            : t("task.attemptOf", { attempt: task.attempt, most: task.maxAttempts })}
        </Fact>
        {task.timeoutSeconds !== null && (
          <Fact name={t("form.timeout")}>{format.duration(task.timeoutSeconds, true)}</Fact>
        )}
        <Fact name={t("column.created")}>
          <DateTime at={task.createdAt} />
        </Fact>
        {task.startedAt !== null && (
          <Fact name={t("task.started")}>
            <DateTime at={task.startedAt} />
          </Fact>
        )}
        {task.completedAt !== null && (
          <Fact name={t("task.ended")}>
            <DateTime at={task.completedAt} />
          </Fact>
        )}
        <Fact name={t("task.id")}>
          <span className="flex items-center justify-end gap-1">
            <code className="truncate font-mono text-xs">{task.taskId}</code>
            <CopyButton text={task.taskId} label={t("action.copyId")} className="-mr-1.5" />
          </span>
        </Fact>
      </dl>
    </Card>
  );
};
