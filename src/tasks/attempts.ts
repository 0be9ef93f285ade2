import { getSql } from "../platform/db";
import { getTaskRow } from "./list";
import type { AttemptOutcome } from "./status";

export type Attempt = {
  attempt: number;
  /** null: a client ran it */
  workerId: string | null;
  startedAt: string;
  endedAt: string | null;
  outcome: AttemptOutcome | null;
  exitCode: number | null;
  signal: string | null;
  errorMessage: string | null;
};

/** All attempts of a task, the first one first. @throws TASK_NOT_FOUND */
export const taskAttempts = async (userId: string, input: { taskId: string }): Promise<Attempt[]> => {
  await getTaskRow(userId, input.taskId);
  const rows = await getSql()<
    {
      attempt: number;
      worker_id: string | null;
      started_at: Date;
      ended_at: Date | null;
      outcome: AttemptOutcome | null;
      exit_code: number | null;
      signal: string | null;
      error_message: string | null;
    }[]
  >`
    SELECT attempt, worker_id, started_at, ended_at, outcome, exit_code, signal, error_message FROM task_attempts
    WHERE task_id = ${input.taskId} ORDER BY attempt`;
  return rows.map((row) => ({
    attempt: row.attempt,
    workerId: row.worker_id,
    startedAt: row.started_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    outcome: row.outcome,
    exitCode: row.exit_code,
    signal: row.signal,
    errorMessage: row.error_message,
  }));
};
