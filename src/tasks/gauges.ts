// How much work there is, and who does it, over all accounts: for an operator's monitoring.
import { getSql, type SqlLike } from "../platform/db";
import type { TaskStatus } from "./status";
import { LIVE_SECONDS } from "./worker-registry";

/** Queue names are free text: those with the most to do are told by name, all others together under the empty one. */
const NAMED_QUEUES = 100;

/** From the counters of counts.ts, so that a million tasks cost no more than ten. True at once after each write. */
export const tasksByQueue = (
  sql: SqlLike = getSql(),
): PromiseLike<{ queue: string; status: TaskStatus; count: number }[]> => sql<
  { queue: string; status: TaskStatus; count: number }[]
>`
  WITH counted AS (
    SELECT queue, status, sum(n)::int8 AS count FROM (
      SELECT queue, status, count AS n FROM task_counts UNION ALL SELECT queue, status, delta FROM task_count_deltas
    ) AS both_parts GROUP BY queue, status),
  named AS (
    SELECT queue FROM counted GROUP BY queue
    ORDER BY coalesce(sum(count) FILTER (WHERE status IN ('pending', 'queued', 'running')), 0) DESC, sum(count) DESC, queue
    LIMIT ${NAMED_QUEUES})
  SELECT coalesce(named.queue, '') AS queue, status, sum(count)::int8 AS count
  FROM counted LEFT JOIN named USING (queue) GROUP BY 1, 2 ORDER BY 1, 2`;

export type WorkerGauges = { live: number; draining: number; busySlots: number; freeSlots: number };

/** `live` and `freeSlots` leave out workers that take nothing more. */
export const workerGauges = async (sql: SqlLike = getSql()): Promise<WorkerGauges> => {
  const [row] = await sql<WorkerGauges[]>`
    SELECT count(*) FILTER (WHERE NOT draining) AS live, count(*) FILTER (WHERE draining) AS draining,
      coalesce(sum(busy), 0)::int8 AS "busySlots",
      coalesce(sum(greatest(slots - busy, 0)) FILTER (WHERE NOT draining), 0)::int8 AS "freeSlots"
    FROM (
      SELECT w.slots, w.draining,
        (SELECT count(*) FROM task_attempts a WHERE a.worker_id = w.id AND a.worker_epoch = w.epoch AND a.ended_at IS NULL) AS busy
      FROM workers w WHERE stopped_at IS NULL AND last_heartbeat_at > now() - make_interval(secs => ${LIVE_SECONDS})
    ) AS workers`;
  return row ?? { live: 0, draining: 0, busySlots: 0, freeSlots: 0 };
};

/**
 * Seconds since the oldest of the tasks that wait to be run was made; 0 when none waits.
 *
 * Ids begin with their time, so that it is the first in the key of the waiting ones, however many they are.
 */
export const oldestWaitingTask = async (sql: SqlLike = getSql()): Promise<number> => {
  const [row] = await sql<{ seconds: number }[]>`
    SELECT extract(epoch FROM now() - t.created_at)::float8 AS seconds
    FROM (SELECT task_id FROM ready_tasks ORDER BY task_id LIMIT 1) AS oldest JOIN tasks t ON t.id = oldest.task_id`;
  return row?.seconds ?? 0;
};

/** Of the GPUs of live workers, the share that an attempt holds; null where no worker has one. Several workers of a host share its GPUs. */
export const gpuBusyRatio = async (sql: SqlLike = getSql()): Promise<number | null> => {
  const [row] = await sql<{ ratio: number | null }[]>`
    WITH there AS (
      SELECT DISTINCT w.host, g.gpu FROM workers w CROSS JOIN LATERAL unnest(w.gpus) AS g(gpu)
      WHERE w.stopped_at IS NULL AND w.last_heartbeat_at > now() - make_interval(secs => ${LIVE_SECONDS}))
    SELECT count(l.gpu)::float8 / nullif(count(*), 0) AS ratio FROM there LEFT JOIN gpu_leases l USING (host, gpu)`;
  return row?.ratio ?? null;
};
