"use client";
// One task: what it is, how it goes, what came out, and what can be done about it.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { ActivityCard } from "../../activity/ui/activity-list";
import { useLanguage } from "../../i18n/locale-provider";
import { useAnnounce } from "../../ui/announcer";
import { LinkButton } from "../../ui/button";
import { EmptyState } from "../../ui/empty-state";
import { ErrorState } from "../../ui/error-state";
import { SearchIcon } from "../../ui/icons";
import { refusalOf } from "../../ui/refusal";
import { Skeleton } from "../../ui/skeleton";
import { useTRPC } from "../../ui/trpc";
import type { Task } from "../task";
import { AttemptsCard } from "./attempts-card";
import { STATUS_LOOK } from "./status-badge";
import { TaskConfig, TaskResult } from "./task-config";
import { TaskError } from "./task-error";
import { TaskFacts } from "./task-facts";
import { TaskHeader } from "./task-header";
import { TaskLog, TaskMetrics } from "./task-output";

const Loading = () => (
  <div aria-busy="true" className="animate-late space-y-6">
    <div className="space-y-3">
      <Skeleton className="h-4 w-24" />
      <Skeleton className="h-7 w-72 max-w-full" />
      <Skeleton className="h-4 w-56" />
    </div>
    <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="space-y-4">
        <Skeleton className="h-64 w-full rounded-xl" />
        <Skeleton className="h-72 w-full rounded-xl" />
      </div>
      <Skeleton className="h-80 w-full rounded-xl" />
    </div>
  </div>
);

const useAnnouncedStatus = (task: Task) => {
  const { t } = useLanguage();
  const announce = useAnnounce();
  const before = useRef(task.status);
  useEffect(() => {
    if (before.current === task.status) return;
    before.current = task.status;
    announce(t("task.announce", { name: task.name, state: t(STATUS_LOOK[task.status].word) }));
  }, [task.status, task.name, announce, t]);
};

const Found = ({ task }: { task: Task }) => {
  const { t } = useLanguage();
  useAnnouncedStatus(task);
  return (
    <div className="space-y-6">
      <title>{t("title.task", { name: task.name, state: t(STATUS_LOOK[task.status].word) })}</title>
      <TaskHeader task={task} />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="min-w-0 space-y-4">
          <TaskError task={task} />
          <TaskMetrics task={task} />
          <TaskLog task={task} />
          <AttemptsCard task={task} />
        </div>
        <div className="min-w-0 space-y-4">
          <TaskResult task={task} />
          <TaskConfig task={task} />
          <TaskFacts task={task} />
          <ActivityCard objectId={task.taskId} createdAt={task.createdAt} />
        </div>
      </div>
    </div>
  );
};

const NoTask = ({ taskId, ...failed }: { taskId: string; error: unknown; onRetry: () => void; retrying: boolean }) => {
  const { t } = useLanguage();
  if (refusalOf(failed.error).kind === "not-found")
    return (
      <EmptyState
        icon={<SearchIcon />}
        title={t("task.notFound")}
        action={<LinkButton href="/tasks">{t("action.allTasks")}</LinkButton>}
      >
        {t("task.notFoundNote", { id: taskId })}
      </EmptyState>
    );
  return <ErrorState {...failed} />;
};

export const TaskPage = ({ taskId }: { taskId: string }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const task = useQuery(trpc.tasks.get.queryOptions({ taskId }));
  if (task.data) return <Found task={task.data} />;
  if (task.isPending) return <Loading />;
  return (
    <>
      <title>{t("title.tasks")}</title>
      <NoTask taskId={taskId} error={task.error} onRetry={() => task.refetch()} retrying={task.isFetching} />
    </>
  );
};
