// A real worker process over real programs.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { getSql } from "../src/platform/db";
import { taskAttempts } from "../src/tasks/attempts";
import { cancelTask } from "../src/tasks/cancel";
import { createTask } from "../src/tasks/create";
import { logsInput, type NewTask } from "../src/tasks/input";
import { getTask } from "../src/tasks/list";
import { taskLogs } from "../src/tasks/logs";
import { taskMetrics } from "../src/tasks/metrics";
import type { Task } from "../src/tasks/task";
import { aTask, makeUserId, times } from "../src/testing/engine";
import { useTestServices } from "../src/testing/services";
import { useWorkers } from "../src/testing/worker-process";

useTestServices({ ALLOW_COMMANDS: "true" });
const workers = useWorkers();

let userId = "";
let queue = "";
let n = 0;
beforeEach(() => {
  userId = makeUserId();
  queue = `w${n++}`;
});

const sh = (script: string, given: Partial<NewTask> = {}): Promise<Task> =>
  createTask(userId, aTask({ queue, command: ["sh", "-c", script], ...given }));
const node = (script: string, given: Partial<NewTask> = {}): Promise<Task> =>
  createTask(userId, aTask({ queue, command: ["node", "-e", script], ...given }));
const reload = (task: Task): Promise<Task> => getTask(userId, task.taskId);
const ended = (task: Task, timeout = 15_000): Promise<Task> =>
  expect
    .poll(() => reload(task), { timeout, interval: 50 })
    .toSatisfy((now: Task) => now.completedAt !== null)
    .then(() => reload(task));
const running = (task: Task): Promise<unknown> =>
  expect.poll(async () => (await reload(task)).status, { timeout: 10_000, interval: 20 }).toBe("running");
const logOf = async (task: Task) => (await taskLogs(userId, logsInput.parse({ taskId: task.taskId }))).logs;
const messages = async (task: Task) => (await logOf(task)).map((line) => line.message);
/** A program has printed that it is up. */
const printed = (task: Task, text: string) =>
  expect.poll(() => messages(task), { timeout: 10_000, interval: 20 }).toContain(text);

/** Processes of a task, by their mark in /proc. */
const processesOf = (task: Task): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`MLQUEUE_TASK_ID=${task.taskId}\0`);
      } catch {
        // Ended meanwhile.
        return false;
      }
    });

describe("one worker", () => {
  test("each program finds its folders empty but for its config, whatever the programs before it did to theirs", async () => {
    const worker = await workers.start({ WORKER_QUEUES: queue, QUEUE_WORKER_COUNT: "2" });
    const look = `ls -A "$(dirname "$MLQUEUE_CONFIG")" "$MLQUEUE_CHECKPOINT_DIR" | sed "s#$MLQUEUE_TASK_ID#TASK#" | sed "s#^.*/##"; cat "$MLQUEUE_CONFIG"; `;
    const spoils = [
      "true",
      "true",
      'echo {} > "$MLQUEUE_RESULT"',
      'touch "$MLQUEUE_CHECKPOINT_DIR/step-1"',
      'chmod 500 "$(dirname "$MLQUEUE_CONFIG")"',
      'rm -r "$(dirname "$MLQUEUE_CONFIG")" "$MLQUEUE_CHECKPOINT_DIR"',
      'ln "$MLQUEUE_CONFIG" "$(dirname "$MLQUEUE_CONFIG")/more"',
      "false",
    ];
    const tasks: Task[] = [];
    for (let round = 0; round < 2; round++)
      for (const spoil of spoils) tasks.push(await sh(look + spoil, { config: { round } }));
    for (const [index, task] of tasks.entries()) {
      const { status } = await ended(task, 30_000);
      expect([index, status]).toEqual([index, index % spoils.length === spoils.length - 1 ? "failed" : "completed"]);
      expect(await messages(task)).toEqual(["TASK.1:", "config.json", "", "TASK:", expect.stringContaining("round")]);
      expect((await messages(task)).at(-1)).toBe(JSON.stringify({ round: Math.floor(index / spoils.length) }));
    }
    await worker.stop();
    const mine = new Set(tasks.map(({ taskId }) => taskId));
    const leftIn = (folder: string) =>
      readdirSync(join(workers.dataDir, folder)).filter((name) => mine.has(name.split(".")[0] ?? ""));
    expect(leftIn("attempts")).toEqual([]);
    expect(leftIn("checkpoints")).toHaveLength(2);
  }, 60_000);

  test("config in, result, metrics and logs out; attempts keep their checkpoints", async () => {
    const worker = await workers.start({ WORKER_QUEUES: queue });
    const task = await node(
      `const fs = require("fs"), e = process.env, c = JSON.parse(fs.readFileSync(e.MLQUEUE_CONFIG));
       const file = e.MLQUEUE_CHECKPOINT_DIR + "/step", from = fs.existsSync(file) ? Number(fs.readFileSync(file)) : 0;
       console.log("from " + from); console.error("to stderr"); console.log(JSON.stringify({ step: from, loss: c.lr }));
       fs.appendFileSync(e.MLQUEUE_METRICS, JSON.stringify({ step: from, accuracy: 0.5 }) + "\\n");
       fs.writeFileSync(file, String(from + 1));
       if (from === 0) process.exit(7);
       fs.writeFileSync(e.MLQUEUE_RESULT, JSON.stringify({ attempt: Number(e.MLQUEUE_ATTEMPT), own: e.OWN, secret: e.JWT_SECRET ?? null }));`,
      {
        config: { config_id: "c1", config: { lr: 0.25 }, created_at: "2026-11-25" },
        maxAttempts: 2,
        env: { OWN: "yes" },
      },
    );
    expect(await ended(task)).toMatchObject({
      status: "completed",
      attempt: 2,
      result: { attempt: 2, own: "yes", secret: null },
    });
    const lines = await logOf(task);
    expect(lines.map((line) => line.line)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(lines.map((line) => line.attempt)).toEqual([1, 1, 1, 2, 2, 2]);
    // Each stream is in order; between the two there is none, since they are two pipes.
    expect(lines.filter((line) => line.stream === "stdout").map((line) => line.message)).toEqual([
      "from 0",
      '{"step":0,"loss":0.25}',
      "from 1",
      '{"step":1,"loss":0.25}',
    ]);
    expect(lines.filter((line) => line.stream === "stderr").map((line) => line.message)).toEqual([
      "to stderr",
      "to stderr",
    ]);
    const { metrics } = await taskMetrics(userId, { taskId: task.taskId });
    expect(metrics.accuracy?.map((point) => point.step)).toEqual([0, 1]);
    expect(metrics.loss?.map((point) => point.value)).toEqual([0.25, 0.25]);
    expect((await taskAttempts(userId, { taskId: task.taskId })).map((one) => [one.outcome, one.exitCode])).toEqual([
      ["failed", 7],
      ["succeeded", 0],
    ]);
    expect(await worker.stop()).toBe(0);
  });

  test("what went wrong is said: exit code, signal, timeout, missing program, bad result file", async () => {
    const worker = await workers.start({ WORKER_QUEUES: queue });
    const [code, signal, timeout, missing, result] = await Promise.all([
      sh("echo the reason >&2; exit 3"),
      sh("kill -SEGV $$"),
      sh("sleep 60", { timeoutSeconds: 1 }),
      createTask(userId, aTask({ queue, command: ["no-such-program"] })),
      sh('echo "[1]" > $MLQUEUE_RESULT'),
    ]);
    expect((await ended(code)).errorMessage).toBe(
      "The program ended with exit code 3. Its last line on stderr:\nthe reason",
    );
    expect((await ended(signal)).errorMessage).toContain("SIGSEGV");
    expect((await ended(timeout)).errorMessage).toContain("longer than its 1 seconds");
    expect((await ended(missing)).errorMessage).toBe("The program no-such-program was not found.");
    expect((await ended(result)).errorMessage).toBe("result file: it must hold a JSON object");
    await worker.stop();
  });

  test("output is readable within a second while the program runs", async () => {
    const worker = await workers.start({ WORKER_QUEUES: queue });
    const task = await sh("while true; do date +%s%3N; sleep 0.2; done");
    await running(task);
    await expect.poll(async () => (await messages(task)).length, { timeout: 5000 }).toBeGreaterThan(5);
    const newest = Number((await messages(task)).at(-1));
    expect(Date.now() - newest).toBeLessThan(1000);
    await cancelTask(userId, { taskId: task.taskId });
    expect(await ended(task)).toMatchObject({ status: "cancelled" });
    await worker.stop();
  });

  test("a cancelled program gets SIGTERM, then SIGKILL with all that it started; exit 0 is still cancelled", async () => {
    const worker = await workers.start({ WORKER_QUEUES: queue, CANCEL_GRACE_SECONDS: "1" });
    const polite = await sh("trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.1; done");
    const stubborn = await sh(
      "trap '' TERM; (setsid sh -c 'trap \"\" TERM; sleep 300' &) ; echo up; while true; do sleep 0.1; done",
    );
    await printed(polite, "up");
    await printed(stubborn, "up");
    expect(processesOf(stubborn).length).toBeGreaterThan(1);
    expect(await cancelTask(userId, { taskId: polite.taskId, reason: "enough" })).toMatchObject({ status: "running" });
    await cancelTask(userId, { taskId: stubborn.taskId });
    expect(await ended(polite, 3000)).toMatchObject({ status: "cancelled", errorMessage: "cancelled: enough" });
    expect(await messages(polite)).toContain("bye");
    expect(await ended(stubborn, 5000)).toMatchObject({ status: "cancelled" });
    expect(processesOf(stubborn)).toEqual([]);
    await worker.stop();
  });

  test("a terminated worker lets short programs end, and gives long ones back to their places", async () => {
    const worker = await workers.start({ WORKER_QUEUES: queue, SHUTDOWN_GRACE_SECONDS: "2" });
    const long = await sh("echo up; sleep 300", { priority: 1 });
    const short = await sh("echo up; sleep 1");
    await printed(long, "up");
    await printed(short, "up");
    const stopping = worker.stop();
    await expect.poll(worker.log).toContain("worker stops");
    const late = await sh("true");
    expect(await stopping).toBe(0);
    expect(await reload(short)).toMatchObject({ status: "completed" });
    expect(await reload(long)).toMatchObject({ status: "queued", queuePosition: 1 });
    expect(await reload(late)).toMatchObject({ status: "queued", queuePosition: 2 });
    expect((await taskAttempts(userId, { taskId: long.taskId })).map((one) => one.outcome)).toEqual(["given_back"]);
    expect((await getSql()`SELECT failures, losses FROM tasks WHERE id = ${long.taskId}`)[0]).toEqual({
      failures: 0,
      losses: 0,
    });
    expect(processesOf(long)).toEqual([]);
  });

  test("one slot and no fault: tasks start in the order of their places", async () => {
    const tasks = await Promise.all(times(12, (i) => sh("true", { priority: (i * 7) % 5 })));
    const wanted = await getSql()`SELECT task_id FROM ready_tasks WHERE queue = ${queue} ORDER BY place`;
    const worker = await workers.start({ WORKER_QUEUES: queue, QUEUE_WORKER_COUNT: "1" });
    await Promise.all(tasks.map((task) => ended(task)));
    const started = await getSql()`SELECT id AS task_id FROM tasks WHERE queue = ${queue} ORDER BY started_at`;
    expect(started.map((row) => row.task_id)).toEqual(wanted.map((row) => row.task_id));
    await worker.stop();
  });
});

describe("two workers on one machine", () => {
  test("a killed worker's program is started again within 3 s, and never runs twice at once", async () => {
    const first = await workers.start({ WORKER_QUEUES: queue, WORKER_NAME: `${queue}-a` });
    const lock = join(workers.dataDir, `${queue}.lock`);
    const script = `exec 9>${lock}; flock -n 9 || exit 99; echo up $MLQUEUE_ATTEMPT; sleep ${"$"}((MLQUEUE_ATTEMPT == 1 ? 300 : 0))`;
    const task = await sh(script);
    await printed(task, "up 1");
    const second = await workers.start({ WORKER_QUEUES: queue, WORKER_NAME: `${queue}-b` });
    const killedAt = Date.now();
    await first.kill();
    await printed(task, "up 2");
    const [, again] = await taskAttempts(userId, { taskId: task.taskId });
    expect(Date.parse(again?.startedAt ?? "") - killedAt).toBeLessThan(3000);
    expect(await ended(task)).toMatchObject({ status: "completed", attempt: 2 });
    await second.stop();
  });

  test("GPUs are handed out once, whichever worker of the machine has the task", async () => {
    const gpus = { WORKER_QUEUES: queue, WORKER_GPUS: "0,1,2" };
    const both = await Promise.all([
      workers.start({ ...gpus, WORKER_NAME: `${queue}-a` }),
      workers.start({ ...gpus, WORKER_NAME: `${queue}-b` }),
    ]);
    const lockDir = resolve(workers.dataDir);
    const script = `for gpu in $(echo $CUDA_VISIBLE_DEVICES | tr , ' '); do mkdir ${lockDir}/gpu-$gpu || exit 98; done; sleep 0.2;
      for gpu in $(echo $CUDA_VISIBLE_DEVICES | tr , ' '); do rmdir ${lockDir}/gpu-$gpu; done; echo "{\\"gpus\\": \\"$CUDA_VISIBLE_DEVICES\\"}" > $MLQUEUE_RESULT`;
    const tasks = await Promise.all(
      times(8, (i) => sh(script, { resources: { gpus: 1 + (i % 2), cpus: 0, memoryMb: 0 } })),
    );
    const results = await Promise.all(tasks.map((task) => ended(task, 18_000)));
    expect(results.map((task) => task.status)).toEqual(tasks.map(() => "completed"));
    expect(results.map((task) => String(task.result?.gpus).split(",").length)).toEqual(
      tasks.map((task) => task.resources.gpus),
    );
    expect((await getSql()`SELECT count(*)::int AS n FROM gpu_leases`)[0]?.n).toBe(0);
    expect(existsSync(`${lockDir}/gpu-0`)).toBe(false);
    const none = await sh('echo "{\\"gpus\\": \\"$CUDA_VISIBLE_DEVICES\\"}" > $MLQUEUE_RESULT');
    expect((await ended(none)).result).toEqual({ gpus: "" });
    await Promise.all(both.map((worker) => worker.stop()));
  });

  test("a name that is taken is refused with a sentence", async () => {
    const worker = await workers.start({ WORKER_NAME: `${queue}-x`, WORKER_QUEUES: queue });
    await expect(workers.start({ WORKER_NAME: `${queue}-x` })).rejects.toThrow(/Another worker runs under the name/);
    await worker.stop();
  });
});
