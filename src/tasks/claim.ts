// A worker takes tasks: Redis proposes, one statement in PostgreSQL decides.
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { newId } from "../platform/ids";
import type { JsonObject } from "../platform/json-safety";
import { publishLive } from "../platform/live";
import { log } from "../platform/log";
import { claims, runWait } from "../platform/prometheus";
import { dropOffers, offerNext, removeReady, setPlaces } from "./ready-queue";
import { chooseNext, type Head, type Resources, resourcesOfClass } from "./resource-class";
import { recordMoves } from "./transition";
import type { WorkerIdentity } from "./worker-registry";

export type ClaimingWorker = WorkerIdentity & {
  bootId: string;
  pidNamespace: string;
  pid: number;
  pidStartTime: number;
  /** null: all queues */
  queues: string[] | null;
  totals: Resources;
};

export type ClaimedTask = {
  taskId: string;
  userId: string;
  attempt: number;
  queue: string;
  name: string;
  class: string;
  config: JsonObject;
  entrypoint: string | null;
  command: string[] | null;
  env: Record<string, string>;
  resources: Resources;
  timeoutSeconds: number | null;
  /** output of earlier attempts ends at this line */
  lastLogLine: number;
};

/** How long a lease lasts without a heartbeat (engine.md). */
export const LEASE_SECONDS = 60;
/** Redis has this long to propose before the order is read from PostgreSQL; its client's timeout. */

type ClaimedRow = {
  id: string;
  user_id: string;
  attempt: number;
  queue: string;
  name: string;
  class: string;
  config: JsonObject;
  entrypoint: string | null;
  command: string[] | null;
  env: Record<string, string>;
  resources: Resources;
  timeout_seconds: number | null;
  last_log_line: number;
  waited_seconds: number;
};

const toClaimed = (row: ClaimedRow): ClaimedTask => ({
  taskId: row.id,
  userId: row.user_id,
  attempt: row.attempt,
  queue: row.queue,
  name: row.name,
  class: row.class,
  config: row.config,
  entrypoint: row.entrypoint,
  command: row.command,
  env: row.env,
  resources: row.resources,
  timeoutSeconds: row.timeout_seconds,
  lastLogLine: row.last_log_line,
});

const claimedColumns = (sql: SqlLike) => sql`
  t.id, t.user_id, t.attempt, t.queue, t.name, t.class, t.config, t.entrypoint, t.command, t.env, t.resources, t.timeout_seconds,
  extract(epoch FROM t.started_at - t.queued_at)::float8 AS waited_seconds,
  CASE WHEN t.attempt > 1 THEN coalesce((SELECT max(l.last_line) FROM log_chunks l WHERE l.subject_id = t.id), 0) ELSE 0 END AS last_log_line`;

/**
 * Starts the given queued tasks for a worker.
 *
 * Of two workers one wins: who deletes the ready row. Nothing of a paused queue starts, whatever Redis proposed. The worker's
 * row is locked first, so that a worker whose name was taken over claims nothing any more. The state check is
 * hidden in a CASE, so that no planner ever starts from `status` (targets.md, "the planner trap"). The ids stand in a
 * sub-select, so that the plan does not depend on how many there are: else it is made anew for each call, which took
 * longer than the call (0.71 against 0.53 ms). claim-plan.test.ts holds both.
 */
export const claimStatement = (sql: SqlLike, worker: ClaimingWorker, token: string, taskIds: string[]) => sql<
  ClaimedRow[]
>`
  WITH me AS (
    SELECT id FROM workers WHERE id = ${worker.workerId} AND epoch = ${worker.epoch} FOR SHARE
  ), picked AS (
    SELECT task_id FROM ready_tasks WHERE task_id = ANY((SELECT ${taskIds}::text[])::text[]) AND class <> 'client' FOR UPDATE SKIP LOCKED
  ), taken AS (
    DELETE FROM ready_tasks r USING me WHERE r.task_id IN (SELECT task_id FROM picked)
      AND NOT EXISTS (SELECT 1 FROM queues q WHERE q.name = r.queue AND q.paused)
    RETURNING r.task_id
  ), t AS (
    UPDATE tasks SET status = 'running', change_no = change_no + 1, attempt = attempt + 1, worker_id = ${worker.workerId}, started_at = now(), updated_at = now()
    FROM taken WHERE tasks.id = taken.task_id AND CASE WHEN tasks.status = 'queued' THEN true END
    RETURNING tasks.*
  ), opened AS (
    INSERT INTO task_attempts (task_id, attempt, worker_id, worker_epoch, boot_id, pid_namespace, worker_pid, worker_start_time, claim_token, lease_expires_at)
    SELECT id, attempt, ${worker.workerId}, ${worker.epoch}, ${worker.bootId}, ${worker.pidNamespace}, ${worker.pid}, ${worker.pidStartTime}, ${token},
      now() + make_interval(secs => ${LEASE_SECONDS}) FROM t
  ), ${recordMoves(sql, "queued")}
  SELECT ${claimedColumns(sql)} FROM t ORDER BY t.place`;

/** Ids in order of place from ready_tasks: slower than Redis, never stopped, order and pause kept. */
const headsFromPostgres = async (worker: ClaimingWorker, slots: number): Promise<Head[]> => {
  const sql = getSql();
  const rows = await sql<{ task_id: string; place: number; class: string }[]>`
    WITH RECURSIVE sets AS (
      (SELECT queue, class FROM ready_tasks ORDER BY queue, class LIMIT 1)
      UNION ALL
      SELECT n.queue, n.class FROM sets s CROSS JOIN LATERAL (
        SELECT queue, class FROM ready_tasks r WHERE (r.queue, r.class) > (s.queue, s.class) ORDER BY queue, class LIMIT 1) n
    )
    SELECT h.task_id, h.place, h.class FROM sets s CROSS JOIN LATERAL (
      SELECT task_id, place, class FROM ready_tasks r WHERE r.queue = s.queue AND r.class = s.class ORDER BY place LIMIT ${slots}) h
    WHERE s.class <> 'client' AND (${worker.queues}::text[] IS NULL OR s.queue = ANY(${worker.queues}))
      AND NOT EXISTS (SELECT 1 FROM queues q WHERE q.name = s.queue AND q.paused)`;
  return rows.flatMap((row) => {
    const needs = resourcesOfClass(row.class);
    return needs ? [{ taskId: row.task_id, place: row.place, needs }] : [];
  });
};

const propose = async (
  worker: ClaimingWorker,
  free: Resources,
  slots: number,
): Promise<{ ids: string[]; offered: boolean }> => {
  try {
    const offer = await offerNext({ slots, queues: worker.queues, totals: worker.totals, free });
    if (offer !== "no-epoch") return { ids: offer, offered: true };
  } catch (error) {
    log.debug(
      { error: error instanceof Error ? error.message : String(error) },
      "redis proposed nothing; the order was read from postgresql",
    );
  }
  const heads = await headsFromPostgres(worker, slots);
  return { ids: chooseNext(heads, worker.totals, free, slots).map((head) => head.taskId), offered: false };
};

/**
 * Claims the next tasks that fit what is free.
 *
 * @param free  what is not in use now, within the worker's totals
 * @param slots 1..; how many at most
 * @param token kept with the attempts, so that claimedUnder can ask what a claim got whose answer was lost
 * @returns the tasks, now running as a new attempt of this worker; fewer than `slots` when there are no more
 */
export const claimTasks = async (
  worker: ClaimingWorker,
  free: Resources,
  slots: number,
  token: string,
): Promise<ClaimedTask[]> => {
  const { ids, offered } = await propose(worker, free, slots);
  if (ids.length === 0) return [];
  const rows = await withRetries(() => claimStatement(getSql(), worker, token, ids));
  const claimed = rows.map(toClaimed);
  claims.inc({ kind: "task" }, rows.length);
  for (const row of rows) runWait.observe({ kind: "task" }, row.waited_seconds);
  // Settled off the path: the programs start meanwhile.
  settle(claimed, offered ? ids : []).catch((error: Error) => {
    log.debug({ error: error.message }, "a claim was not settled in redis; it is put right within two seconds");
  });
  publishLive(claimed.map((task) => ({ kind: "task", userId: task.userId, taskId: task.taskId, status: "running" })));
  return claimed;
};

export const newClaimToken = (): string => newId("claim");

/** Takes claimed tasks out of Redis' sets, and puts those back that were offered but are still queued. */
const settle = async (claimed: ClaimedTask[], offered: string[]): Promise<void> => {
  await removeReady(claimed);
  const got = new Set(claimed.map((task) => task.taskId));
  await putBack(offered.filter((id) => !got.has(id)));
};

/** Puts offered ids back in their places if they are still queued, and forgets the offers. */
export const putBack = async (taskIds: string[]): Promise<void> => {
  if (taskIds.length === 0) return;
  const sql = getSql();
  const ready = await sql<{ task_id: string; queue: string; user_id: string; class: string; place: number }[]>`
    SELECT task_id, queue, user_id, class, place FROM ready_tasks WHERE task_id = ANY(${taskIds})`;
  const queued = new Set(ready.map((row) => row.task_id));
  const gone = taskIds.filter((id) => !queued.has(id));
  if (gone.length > 0) {
    const rows = await sql<
      { id: string; queue: string; user_id: string; class: string }[]
    >`SELECT id, queue, user_id, class FROM tasks WHERE id = ANY(${gone})`;
    await removeReady(rows.map((row) => ({ taskId: row.id, queue: row.queue, userId: row.user_id, class: row.class })));
  }
  await setPlaces(
    ready.map((row) => ({
      taskId: row.task_id,
      queue: row.queue,
      userId: row.user_id,
      class: row.class,
      place: row.place,
    })),
  );
  await dropOffers(taskIds);
};

/** What a claim got whose answer was lost: open attempts of this worker under the token. */
export const claimedUnder = async (worker: WorkerIdentity, token: string): Promise<ClaimedTask[]> => {
  const sql = getSql();
  const rows = await sql<ClaimedRow[]>`
    SELECT ${claimedColumns(sql)} FROM task_attempts a JOIN tasks t ON t.id = a.task_id AND t.attempt = a.attempt
    WHERE a.worker_id = ${worker.workerId} AND a.worker_epoch = ${worker.epoch} AND a.claim_token = ${token} AND a.ended_at IS NULL
      AND t.status = 'running' ORDER BY t.place`;
  return rows.map(toClaimed);
};

/**
 * Takes GPUs of a host for an attempt. Two workers of one host may both see GPU 0: the primary key lets one have it.
 * @returns the ids taken, or null when there are not enough free ones (then none is taken)
 */
export const takeGpus = async (
  host: string,
  seen: string[],
  count: number,
  task: { taskId: string; attempt: number },
): Promise<string[] | null> => {
  if (count === 0) return [];
  return getSql().begin(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(7110012, hashtext(${host}))`;
    const taken = await sql<{ gpu: string }[]>`SELECT gpu FROM gpu_leases WHERE host = ${host}`;
    const busy = new Set(taken.map((row) => row.gpu));
    const free = seen.filter((gpu) => !busy.has(gpu)).slice(0, count);
    if (free.length < count) return null;
    await sql`INSERT INTO gpu_leases (host, gpu, task_id, attempt) SELECT ${host}, unnest(${free}::text[]), ${task.taskId}, ${task.attempt}`;
    return free;
  });
};
