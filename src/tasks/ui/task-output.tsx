"use client";
// What a task's program says: its charts and its log.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { LogCard, type OutputState } from "../../logs/ui/log-card";
import { MAX_POINTS, MetricsCard } from "../../metrics/ui/metrics-card";
import { useTRPC, useTRPCClient } from "../../ui/trpc";
import { isEnded } from "../status";
import type { Task } from "../task";

export const metricsQuery = (taskId: string) => ({ taskId, maxPoints: MAX_POINTS });

const stateOf = ({ status }: Task): OutputState =>
  status === "running" ? "running" : isEnded(status) ? "ended" : "waiting";

export const TaskMetrics = ({ task }: { task: Task }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.tasks.metrics.queryOptions(metricsQuery(task.taskId)));
  return <MetricsCard query={query} state={stateOf(task)} />;
};

export const TaskLog = ({ task }: { task: Task }) => {
  const client = useTRPCClient();
  const { taskId } = task;
  const source = useMemo(
    () => ({ subjectId: taskId, read: (query: object) => client.tasks.logs.query({ taskId, ...query }) }),
    [client, taskId],
  );
  return <LogCard source={source} state={stateOf(task)} attempts={task.attempt} />;
};
