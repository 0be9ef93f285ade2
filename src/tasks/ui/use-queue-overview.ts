"use client";
// The queues and the workers behind the tasks page: of one queue, or of all of them together.
import { useQueries, useQuery } from "@tanstack/react-query";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { TASK_STATUSES, type TaskStatus } from "../status";

export type QueueState = Outputs["tasks"]["queueStatus"];
export type QueueItem = Outputs["tasks"]["queues"][number];
export type QueueOverview = {
  running: number;
  waiting: number;
  workers: QueueState["workers"];
  slots: number;
  busy: number;
  /** of the queue that is looked at; of `default`, where a task goes that names none, while all are; null when nobody can say */
  estimatedWaitSeconds: number | null;
  /** whether that queue is paused */
  isPaused: boolean;
  paused: QueueState[];
};

/** Asking for more than this at once would be a burden; the rest is counted, but their workers are not looked at. */
const MOST_QUEUES = 8;

const DEFAULT_QUEUE = "default";

const totalOf = (item: QueueItem): number => TASK_STATUSES.reduce((sum, status) => sum + item.counts[status], 0);

export const useQueueOverview = (queue: string | null) => {
  const trpc = useTRPC();
  const queues = useQuery(trpc.tasks.queues.queryOptions());
  const names = queue === null ? (queues.data ?? []).map((item) => item.queue).slice(0, MOST_QUEUES) : [queue];
  const states = useQueries({
    queries: names.map((name) => trpc.tasks.queueStatus.queryOptions({ queue: name })),
    combine: (results) => ({
      isPending: results.some((one) => one.isPending),
      error: results.find((one) => one.isError && one.data === undefined)?.error ?? null,
      data: results.flatMap((one) => (one.data ? [one.data] : [])),
      refetch: () => Promise.all(results.map((one) => one.refetch())),
    }),
  });

  const count = (status: TaskStatus) =>
    queue === null
      ? (queues.data ?? []).reduce((sum, item) => sum + item.counts[status], 0)
      : (states.data[0]?.statistics[status] ?? 0);
  // A worker may serve several queues.
  const workers = [
    ...new Map(states.data.flatMap((state) => state.workers).map((worker) => [worker.id, worker])).values(),
  ];
  const looked = states.data.find((state) => state.queue === (queue ?? DEFAULT_QUEUE));
  const overview: QueueOverview = {
    running: count("running"),
    waiting: count("queued") + count("pending"),
    workers,
    slots: workers.reduce((sum, worker) => sum + (worker.draining ? 0 : worker.slots), 0),
    busy: workers.reduce((sum, worker) => sum + worker.busy, 0),
    estimatedWaitSeconds: looked?.estimatedWaitSeconds ?? null,
    isPaused: looked?.paused ?? false,
    paused: states.data.filter((state) => state.paused),
  };
  return {
    queues: queues.data,
    /** null until it is known */
    overview: queues.data && !states.isPending && states.error === null ? overview : null,
    error: queues.data === undefined ? queues.error : states.error,
    refetch: () => Promise.all([queues.refetch(), states.refetch()]),
    /** the account has never had a task */
    isNew: queues.data?.every((item) => totalOf(item) === 0) ?? false,
  };
};
