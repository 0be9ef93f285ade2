"use client";
// What a row says about a task, shared by the table and the cards.
import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge } from "../../ui/badge";
import { ProgressBar } from "../../ui/progress-bar";
import { Duration, RelativeTime } from "../../ui/time";
import { useTRPC } from "../../ui/trpc";
import type { Task } from "../task";
import { failureOf } from "./failure-text";
import { mainMetric } from "./main-metric";
import { goalOf, progressOf } from "./progress";
import { waitingText } from "./waiting-text";

/** Enough to know the last point of each metric. */
const FEW_POINTS = 2;

/** The metrics of a task that runs now; nobody asks for those of the others, a list may have many. */
const useRunningMetrics = (task: Task) => {
  const trpc = useTRPC();
  const isRunning = task.status === "running" && task.workerId !== null;
  return useQuery(
    trpc.tasks.metrics.queryOptions({ taskId: task.taskId, maxPoints: FEW_POINTS }, { enabled: isRunning }),
  ).data?.metrics;
};

const Waiting = ({ task }: { task: Task }) => {
  const { t, format } = useLanguage();
  if (task.status === "pending" && task.runAt !== null && Date.parse(task.runAt) > Date.now())
    return t("waiting.scheduledFor", { time: format.dateTime(task.runAt) });
  if (task.waitingReason !== null)
    return <span title={waitingText(t, task.waitingReason)}>{waitingText(t, task.waitingReason)}</span>;
  if (task.queuePosition === null) return null;
  return task.queuePosition === 1 ? t("waiting.next") : t("waiting.position", { position: task.queuePosition });
};

const Running = ({ task, startedAt }: { task: Task; startedAt: string }) => {
  const { t, format } = useLanguage();
  const metrics = useRunningMetrics(task);
  const goal = goalOf(task.config);
  const progress = goal && metrics ? progressOf(goal, metrics) : null;
  return (
    <span className="flex items-center gap-2">
      {progress && (
        <span className="w-16 shrink-0">
          <ProgressBar
            share={progress.share}
            label={t(`progress.${progress.word}`, { done: progress.done, total: progress.total })}
          />
        </span>
      )}
      {progress && <span className="tabular-nums">{format.percent(progress.share)}</span>}
      <Duration from={startedAt} to={null} />
    </span>
  );
};

const Ended = ({ task }: { task: Task }) => {
  const { t } = useLanguage();
  const failure = task.status === "failed" && task.errorMessage !== null ? failureOf(t, task.errorMessage) : null;
  const reason = failure && (failure.cause ?? failure.sentence);
  return (
    <span className="flex min-w-0 gap-2">
      {task.startedAt && (
        <span className="shrink-0">
          <Duration from={task.startedAt} to={task.completedAt ?? task.updatedAt} />
        </span>
      )}
      {reason && (
        <span className="truncate" title={task.errorMessage ?? undefined}>
          {reason}
        </span>
      )}
    </span>
  );
};

/** Why it waits, how far it is, or how long it took and why it failed. */
export const TaskDetail = ({ task }: { task: Task }) => {
  if (task.status === "queued" || task.status === "pending") return <Waiting task={task} />;
  if (task.status === "running") return task.startedAt && <Running task={task} startedAt={task.startedAt} />;
  return <Ended task={task} />;
};

/** The number that matters: of the result, or the last one of a task that runs. */
export const TaskMetric = ({ task }: { task: Task }) => {
  const { format } = useLanguage();
  const metrics = useRunningMetrics(task);
  const latest =
    metrics && Object.fromEntries(Object.entries(metrics).map(([key, points]) => [key, points.at(-1)?.value]));
  const metric = mainMetric(task.result) ?? (task.status === "running" ? mainMetric(latest ?? null) : null);
  if (!metric) return null;
  return (
    <span className="inline-flex max-w-full items-baseline gap-1.5" title={`${metric.name} ${metric.value}`}>
      <span className="truncate text-ink-3">{metric.name}</span>
      <span className="font-medium tabular-nums">{format.metric(metric.value)}</span>
    </span>
  );
};

const TAGS_SHOWN = 3;

export const TaskTags = ({ tags }: { tags: string[] }) => {
  if (tags.length === 0) return null;
  return (
    <span className="flex shrink-0 items-center gap-1" title={tags.join(", ")}>
      {tags.slice(0, TAGS_SHOWN).map((tag) => (
        <Badge key={tag}>{tag}</Badge>
      ))}
      {tags.length > TAGS_SHOWN && <span className="text-xs text-ink-3">+{tags.length - TAGS_SHOWN}</span>}
    </span>
  );
};

export const TaskCreated = ({ task }: { task: Task }) => <RelativeTime at={task.createdAt} />;
