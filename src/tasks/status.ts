/** `pending`: scheduled for later, or waiting for another task. */
export const TASK_STATUSES = ["pending", "queued", "running", "completed", "failed", "cancelled"] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

const ENDED: ReadonlySet<TaskStatus> = new Set(["completed", "failed", "cancelled"]);

export const isEnded = (status: TaskStatus): boolean => ENDED.has(status);

/** How an attempt ended. Only `failed` uses up one of `max_attempts`; only `lost` counts towards MAX_LOSSES. */
export type AttemptOutcome = "succeeded" | "failed" | "cancelled" | "lost" | "given_back";
