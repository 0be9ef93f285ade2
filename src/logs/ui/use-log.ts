"use client";
// A subject's output in the cache: the last lines at first, then only what is new.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import type { Outputs } from "../../ui/trpc";

export type LogLine = Outputs["tasks"]["logs"]["logs"][number];

/** Whose output it is, and how it is asked for. */
export type LogSource = {
  /** of a task or a run */
  subjectId: string;
  read: (query: { after?: number; limit?: number; lines?: number; attempt?: number }) => Promise<{ logs: LogLine[] }>;
};

export type Log = { lines: LogLine[]; reachedStart: boolean };

const FIRST_LINES = 1000;
const MOST_PER_REQUEST = 10_000;
/** More than this is not kept in the page: the oldest go, and can be loaded again. */
const MOST_KEPT = 20_000;

export const logKey = (subjectId?: string, attempt?: number | null): readonly unknown[] =>
  subjectId === undefined ? ["log"] : attempt === undefined ? ["log", subjectId] : ["log", subjectId, attempt];

/** Adds what came in; lines that are there already (two requests at once) are not doubled. */
export const appendLines = (log: Log, more: LogLine[]): Log => {
  const last = log.lines.at(-1)?.line ?? 0;
  const added = more.filter((line) => line.line > last);
  if (added.length === 0) return log;
  const lines = [...log.lines, ...added];
  return lines.length > MOST_KEPT ? { lines: lines.slice(-MOST_KEPT), reachedStart: false } : { ...log, lines };
};

export const prependLines = (log: Log, earlier: LogLine[], reachedStart: boolean): Log => {
  const first = log.lines[0]?.line ?? Number.POSITIVE_INFINITY;
  return { lines: [...earlier.filter((line) => line.line < first), ...log.lines], reachedStart };
};

/** @param attempt null: all of them, one after the other */
export const useLog = ({ subjectId, read }: LogSource, attempt: number | null) => {
  const queryClient = useQueryClient();
  const key = logKey(subjectId, attempt);
  const of = attempt === null ? {} : { attempt };

  const log = useQuery({
    queryKey: key,
    queryFn: async (): Promise<Log> => {
      let known = queryClient.getQueryData<Log>(key);
      if (!known || known.lines.length === 0) {
        const { logs } = await read({ ...of, lines: FIRST_LINES });
        return { lines: logs, reachedStart: logs.length < FIRST_LINES };
      }
      for (;;) {
        const { logs } = await read({
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
    const first = queryClient.getQueryData<Log>(logKey(subjectId, attempt))?.lines[0]?.line;
    if (first === undefined) return;
    setLoadingEarlier(true);
    try {
      let after = first - 1;
      let earlier: LogLine[] = [];
      // Numbers may have gaps, where the middle of a flood was left out.
      while (earlier.length === 0 && after > 0) {
        after = Math.max(0, after - FIRST_LINES);
        const { logs } = await read({
          ...(attempt === null ? {} : { attempt }),
          after,
          limit: FIRST_LINES,
        });
        earlier = logs.filter((line) => line.line < first);
        if (attempt !== null && earlier.length === 0) after = 0;
      }
      queryClient.setQueryData<Log>(
        logKey(subjectId, attempt),
        (log) => log && prependLines(log, earlier, after === 0),
      );
    } finally {
      setLoadingEarlier(false);
    }
  }, [read, queryClient, subjectId, attempt]);

  return { log, loadEarlier, isLoadingEarlier };
};
