"use client";
// From a live hint to the questions that are asked again, as far as their answers are on the page.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { logKey } from "../../logs/ui/use-log";
import type { Refresh } from "../../ui/live/live-provider";
import type { LiveHint } from "../../ui/live/shared-stream";
import { useTRPC } from "../../ui/trpc";

/** Other hints are of groups, units and runs. */
const TOLD_OF_TASKS: ReadonlySet<LiveHint["kind"]> = new Set(["task", "tasks", "cancel", "queue", "worker"]);

export const useTaskRefresh = (): ((refresh: Refresh) => void) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useCallback(
    (refresh) => {
      const again = (queryKey: readonly unknown[]) => void queryClient.invalidateQueries({ queryKey });

      if (refresh === "everything") {
        again(trpc.tasks.pathKey());
        again(logKey());
        return;
      }
      if (refresh === "running") {
        again(trpc.tasks.get.pathKey());
        again(trpc.tasks.metrics.pathKey());
        again(logKey());
        return;
      }
      const withOutput = new Set(
        refresh.hints.flatMap((hint) => (hint.kind === "task" || hint.kind === "output" ? [hint.taskId] : [])),
      );
      for (const taskId of withOutput) {
        again(logKey(taskId));
        again(trpc.tasks.metrics.queryKey({ taskId }));
      }
      // One task that starts or ends moves all that wait behind it.
      if (refresh.hints.some((hint) => TOLD_OF_TASKS.has(hint.kind)))
        for (const procedure of ["list", "counts", "get", "attempts", "queueStatus", "queues"] as const)
          again(trpc.tasks[procedure].pathKey());
    },
    [trpc, queryClient],
  );
};
