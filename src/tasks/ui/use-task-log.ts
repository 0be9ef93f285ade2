"use client";
// A task's output in the cache: the last lines at first, then only what is new.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { type Outputs, useTRPCClient } from "../../ui/trpc";

export type LogLine = Outputs["tasks"]["logs"]["logs"][number];
export type TaskLog = { lines: LogLine[]; reachedStart: boolean };

const FIRST_LINES = 1000;
const MOST_PER_REQUEST = 10_000;
/** More than this is not kept in the page: the oldest go, and can be loaded again. */
const MOST_KEPT = 20_000;

export const taskLogKey = (taskId?: string, attempt?: number | null): readonly unknown[] =>
  taskId === undefined ? ["task-log"] : attempt === undefined ? ["task-log", taskId] : ["task-log", taskId, attempt];

/** Adds what came in; lines that are there already (two requests at once) are not doubled. */
export const appendLines = (log: TaskLog, more: LogLine[]): TaskLog => {
  const last = log.lines.at(-1)?.line ?? 0;
  const added = more.filter((line) => line.line > last);
  if (added.length === 0) return log;
  const lines = [...log.lines, ...added];
  return lines.length > MOST_KEPT ? { lines: lines.slice(-MOST_KEPT), reachedStart: false } : { ...log, lines };
};

export const prependLines = (log: TaskLog, earlier: LogLine[], reachedStart: boolean): TaskLog => {
  const first = log.lines[0]?.line ?? Number.POSITIVE_INFINITY;
  return { lines: [...earlier.filter((line) => line.line < first), ...log.lines], reachedStart };
};

/** @param attempt null: all of them, one after the other */
export const useTaskLog = (taskId: string, attempt: number | null) => {
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const key = taskLogKey(taskId, attempt);
  const of = attempt === null ? { taskId } : { taskId, attempt };

  const log = useQuery({
    queryKey: key,
    queryFn: async (): Promise<TaskLog> => {
      let known = queryClient.getQueryData<TaskLog>(key);
      if (!known || known.lines.length === 0) {
        const { logs } = await client.tasks.logs.query({ ...of, lines: FIRST_LINES });
        return { lines: logs, reachedStart: logs.length < FIRST_LINES };
      }
      for (;;) {
        const { logs } = await client.tasks.logs.query({
          ...of,
          after: known.lines.at(-1)?.line ?? 0,
          limit: MOST_PER_REQUEST,
        });
        known = appendLines(known, logs);
        if (logs.length < MOST_PER_REQUEST) return known;
      }
    },
    // Comparing thousands of lines one by one costs more than drawing them.
    structuralSharing: false,
  });

  const [isLoadingEarlier, setLoadingEarlier] = useState(false);
  const loadEarlier = useCallback(async () => {
    const first = queryClient.getQueryData<TaskLog>(taskLogKey(taskId, attempt))?.lines[0]?.line;
    if (first === undefined) return;
    setLoadingEarlier(true);
    try {
      let after = first - 1;
      let earlier: LogLine[] = [];
      // Numbers may have gaps, where the middle of a flood was left out.
      while (earlier.length === 0 && after > 0) {
        after = Math.max(0, after - FIRST_LINES);
        const { logs } = await client.tasks.logs.query({
          taskId,
          ...(attempt === null ? {} : { attempt }),
          after,
          limit: FIRST_LINES,
        });
        earlier = logs.filter((line) => line.line < first);
        if (attempt !== null && earlier.length === 0) after = 0;
      }
      queryClient.setQueryData<TaskLog>(
        taskLogKey(taskId, attempt),
        (log) => log && prependLines(log, earlier, after === 0),
      );
    } finally {
      setLoadingEarlier(false);
    }
  }, [client, queryClient, taskId, attempt]);

  return { log, loadEarlier, isLoadingEarlier };
};
