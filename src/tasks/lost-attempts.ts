// Attempts whose worker is gone: found here, given back by finish.ts.
import { getSql } from "../platform/db";
import { LEASE_SECONDS } from "./claim";

export type OrphanedAttempt = {
  taskId: string;
  attempt: number;
  workerId: string;
  workerPid: number;
  workerStartTime: number;
};

/**
 * Open attempts of other processes on this machine (same boot and same process namespace: containers share a boot id).
 * Whether the process is dead only this machine can say: by pid and start time.
 */
export const attemptsOnMachine = async (
  machine: { bootId: string; pidNamespace: string },
  except: { pid: number; pidStartTime: number },
): Promise<OrphanedAttempt[]> => {
  const rows = await getSql()<
    { task_id: string; attempt: number; worker_id: string; worker_pid: number; worker_start_time: number }[]
  >`
    SELECT task_id, attempt, worker_id, worker_pid, worker_start_time FROM task_attempts
    WHERE ended_at IS NULL AND boot_id = ${machine.bootId} AND pid_namespace = ${machine.pidNamespace}
      AND (worker_pid, worker_start_time) <> (${except.pid}, ${except.pidStartTime}::int8)`;
  return rows.map((row) => ({
    taskId: row.task_id,
    attempt: row.attempt,
    workerId: row.worker_id,
    workerPid: row.worker_pid,
    workerStartTime: row.worker_start_time,
  }));
};

/** A heartbeat comes each 5 s: a clock that is set by less than this lets no lease of 60 s expire. */
export const CLOCK_TOLERANCE_MS = 20_000;

/**
 * Open attempts whose lease is over: their machine is gone, or frozen. Or the lease is longer than any that is given: the clock was
 * set back since, by more than the tolerance, and nobody has renewed it. At most 1,000.
 */
export const expiredAttempts = async (): Promise<{ taskId: string; attempt: number }[]> => {
  const rows = await getSql()<{ task_id: string; attempt: number }[]>`
    SELECT task_id, attempt FROM task_attempts WHERE ended_at IS NULL
      AND (lease_expires_at < now() OR lease_expires_at > now() + make_interval(secs => ${LEASE_SECONDS + CLOCK_TOLERANCE_MS / 1000}))
    ORDER BY lease_expires_at LIMIT 1000`;
  return rows.map((row) => ({ taskId: row.task_id, attempt: row.attempt }));
};
