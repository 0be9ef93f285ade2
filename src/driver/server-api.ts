// The calls that the uplink makes, as an interface of its own: tests put a server in its place that is away when they say so.
import type { Client } from "./client";
import { MLQueueError } from "./errors";
import type { CheckpointRecord, LineRecord, RunEnd, RunKey } from "./records";

/** `at`: epoch ms */
export type Point = { key: string; step: number; value: number; at: number };
export type Progress = { done: number; total: number };
export type RunningRun = RunKey & { progress: Progress | undefined };

export type ServerApi = {
  /** @param firstLine number of the first line among this attempt's, from 0: lines that the server has already are not kept twice */
  appendLines: (key: RunKey, firstLine: number, lines: LineRecord[]) => Promise<void>;
  appendPoints: (key: RunKey, points: Point[]) => Promise<void>;
  saveCheckpoint: (key: RunKey, checkpoint: CheckpointRecord) => Promise<void>;
  end: (key: RunKey, end: RunEnd) => Promise<void>;
  /** @returns those of `running` that must stop */
  heartbeat: (running: RunningRun[]) => Promise<{ cancel: string[] }>;
  /** Why a run that is refused is no longer ours. */
  whyStopped: (key: RunKey) => Promise<"cancelled" | "lost">;
};

export const serverApi = (
  client: Client,
  { unitId, driverId, slots }: { unitId: string; driverId: string; slots: number },
): ServerApi => ({
  appendLines: async ({ runId, attempt }, firstLine, lines) => {
    await client.runs.appendLogs.mutate({
      runId,
      attempt,
      firstLine,
      lines: lines.map(({ message, stream, at }) => ({ message, stream, timestamp: new Date(at).toISOString() })),
    });
  },
  appendPoints: async ({ runId, attempt }, points) => {
    await client.runs.appendMetrics.mutate({
      runId,
      attempt,
      points: points.map(({ at, ...point }) => ({ ...point, timestamp: new Date(at).toISOString() })),
    });
  },
  saveCheckpoint: async ({ runId, attempt }, { state, step, uri }) => {
    await client.runs.saveCheckpoint.mutate({ runId, attempt, state, step, uri });
  },
  end: async ({ runId, attempt }, end) => {
    if (end.kind === "complete")
      await client.runs.complete.mutate({ runId, attempt, result: end.result, metrics: end.metrics });
    else await client.runs.fail.mutate({ runId, attempt, errorMessage: end.errorMessage });
  },
  heartbeat: (running) =>
    client.units.heartbeat.mutate({
      unitId,
      driverId,
      slots,
      running: running.map(({ runId, attempt, progress }) => ({ runId, attempt, progress })),
    }),
  whyStopped: async ({ runId, attempt }) => {
    try {
      const run = await client.runs.get.query({ runId });
      return run.attempt === attempt && run.status === "cancelled" ? "cancelled" : "lost";
    } catch (error) {
      if (error instanceof MLQueueError && error.code === "NOT_FOUND") return "lost";
      throw error;
    }
  },
});
