// Who works: workers announce themselves, heartbeat, and leave.
import { getSql, type SqlLike } from "../platform/db";
import type { LiveWorker } from "./waiting-reason";

/** A worker whose last heartbeat is older than this is not counted on. Heartbeats come each 5 s. */
export const LIVE_SECONDS = 60;

export type WorkerIdentity = { workerId: string; epoch: number };

export type WorkerDescription = {
  workerId: string;
  host: string;
  bootId: string;
  pidNamespace: string;
  pid: number;
  pidStartTime: number;
  version: string;
  slots: number;
  cpus: number;
  memoryMb: number;
  gpus: string[];
  queues: string[] | null;
  entrypoints: string[];
  allowsCommands: boolean;
};

/**
 * Registers a worker that has just started under its name.
 * @returns its epoch: one more than in its earlier life, so that the claims of that one no longer match
 */
export const registerWorker = async (worker: WorkerDescription): Promise<number> => {
  const [row] = await getSql()<{ epoch: number }[]>`
    INSERT INTO workers (id, host, boot_id, pid_namespace, pid, pid_start_time, version, slots, cpus, memory_mb, gpus, queues, entrypoints, allows_commands)
    VALUES (${worker.workerId}, ${worker.host}, ${worker.bootId}, ${worker.pidNamespace}, ${worker.pid}, ${worker.pidStartTime}, ${worker.version},
      ${worker.slots}, ${worker.cpus}, ${worker.memoryMb}, ${worker.gpus}, ${worker.queues}, ${worker.entrypoints}, ${worker.allowsCommands})
    ON CONFLICT (id) DO UPDATE SET epoch = workers.epoch + 1, host = excluded.host, boot_id = excluded.boot_id,
      pid_namespace = excluded.pid_namespace, pid = excluded.pid, pid_start_time = excluded.pid_start_time, version = excluded.version,
      slots = excluded.slots, cpus = excluded.cpus, memory_mb = excluded.memory_mb, gpus = excluded.gpus, queues = excluded.queues,
      entrypoints = excluded.entrypoints, allows_commands = excluded.allows_commands, started_at = now(), last_heartbeat_at = now(),
      draining = false, stopped_at = NULL
    RETURNING epoch`;
  if (!row) throw new Error("The worker was not registered.");
  return row.epoch;
};

export const markDraining = async ({ workerId, epoch }: WorkerIdentity): Promise<void> => {
  await getSql()`UPDATE workers SET draining = true WHERE id = ${workerId} AND epoch = ${epoch}`;
};

export const markStopped = async ({ workerId, epoch }: WorkerIdentity): Promise<void> => {
  await getSql()`UPDATE workers SET stopped_at = now() WHERE id = ${workerId} AND epoch = ${epoch}`;
};

let live: { workers: LiveWorker[]; at: number } | undefined;

/** Workers with a recent heartbeat, at most a second old: for sentences and estimates, never for a decision. */
export const liveWorkers = async (sql: SqlLike = getSql()): Promise<LiveWorker[]> => {
  if (!live || performance.now() - live.at > 1000) {
    const rows = await sql<
      {
        gpus: string[];
        cpus: number;
        memory_mb: number;
        queues: string[] | null;
        entrypoints: string[];
        draining: boolean;
      }[]
    >`
      SELECT gpus, cpus, memory_mb, queues, entrypoints, draining FROM workers
      WHERE stopped_at IS NULL AND last_heartbeat_at > now() - make_interval(secs => ${LIVE_SECONDS})`;
    live = {
      at: performance.now(),
      workers: rows.map((row) => ({
        totals: { gpus: row.gpus.length, cpus: row.cpus, memoryMb: row.memory_mb },
        queues: row.queues,
        entrypoints: row.entrypoints,
        draining: row.draining,
      })),
    };
  }
  return live.workers;
};

export type WorkerState = {
  id: string;
  host: string;
  slots: number;
  busy: number;
  gpus: string[];
  draining: boolean;
  lastHeartbeatAt: string;
};

/** Live workers that serve a queue, with how many slots of each are busy. */
export const workersOf = async (queue: string, sql: SqlLike = getSql()): Promise<WorkerState[]> => {
  const rows = await sql<
    {
      id: string;
      host: string;
      slots: number;
      busy: number;
      gpus: string[];
      draining: boolean;
      last_heartbeat_at: Date;
    }[]
  >`
    SELECT w.id, w.host, w.slots, w.gpus, w.draining, w.last_heartbeat_at,
      (SELECT count(*) FROM task_attempts a WHERE a.worker_id = w.id AND a.worker_epoch = w.epoch AND a.ended_at IS NULL) AS busy
    FROM workers w
    WHERE stopped_at IS NULL AND last_heartbeat_at > now() - make_interval(secs => ${LIVE_SECONDS})
      AND (queues IS NULL OR ${queue} = ANY(queues)) ORDER BY id`;
  return rows.map((row) => ({
    id: row.id,
    host: row.host,
    slots: row.slots,
    busy: row.busy,
    gpus: row.gpus,
    draining: row.draining,
    lastHeartbeatAt: row.last_heartbeat_at.toISOString(),
  }));
};

export type WorkerOverview = WorkerState & {
  version: string;
  startedAt: string;
  queues: string[] | null;
  /** `silent`: not heard of for a minute, and it never said that it stops */
  state: "live" | "draining" | "silent" | "stopped";
};

/** Workers that were heard of in the last day, live ones first. */
export const recentWorkers = async (): Promise<WorkerOverview[]> => {
  type Row = Omit<WorkerOverview, "lastHeartbeatAt" | "startedAt"> & { heard: Date; started: Date };
  const rows = await getSql()<Row[]>`
    SELECT w.id, w.host, w.slots, w.gpus, w.draining, w.version, w.queues, w.last_heartbeat_at AS heard, w.started_at AS started,
      CASE WHEN stopped_at IS NOT NULL THEN 'stopped' WHEN last_heartbeat_at <= now() - make_interval(secs => ${LIVE_SECONDS}) THEN 'silent'
        WHEN draining THEN 'draining' ELSE 'live' END AS state,
      (SELECT count(*) FROM task_attempts a WHERE a.worker_id = w.id AND a.worker_epoch = w.epoch AND a.ended_at IS NULL) AS busy
    FROM workers w WHERE last_heartbeat_at > now() - interval '1 day'
    ORDER BY stopped_at IS NOT NULL, last_heartbeat_at <= now() - make_interval(secs => ${LIVE_SECONDS}), id LIMIT 200`;
  return rows.map(({ heard, started, ...row }) => ({
    ...row,
    lastHeartbeatAt: heard.toISOString(),
    startedAt: started.toISOString(),
  }));
};
