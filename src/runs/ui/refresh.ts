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
      const rooms = [trpc.groups, trpc.shares, trpc.units, trpc.runs, trpc.line, trpc.sweeps];
      if (refresh === "everything" || refresh === "running") {
        for (const room of rooms) again(room.pathKey());
        return;
      }
      for (const hint of refresh.hints) {
        if (hint.kind !== "runOutput") continue;
        again(trpc.runs.metrics.queryKey({ runId: hint.runId }));
        again(logKey(hint.runId));
      }
      // What is printed and measured is no act of anybody.
      if (refresh.hints.some((hint) => hint.kind !== "runOutput" && hint.kind !== "output"))
        again(trpc.activity.pathKey());
      // What was shared is there from now on, and what is no longer shared is gone from every page.
      if (refresh.hints.some((hint) => hint.kind === "shares")) for (const room of rooms) again(room.pathKey());
      if (refresh.hints.some((hint) => hint.kind === "groups"))
        for (const room of [trpc.groups, trpc.units]) again(room.pathKey());
      const changed = new Set(
        refresh.hints.flatMap((hint) => (hint.kind === "unit" || hint.kind === "run" ? [hint.unitId] : [])),
      );
      if (changed.size === 0) return;
      // What sums up several units, or does not say of which it is.
      for (const room of [trpc.groups, trpc.sweeps]) again(room.pathKey());
      for (const one of [trpc.units.list, trpc.units.find, trpc.units.results, trpc.runs.get, trpc.runs.lineage])
        again(one.pathKey());
      // One run that starts or ends moves the times of all that wait behind it. Pages of a list have this part of the key as well.
      for (const unitId of changed)
        for (const one of [
          trpc.units.get,
          trpc.units.plan,
          trpc.units.statistics,
          trpc.runs.list,
          trpc.runs.latest,
          trpc.runs.best,
          trpc.line.window,
          trpc.line.plan,
          trpc.line.find,
        ])
          again([...one.pathKey(), { input: { unitId } }]);
    },
    [trpc, queryClient],
  );
};
