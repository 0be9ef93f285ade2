// What a run tells the server, as it lies in the spool: one JSON line each.

export type RunKey = { runId: string; attempt: number };
export const keyText = ({ runId, attempt }: RunKey): string => `${runId}.${attempt}`;

export type Stream = "stdout" | "stderr";

export type RunEnd =
  | { kind: "complete"; result?: Record<string, unknown>; metrics?: Record<string, number> }
  | { kind: "fail"; errorMessage: string };

/** `at`: epoch ms */
export type LineRecord = { t: "line"; at: number; stream: Stream; message: string };
export type PointsRecord = { t: "points"; at: number; step: number; values: Record<string, number> };
export type CheckpointRecord = { t: "checkpoint"; state: Record<string, unknown>; step?: number; uri?: string };
export type EndRecord = { t: "end"; end: RunEnd };
export type SpoolRecord = LineRecord | PointsRecord | CheckpointRecord | EndRecord;
