// A worker says which attempts have a live process; that keeps their leases, and nothing else does.
import { getSql, withRetries } from "../platform/db";
import { LEASE_SECONDS } from "./claim";
import type { WorkerIdentity } from "./worker-registry";

export type AttemptKey = { taskId: string; attempt: number };

export type HeartbeatAnswer = {
  /** false: another process has this worker's name, or the worker was never registered. Its programs must die. */
  known: boolean;
  /** of the named ones, those that are to be cancelled */
  cancel: AttemptKey[];
  /** of the named ones, those that are no longer this worker's: lost, or ended by somebody else */
  lost: AttemptKey[];
  /**
   * Open attempts of this worker that were not named, with the token of their claim. Unless that claim is still under way,
   * or has started them since the heartbeat was sent, they were never started.
   */
  unnamed: (AttemptKey & { claimToken: string })[];
};

/**
 * Renews the leases of exactly the named attempts, for 60 s.
 *
 * Never of "all of mine": a claim whose answer was lost would be renewed for ever.
 *
 * @param entrypoints the programs that this worker has now
 */
export const heartbeat = async (
  worker: WorkerIdentity,
  running: AttemptKey[],
  entrypoints: string[],
): Promise<HeartbeatAnswer> => {
  const sql = getSql();
  const ids = running.map((one) => one.taskId);
  const numbers = running.map((one) => one.attempt);
  const rows = await withRetries(
    () => sql<
      {
        known: boolean;
        task_id: string | null;
        attempt: number | null;
        claim_token: string | null;
        kind: "renewed" | "cancel" | "unnamed" | null;
      }[]
    >`
    WITH me AS (
      UPDATE workers SET last_heartbeat_at = now(), entrypoints = ${entrypoints} WHERE id = ${worker.workerId} AND epoch = ${worker.epoch} RETURNING id
    ), named AS (
      SELECT * FROM unnest(${ids}::text[], ${numbers}::int[]) AS n(task_id, attempt)
    ), renewed AS (
      UPDATE task_attempts a SET lease_expires_at = now() + make_interval(secs => ${LEASE_SECONDS}) FROM named n, me
      WHERE a.task_id = n.task_id AND a.attempt = n.attempt AND a.ended_at IS NULL AND a.worker_id = me.id AND a.worker_epoch = ${worker.epoch}
      RETURNING a.task_id, a.attempt
    )
    SELECT EXISTS (SELECT 1 FROM me) AS known, r.task_id, r.attempt, r.claim_token, r.kind FROM (SELECT 1) AS one LEFT JOIN (
      SELECT r.task_id, r.attempt, NULL AS claim_token, CASE WHEN t.cancel_requested_at IS NULL THEN 'renewed' ELSE 'cancel' END AS kind FROM renewed r JOIN tasks t ON t.id = r.task_id
      UNION ALL
      SELECT a.task_id, a.attempt, a.claim_token, 'unnamed' FROM task_attempts a WHERE a.worker_id = ${worker.workerId} AND a.worker_epoch = ${worker.epoch}
        AND a.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM named n WHERE n.task_id = a.task_id AND n.attempt = a.attempt)
    ) AS r ON true`,
  );
  const found = (kind: string) =>
    rows.flatMap(({ task_id: taskId, attempt, claim_token: claimToken, kind: its }) =>
      its === kind && taskId !== null && attempt !== null ? [{ taskId, attempt, claimToken: claimToken ?? "" }] : [],
    );
  const toKey = ({ taskId, attempt }: AttemptKey): AttemptKey => ({ taskId, attempt });
  const cancel = found("cancel").map(toKey);
  const kept = new Set([...found("renewed"), ...cancel].map((one) => `${one.taskId} ${one.attempt}`));
  return {
    known: rows[0]?.known ?? false,
    cancel,
    lost: running.filter((one) => !kept.has(`${one.taskId} ${one.attempt}`)),
    unnamed: found("unnamed"),
  };
};
