// Makers for engine tests: an account, tasks, and a worker that claims without running anything.
import { newId } from "../platform/ids";
import { type ClaimedTask, type ClaimingWorker, claimTasks, newClaimToken } from "../tasks/claim";
import { createTask } from "../tasks/create";
import { type NewTask, newTask } from "../tasks/input";
import type { Task } from "../tasks/task";
import { registerWorker } from "../tasks/worker-registry";

export const times = <T>(n: number, make: (index: number) => T): T[] =>
  Array.from({ length: n }, (_, index) => make(index));

export const makeUserId = (): string => newId("user");

/** A valid NewTask: commands are allowed in tests, so `command` stands for "a worker runs it". */
export const aTask = (given: Partial<NewTask> = {}): NewTask =>
  newTask.parse({ name: "a task", config: {}, command: ["true"], ...given });

export const aClientTask = (given: Partial<NewTask> = {}): NewTask =>
  newTask.parse({ name: "a client's task", config: {}, ...given });

export const makeTask = (userId: string, given: Partial<NewTask> = {}): Promise<Task> =>
  createTask(userId, aTask(given));

export const makeWorker = async (
  given: { workerId?: string; gpus?: string[]; cpus?: number; memoryMb?: number; queues?: string[] } = {},
): Promise<ClaimingWorker> => {
  const workerId = given.workerId ?? newId("key");
  const here = { bootId: "test-boot", pidNamespace: "test-ns", pid: 1, pidStartTime: 1 };
  const totals = { gpus: given.gpus?.length ?? 0, cpus: given.cpus ?? 8, memoryMb: given.memoryMb ?? 8192 };
  const queues = given.queues ?? null;
  const epoch = await registerWorker({
    workerId,
    host: "test-host",
    ...here,
    version: "test",
    slots: 10,
    cpus: totals.cpus,
    memoryMb: totals.memoryMb,
    gpus: given.gpus ?? [],
    queues,
    entrypoints: [],
    allowsCommands: true,
  });
  return { workerId, epoch, ...here, queues, totals };
};

export const claim = (worker: ClaimingWorker, slots = 1, free = worker.totals): Promise<ClaimedTask[]> =>
  claimTasks(worker, free, slots, newClaimToken());
