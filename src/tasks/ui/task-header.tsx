"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { TONE_TEXT } from "../../ui/badge";
import { Button, IconButton } from "../../ui/button";
import { useNow } from "../../ui/clock";
import { copyText } from "../../ui/copy-text";
import { ChevronLeftIcon, CopyIcon, DuplicateIcon, MoreIcon, RetryIcon, StopIcon, TerminalIcon } from "../../ui/icons";
import { Menu, MenuItem } from "../../ui/menu";
import { ProgressBar } from "../../ui/progress-bar";
import { useTRPC } from "../../ui/trpc";
import type { Task } from "../task";
import { CancelDialog } from "./cancel-dialog";
import { bodyOf, curlFor } from "./curl";
import { goalOf, progressOf } from "./progress";
import { STATUS_LOOK } from "./status-badge";
import { statusSentence } from "./status-sentence";
import { canCancel, canRetry, useTaskActions } from "./task-actions";
import { TaskTags } from "./task-cells";
import { metricsQuery } from "./task-metrics";

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
  const router = useRouter();
  const { cancel, retry } = useTaskActions();
  const [asking, setAsking] = useState(false);
  const copy = async (text: string) => {
    if (await copyText(text)) toast.success(t("copy.done"));
    else toast.error(t("copy.failed"));
  };
  return (
    <div className="flex flex-wrap items-center gap-2">
      {canRetry(task) && (
        <Button icon={<RetryIcon />} busy={retry.isPending} onClick={() => retry.mutate({ taskId: task.taskId })}>
          {t("action.retry")}
        </Button>
      )}
      {canCancel(task) && (
        <Button icon={<StopIcon />} onClick={() => setAsking(true)}>
          {t("action.cancelTask")}
        </Button>
      )}
      <Button icon={<DuplicateIcon />} onClick={() => router.push(`/tasks/new?from=${task.taskId}`)}>
        {t("action.duplicate")}
      </Button>
      <Menu
        trigger={
          <IconButton look="secondary" label={t("action.more")}>
            <MoreIcon />
          </IconButton>
        }
      >
        <MenuItem icon={<TerminalIcon />} onSelect={() => copy(curlFor(window.location.origin, bodyOf(task)))}>
          {t("action.copyCurl")}
        </MenuItem>
        <MenuItem icon={<CopyIcon />} onSelect={() => copy(task.taskId)}>
          {t("action.copyId")}
        </MenuItem>
      </Menu>
      {asking && (
        <CancelDialog
          tasks={[task]}
          open
          onOpenChange={setAsking}
          busy={cancel.isPending}
          onConfirm={() => cancel.mutate({ taskId: task.taskId }, { onSettled: () => setAsking(false) })}
        />
      )}
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
