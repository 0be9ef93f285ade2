// Why a task is not running yet, in one sentence.
import { fits, type Resources, resourcesOfClass } from "./resource-class";

export type WaitingTask = {
  status: "pending" | "queued";
  class: string;
  entrypoint: string | null;
  runAt: Date | null;
  blockedBy: string[];
};
export type LiveWorker = { totals: Resources; queues: string[] | null; entrypoints: string[]; draining: boolean };
export type QueueState = { name: string; paused: boolean; reason: string | null };

const largest = (workers: LiveWorker[], pick: (has: Resources) => number) =>
  Math.max(...workers.map((worker) => pick(worker.totals)));

const neverFits = (needs: Resources, workers: LiveWorker[]): string => {
  const short = (count: number, unit: string, most: number) =>
    count > most ? [`${count} ${unit}, where the largest worker has ${most}`] : [];
  const lacks = [
    ...short(
      needs.gpus,
      needs.gpus === 1 ? "GPU" : "GPUs",
      largest(workers, (has) => has.gpus),
    ),
    ...short(
      needs.cpus,
      "CPUs",
      largest(workers, (has) => has.cpus),
    ),
    ...short(
      needs.memoryMb,
      "MiB of memory",
      largest(workers, (has) => has.memoryMb),
    ),
  ];
  return lacks.length > 0 ? `needs ${lacks.join("; ")}` : "no single worker has all that it needs";
};

/**
 * @param workers those with a heartbeat in the last minute
 * @param now     for tasks that are scheduled
 * @returns null when it simply waits for its turn
 */
export const waitingReason = (
  task: WaitingTask,
  queue: QueueState,
  workers: LiveWorker[],
  now: Date,
): string | null => {
  if (task.status === "pending") {
    if (task.blockedBy.length > 0)
      return `waits for ${task.blockedBy.slice(0, 3).join(", ")}${task.blockedBy.length > 3 ? ` and ${task.blockedBy.length - 3} more` : ""}`;
    if (task.runAt && task.runAt > now) return `scheduled for ${task.runAt.toISOString()}`;
    return null;
  }
  const needs = resourcesOfClass(task.class);
  if (needs === null) return "waits for a client to start it: it names no entrypoint and no command";
  if (queue.paused)
    return queue.reason ? `queue ${queue.name} is paused: ${queue.reason}` : `queue ${queue.name} is paused`;
  if (workers.length === 0) return "no worker is running";
  const serving = workers.filter((worker) => worker.queues === null || worker.queues.includes(queue.name));
  if (serving.length === 0) return `no running worker serves queue ${queue.name}`;
  const capable = serving.filter((worker) => fits(needs, worker.totals));
  if (capable.length === 0) return neverFits(needs, serving);
  const { entrypoint } = task;
  if (entrypoint !== null && !capable.some((worker) => worker.entrypoints.includes(entrypoint)))
    return `no running worker has the program ${entrypoint}`;
  if (capable.every((worker) => worker.draining)) return "the workers that could run it are shutting down";
  return null;
};
