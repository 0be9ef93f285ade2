// The state of a queue as one account sees it, without a full count.
import { getSql } from "../platform/db";
import { log } from "../platform/log";
import { countByQueue, countTasks, type StatusCounts } from "./counts";
import { estimateWait } from "./estimate";
import { countWaiting } from "./ready-queue";
import { CLIENT_CLASS } from "./resource-class";
import type { TaskStatus } from "./status";
import { type WorkerState, workersOf } from "./worker-registry";

export type QueueStatus = {
  queue: string;
  paused: boolean;
  pauseReason: string | null;
  statistics: StatusCounts;
  currentTasks: { taskId: string; name: string; status: TaskStatus; startedAt: string | null }[];
  /** the account's queued tasks */
  queueLength: number;
  /** until a task queued now would start; null when nobody can say, as while the queue is paused */
  estimatedWaitSeconds: number | null;
  workers: WorkerState[];
};

const CURRENT_TASKS = 10;
/** The mean is taken over this many of the latest completed tasks. */
const MEASURED_TASKS = 50;

const meanDuration = async (userId: string, queue: string): Promise<number | null> => {
  const [row] = await getSql()<{ mean: number | null }[]>`
    SELECT avg(extract(epoch FROM completed_at - started_at))::float8 AS mean FROM (
      SELECT started_at, completed_at FROM (
        SELECT started_at, completed_at, queue, outcome, class FROM tasks
        WHERE user_id = ${userId} AND completed_at IS NOT NULL ORDER BY completed_at DESC, seq DESC LIMIT 500) AS recent
      WHERE queue = ${queue} AND outcome = 'completed' AND class <> ${CLIENT_CLASS} LIMIT ${MEASURED_TASKS}) AS measured`;
  return row?.mean ?? null;
};

/** Counted up to here where Redis cannot say: the sum is for an estimate. */
const MAX_COUNTED = 20_000;

/** Tasks that wait for a worker, of other accounts too: all of them share the workers. */
const waitingFor = async (queue: string): Promise<number> => {
  const known = await countWaiting(queue).catch((error: Error) => {
    log.debug({ queue, error: error.message }, "waiting tasks were counted in postgresql");
    return null;
  });
  if (known !== null) return known;
  const [row] = await getSql()<{ waiting: number }[]>`
    SELECT count(*) AS waiting FROM (SELECT 1 FROM ready_tasks WHERE queue = ${queue} AND class <> ${CLIENT_CLASS} LIMIT ${MAX_COUNTED}) AS ready`;
  return row?.waiting ?? 0;
};

export const queueStatus = async (userId: string, input: { queue: string }): Promise<QueueStatus> => {
  const { queue } = input;
  const sql = getSql();
  const [statistics, paused, current, mean, workers, waiting] = await Promise.all([
    countTasks(userId, queue),
    sql<{ paused: boolean; reason: string | null }[]>`SELECT paused, reason FROM queues WHERE name = ${queue}`,
    sql<{ id: string; name: string; status: TaskStatus; started_at: Date | null }[]>`
      SELECT t.id, t.name, t.status, t.started_at FROM task_attempts a JOIN tasks t ON t.id = a.task_id
      WHERE a.ended_at IS NULL AND t.user_id = ${userId} AND t.queue = ${queue} ORDER BY a.started_at, t.id LIMIT ${CURRENT_TASKS}`,
    meanDuration(userId, queue),
    workersOf(queue),
    waitingFor(queue),
  ]);
  const slots = workers.filter((worker) => !worker.draining).reduce((sum, worker) => sum + worker.slots, 0);
  const busy = workers.reduce((sum, worker) => sum + worker.busy, 0);
  const isPaused = paused[0]?.paused ?? false;
  return {
    queue,
    paused: isPaused,
    pauseReason: isPaused ? (paused[0]?.reason ?? null) : null,
    statistics,
    currentTasks: current.map((row) => ({
      taskId: row.id,
      name: row.name,
      status: row.status,
      startedAt: row.started_at?.toISOString() ?? null,
    })),
    queueLength: statistics.queued,
    estimatedWaitSeconds: isPaused ? null : estimateWait(waiting, busy, mean, slots),
    workers,
  };
};

/** The account's queues, `default` among them even when it is empty. */
export const listQueues = async (
  userId: string,
): Promise<{ queue: string; counts: StatusCounts; paused: boolean }[]> => {
  const [byQueue, paused, defaults] = await Promise.all([
    countByQueue(userId),
    getSql()<{ name: string }[]>`SELECT name FROM queues WHERE paused`,
    countTasks(userId, "default"),
  ]);
  if (!byQueue.has("default")) byQueue.set("default", defaults);
  const isPaused = new Set(paused.map((row) => row.name));
  return [...byQueue]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([queue, counts]) => ({ queue, counts, paused: isPaused.has(queue) }));
};
