"use client";
// From a live hint to the questions that should be asked again.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import type { Refresh } from "../../ui/live/live-provider";
import { useTRPC } from "../../ui/trpc";
import { taskLogKey } from "./use-task-log";

/** Asks again what a hint is about, as far as it is on the page. */
export const useTaskRefresh = (): ((refresh: Refresh) => void) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useCallback(
    (refresh) => {
      const again = (filter: { queryKey: readonly unknown[] }) => {
        queryClient.invalidateQueries({ queryKey: filter.queryKey }, { cancelRefetch: false }).catch(() => {
          // Each query keeps its own error, and the page shows it there.
        });
      };
      const output = (taskId: string) => {
        again({ queryKey: taskLogKey(taskId) });
        again({ queryKey: trpc.tasks.metrics.queryKey({ taskId }) });
      };
      const queues = () => {
        again(trpc.tasks.queueStatus.pathFilter());
        again(trpc.tasks.queues.pathFilter());
      };
      const lists = () => {
        again(trpc.tasks.list.pathFilter());
        again(trpc.tasks.counts.pathFilter());
        queues();
      };
      const waiting = () => {
        queues();
        again(trpc.tasks.list.pathFilter());
        again(trpc.tasks.get.pathFilter());
      };

      if (refresh === "everything" || refresh === "running") {
        if (refresh === "everything") again(trpc.tasks.pathFilter());
        else again(trpc.tasks.metrics.pathFilter());
        if (refresh === "running") again(trpc.tasks.get.pathFilter());
        again({ queryKey: taskLogKey() });
        return;
      }

      const kinds = new Set(refresh.hints.map((hint) => hint.kind));
      const changed = new Set(refresh.hints.flatMap((hint) => (hint.kind === "task" ? [hint.taskId] : [])));
      const printed = new Set(refresh.hints.flatMap((hint) => (hint.kind === "output" ? [hint.taskId] : [])));
      for (const taskId of changed) {
        again({ queryKey: trpc.tasks.get.queryKey({ taskId }) });
        again({ queryKey: trpc.tasks.attempts.queryKey({ taskId }) });
      }
      for (const taskId of new Set([...changed, ...printed])) output(taskId);
      if (kinds.has("task") || kinds.has("tasks")) lists();
      if (kinds.has("queue") || kinds.has("worker") || kinds.has("tasks")) waiting();
    },
    [trpc, queryClient],
  );
};
