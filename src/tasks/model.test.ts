// The verbs against a model in memory: whatever order they come in, statuses, attempts, places and counts are the model's.
// (states: README.md; places: place.ts; retries: retry-policy.ts)
import fc from "fast-check";
import { expect, test } from "vitest";
import { getSql } from "../platform/db";
import { getEnv } from "../platform/env";
import { DomainError } from "../platform/errors";
import { getRedis } from "../platform/redis";
import { aTask, claim, makeUserId, makeWorker } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { cancelTask } from "./cancel";
import { changePriority } from "./change-priority";
import type { ClaimingWorker } from "./claim";
import { countTasks, foldCounts } from "./counts";
import { createTasks } from "./create";
import { finishIfCurrent, giveBack } from "./finish";
import { pauseQueue, resumeQueue } from "./queue-control";
import { rebuildIfLost, repairAll } from "./reconcile";
import { reorderTasks } from "./reorder";
import { retryTask } from "./retry";
import { MAX_LOSSES } from "./retry-policy";
import type { TaskStatus } from "./status";

useTestServices({ ALLOW_COMMANDS: "true" });

type Modelled = {
  id: string;
  status: TaskStatus;
  priority: number;
  turn: number;
  attempt: number;
  failures: number;
  maxAttempts: number;
  losses: number;
  cancelAsked: boolean;
  dependsOn: Modelled[];
};
type Model = { tasks: Modelled[]; turn: number; paused: boolean };
type Real = { userId: string; queue: string; worker: ClaimingWorker };

const inOrder = (model: Model): Modelled[] =>
  model.tasks.filter((task) => task.status === "queued").sort((a, b) => b.priority - a.priority || a.turn - b.turn);
const pick = (model: Model, at: number): Modelled | undefined => model.tasks[at % Math.max(1, model.tasks.length)];
const running = (model: Model): Modelled[] => model.tasks.filter((task) => task.status === "running");
const isEnded = ({ status }: Modelled): boolean => ["completed", "failed", "cancelled"].includes(status);
const toQueue = (model: Model, task: Modelled, newTurn: boolean): void => {
  task.status = "queued";
  if (newTurn) task.turn = ++model.turn;
};
/** What waited for an ended task moves on, and what waited for that. */
const release = (model: Model): void => {
  for (let hasMoved = true; hasMoved; ) {
    hasMoved = false;
    for (const task of model.tasks) {
      if (task.status !== "pending") continue;
      const isHopeless = task.dependsOn.some(({ status }) => status === "failed" || status === "cancelled");
      const isFree = task.dependsOn.every(({ status }) => status === "completed");
      if (isHopeless) task.status = "failed";
      else if (isFree) toQueue(model, task, false);
      hasMoved ||= isHopeless || isFree;
    }
  }
};
const codeOf = (run: Promise<unknown>): Promise<string | null> =>
  run.then(
    () => null,
    (error: unknown) => {
      if (error instanceof DomainError) return error.code;
      throw error;
    },
  );

const check = async (model: Model, { userId, queue }: Real): Promise<void> => {
  const sql = getSql();
  const rows = await sql<{ id: string; status: TaskStatus; priority: number; attempt: number; failures: number }[]>`
    SELECT id, status, priority, attempt, failures FROM tasks WHERE queue = ${queue} ORDER BY seq`;
  expect(rows).toEqual(
    model.tasks.map(({ id, status, priority, attempt, failures }) => ({ id, status, priority, attempt, failures })),
  );
  const ready = await sql<{ task_id: string }[]>`SELECT task_id FROM ready_tasks WHERE queue = ${queue} ORDER BY place`;
  expect(ready.map((row) => row.task_id)).toEqual(inOrder(model).map(({ id }) => id));
  const open = await sql<{ task_id: string; attempt: number }[]>`
    SELECT task_id, attempt FROM task_attempts WHERE ended_at IS NULL AND task_id = ANY(${model.tasks.map(({ id }) => id)}) ORDER BY task_id`;
  expect(open.map((row) => [row.task_id, row.attempt])).toEqual(
    running(model)
      .map(({ id, attempt }) => [id, attempt])
      .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
  );
  const counted = Object.fromEntries(Object.entries(await countTasks(userId)).filter(([, n]) => n > 0));
  const wanted: Record<string, number> = {};
  for (const { status } of model.tasks) wanted[status] = (wanted[status] ?? 0) + 1;
  expect(counted).toEqual(wanted);
};

/** Every command is checked against the whole of the model. */
const command = (name: string, run: (model: Model, real: Real) => Promise<void>): fc.AsyncCommand<Model, Real> => ({
  check: () => true,
  run: async (model, real) => {
    await run(model, real);
    await check(model, real);
  },
  toString: () => name,
});

const create = (priorities: number[], maxAttempts: number, dependsAt: number[]) =>
  command(`create ${priorities} max_attempts=${maxAttempts} after ${dependsAt}`, async (model, { userId, queue }) => {
    const dependsOn = [...new Set(dependsAt.flatMap((at) => pick(model, at) ?? []))].filter((task) => !isEnded(task));
    const ids = await createTasks(
      userId,
      priorities.map((priority) => aTask({ queue, priority, maxAttempts, dependsOn: dependsOn.map(({ id }) => id) })),
    );
    for (const [index, id] of ids.entries())
      model.tasks.push({
        ...{ id, priority: priorities[index] ?? 0, turn: ++model.turn, maxAttempts, dependsOn },
        ...{
          status: dependsOn.length > 0 ? "pending" : "queued",
          attempt: 0,
          failures: 0,
          losses: 0,
          cancelAsked: false,
        },
      });
  });

const claimSome = (slots: number) =>
  command(`claim ${slots}`, async (model, { worker }) => {
    const wanted = model.paused ? [] : inOrder(model).slice(0, slots);
    const claimed = await claim(worker, slots);
    expect(claimed.map(({ taskId }) => taskId)).toEqual(wanted.map(({ id }) => id));
    for (const task of wanted) Object.assign(task, { status: "running", attempt: task.attempt + 1 });
  });

const end = (at: number, isGood: boolean, isStale: boolean) =>
  command(`${isGood ? "succeed" : "fail"}${isStale ? ", of an older attempt," : ""} ${at}`, async (model) => {
    const all = running(model);
    const task = all[at % Math.max(1, all.length)];
    if (!task) return;
    const common = {
      taskId: task.id,
      attempt: task.attempt - (isStale ? 1 : 0),
      exitCode: isGood ? 0 : 1,
      signal: null,
    };
    const status = await finishIfCurrent(
      isGood
        ? { ...common, outcome: "succeeded", result: { ok: true } }
        : { ...common, outcome: "failed", result: null, errorMessage: "exit code 1", errorKind: "exit_code" },
    );
    if (isStale) {
      expect(status).toBeNull();
      return;
    }
    if (task.cancelAsked) task.status = "cancelled";
    else if (isGood) task.status = "completed";
    else {
      task.failures++;
      if (task.failures < task.maxAttempts) toQueue(model, task, true);
      else task.status = "failed";
    }
    if (task.cancelAsked && !isGood) expect(task.status).toBe("cancelled");
    expect(status).toBe(task.status);
    release(model);
  });

const lose = (at: number, reason: "lost" | "given_back") =>
  command(`${reason} ${at}`, async (model) => {
    const all = running(model);
    const task = all[at % Math.max(1, all.length)];
    if (!task) return;
    await giveBack([{ taskId: task.id, attempt: task.attempt }], reason, "for the model");
    if (reason === "lost") task.losses++;
    if (task.cancelAsked) task.status = "cancelled";
    else if (task.losses > MAX_LOSSES) task.status = "failed";
    else toQueue(model, task, false);
    release(model);
  });

const cancel = (at: number) =>
  command(`cancel ${at}`, async (model, { userId }) => {
    const task = pick(model, at);
    if (!task) return;
    const code = await codeOf(cancelTask(userId, { taskId: task.id }));
    expect(code).toBe(isEnded(task) ? "TASK_ALREADY_COMPLETED" : null);
    if (isEnded(task)) return;
    if (task.status === "running") task.cancelAsked = true;
    else task.status = "cancelled";
    release(model);
  });

const retry = (at: number) =>
  command(`retry ${at}`, async (model, { userId }) => {
    const task = pick(model, at);
    if (!task) return;
    const isAllowed = task.status === "failed" || task.status === "cancelled";
    expect(await codeOf(retryTask(userId, { taskId: task.id }))).toBe(isAllowed ? null : "CONFLICT");
    if (!isAllowed) return;
    Object.assign(task, { failures: 0, losses: 0, cancelAsked: false });
    toQueue(model, task, true);
  });

const prioritise = (at: number, priority: number) =>
  command(`priority ${at} = ${priority}`, async (model, { userId }) => {
    const task = pick(model, at);
    if (!task) return;
    const isWaiting = task.status === "queued" || task.status === "pending";
    const code = await codeOf(changePriority(userId, { taskId: task.id, priority }));
    expect(code).toBe(isWaiting ? null : "TASK_ALREADY_RUNNING");
    if (isWaiting && task.priority !== priority) Object.assign(task, { priority, turn: ++model.turn });
  });

const reorder = (picks: number[]) =>
  command(`reorder ${picks}`, async (model, { userId }) => {
    const named = [...new Set(picks.flatMap((at) => pick(model, at) ?? []))];
    if (named.length === 0) return;
    const isAllowed = named.every(({ status }) => status === "queued");
    const code = await codeOf(reorderTasks(userId, { taskIds: named.map(({ id }) => id) }));
    expect(code).toBe(isAllowed ? null : "CONFLICT");
    if (!isAllowed) return;
    const places = inOrder(model)
      .filter((task) => named.includes(task))
      .map(({ priority, turn }) => ({ priority, turn }));
    for (const [index, task] of named.entries()) Object.assign(task, places[index]);
  });

const pause = (paused: boolean) =>
  command(paused ? "pause" : "resume", async (model, { userId, queue }) => {
    await (paused ? pauseQueue(userId, { queue }) : resumeQueue(userId, { queue }));
    model.paused = paused;
  });

const loseRedis = () =>
  command("lose redis", async () => {
    const keys = await getRedis().keys(`${getEnv().REDIS_PREFIX}*`);
    if (keys.length > 0) await getRedis().del(...keys);
  });
const rebuild = () =>
  command("rebuild", async () => {
    await rebuildIfLost();
  });
const housekeep = () =>
  command("repair and fold", async () => {
    await repairAll();
    await foldCounts();
  });

const at = fc.nat({ max: 30 });
const commands = fc.commands(
  [
    fc
      .tuple(
        fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.oneof(
          { weight: 3, arbitrary: fc.constant<number[]>([]) },
          { weight: 1, arbitrary: fc.array(at, { maxLength: 2 }) },
        ),
      )
      .map((args) => create(...args)),
    fc.integer({ min: 1, max: 3 }).map(claimSome),
    fc.integer({ min: 1, max: 3 }).map(claimSome),
    fc
      .tuple(
        at,
        fc.boolean(),
        fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
      )
      .map((args) => end(...args)),
    fc.tuple(at, fc.constantFrom("lost" as const, "given_back" as const)).map((args) => lose(...args)),
    at.map(cancel),
    at.map(retry),
    fc.tuple(at, fc.integer({ min: -2, max: 2 })).map((args) => prioritise(...args)),
    fc.array(at, { minLength: 1, maxLength: 5 }).map(reorder),
    fc.boolean().map(pause),
    fc.constant(loseRedis()),
    fc.constant(rebuild()),
    fc.constant(housekeep()),
  ],
  { maxCommands: 60, size: "max" },
);

let n = 0;
test("any sequence of verbs does what the model does", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (chosen) => {
      const queue = `model-${n++}`;
      await rebuildIfLost();
      const set = async () => ({
        model: { tasks: [], turn: 0, paused: false } satisfies Model as Model,
        real: { userId: makeUserId(), queue, worker: await makeWorker({ queues: [queue] }) },
      });
      await fc.asyncModelRun(set, chosen);
    }),
    { numRuns: Number(process.env.MODEL_RUNS ?? 20) },
  );
});
