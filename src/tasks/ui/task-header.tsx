"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useLanguage } from "../../i18n/locale-provider";
import { TONE_TEXT } from "../../ui/badge";
import { Button, IconButton } from "../../ui/button";
import { useNow } from "../../ui/clock";
import { ChevronLeftIcon, MoreIcon } from "../../ui/icons";
import { Menu, MenuItem } from "../../ui/menu";
import { ProgressBar } from "../../ui/progress-bar";
import { useTRPC } from "../../ui/trpc";
import type { Task } from "../task";
import { goalOf, progressOf } from "./progress";
import { STATUS_LOOK } from "./status-badge";
import { statusSentence } from "./status-sentence";
import { TaskTags } from "./task-cells";
import { metricsQuery } from "./task-output";
import { useActionList } from "./use-action-list";

const Sentence = ({ task }: { task: Task }) => {
  const { t, format } = useLanguage();
  const trpc = useTRPC();
  const now = useNow();
  const queue = useQuery(
    trpc.tasks.queueStatus.queryOptions({ queue: task.queue }, { enabled: task.status === "queued" }),
  ).data;
  const { icon: Icon, tone } = STATUS_LOOK[task.status];
  return (
    <p className="mt-2 flex items-start gap-2 text-base">
      <span className={`flex h-5.5 items-center ${TONE_TEXT[tone]}`}>
        <Icon />
      </span>
      <span className="min-w-0 [overflow-wrap:anywhere] tabular-nums">
        {statusSentence(t, format, task, now, queue?.estimatedWaitSeconds ?? null, queue?.queueLength ?? 0)}
      </span>
    </p>
  );
};

const Progress = ({ task }: { task: Task }) => {
  const { t, format } = useLanguage();
  const trpc = useTRPC();
  const metrics = useQuery(trpc.tasks.metrics.queryOptions(metricsQuery(task.taskId))).data?.metrics;
  const goal = goalOf(task.config);
  if (task.status !== "running" || !goal) return null;
  // Room is kept while the metrics are on their way; without any that fit, there is nothing to say.
  const progress = metrics ? progressOf(goal, metrics) : { ...goal, done: 0, share: 0 };
  if (!progress) return null;
  const words = t(`progress.${progress.word}`, { done: progress.done, total: progress.total });
  return (
    <div className="mt-3 max-w-md">
      <ProgressBar share={progress.share} label={words} />
      <p className={`mt-1.5 flex justify-between text-xs text-ink-2 tabular-nums ${metrics ? "" : "invisible"}`}>
        <span>{words}</span>
        <span>{format.percent(progress.share)}</span>
      </p>
    </div>
  );
};

const Actions = ({ task }: { task: Task }) => {
  const { t } = useLanguage();
  const { list, dialog } = useActionList(task);
  return (
    <div className="flex flex-wrap items-center gap-2">
      {list("retry", "cancel", "duplicate").map((action) => (
        <Button key={action.id} icon={action.icon} busy={action.busy} onClick={action.run}>
          {action.label}
        </Button>
      ))}
      <Menu
        trigger={
          <IconButton look="secondary" label={t("action.more")}>
            <MoreIcon />
          </IconButton>
        }
      >
        {list("copyCurl", "copyId").map((action) => (
          <MenuItem key={action.id} icon={action.icon} onSelect={action.run}>
            {action.label}
          </MenuItem>
        ))}
      </Menu>
      {dialog}
    </div>
  );
};

export const TaskHeader = ({ task }: { task: Task }) => {
  const { t } = useLanguage();
  return (
    <header>
      <Link
        href="/tasks"
        className="-ml-1 inline-flex items-center gap-0.5 rounded pr-1 text-sm text-ink-2 hover:text-ink"
      >
        <ChevronLeftIcon />
        {t("nav.tasks")}
      </Link>
      <div className="mt-2 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="text-xl font-semibold tracking-tight [overflow-wrap:anywhere]">{task.name}</h1>
          <TaskTags tags={task.tags} />
        </div>
        <Actions task={task} />
      </div>
      <Sentence task={task} />
      <Progress task={task} />
    </header>
  );
};
