// An attempt that this worker runs, as pool, heartbeat and shutdown see it.
import type { ClaimedTask } from "../src/tasks/claim";

/** `cancelled`: somebody asked. `lost`: the attempt is no longer ours. `shutdown`: this worker stops. */
export type StopReason = "cancelled" | "timeout" | "shutdown" | "lost";

export type RunningTask = {
  task: ClaimedTask;
  /** Ends the program: SIGTERM, and SIGKILL after the grace period. Harmless when repeated. */
  stop: (reason: StopReason, graceMs: number) => void;
  /** Settles when the program is proven dead, or never started: its slot is free while the end is still being recorded. Never rejects. */
  over: Promise<void>;
  /** Settles when the end is recorded, spooled, or known to be somebody else's. Never rejects. */
  done: Promise<void>;
};

export const keyOf = (task: { taskId: string; attempt: number }): string => `${task.taskId}.${task.attempt}`;
