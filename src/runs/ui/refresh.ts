"use client";
// From a live hint to the questions about groups, units and runs that are asked again.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { logKey } from "../../logs/ui/use-log";
import type { Refresh } from "../../ui/live/live-provider";
import { useTRPC } from "../../ui/trpc";

export const useRunRefresh = (): ((refresh: Refresh) => void) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useCallback(
    (refresh) => {
      const again = (queryKey: readonly unknown[]) => void queryClient.invalidateQueries({ queryKey });
      if (refresh === "everything" || refresh === "running") {
        for (const room of [trpc.groups, trpc.shares, trpc.units, trpc.runs, trpc.sweeps]) again(room.pathKey());
        return;
      }
      for (const hint of refresh.hints) {
        if (hint.kind !== "runOutput") continue;
        again(trpc.runs.metrics.queryKey({ runId: hint.runId }));
        again(logKey(hint.runId));
      }
      if (refresh.hints.some((hint) => hint.kind !== "runOutput")) again(trpc.activity.pathKey());
      // What was shared is there from now on, and what is no longer shared is gone from every page.
      if (refresh.hints.some((hint) => hint.kind === "shares"))
        for (const room of [trpc.groups, trpc.shares, trpc.units, trpc.runs, trpc.sweeps]) again(room.pathKey());
      if (refresh.hints.some((hint) => hint.kind === "groups"))
        for (const room of [trpc.groups, trpc.units]) again(room.pathKey());
      // One run that starts or ends moves the times of all that wait behind it.
      if (refresh.hints.some((hint) => hint.kind === "unit" || hint.kind === "run")) {
        for (const room of [trpc.groups, trpc.units, trpc.sweeps]) again(room.pathKey());
        for (const procedure of ["list", "latest", "best", "get", "lineage"] as const)
          again(trpc.runs[procedure].pathKey());
      }
    },
    [trpc, queryClient],
  );
};
