// One task from claim to finish, top to bottom.

import { resolve } from "node:path";
import { appendLines } from "../src/logs/append";
import { appendPoints } from "../src/metrics/append";
import { getSql } from "../src/platform/db";
import type { Env } from "../src/platform/env";
import { publishLive } from "../src/platform/live";
import { log } from "../src/platform/log";
import { programConfig } from "../src/programs/command";
import { readResult } from "../src/programs/result-file";
import { type ClaimedTask, takeGpus } from "../src/tasks/claim";
import { entrypointsDir } from "../src/tasks/entrypoints";
import { type AttemptEnd, finishIfCurrent, giveBack } from "../src/tasks/finish";
import type { TaskStatus } from "../src/tasks/status";
import type { WorkerIdentity } from "../src/tasks/worker-registry";
import { type AttemptFiles, attemptFiles, removeAttemptFiles, removeEmptyCheckpoints } from "./attempt-files";
import type { EndSpool } from "./end-spool";
import { programArgv } from "./executors/argv";
import { explainEnd } from "./executors/explain-end";
import type { Launcher } from "./executors/launcher";
import { type Program, type ProgramEnd, type RunningProgram, startProgram } from "./executors/process";
import { programEnv } from "./executors/program-env";
import { ProgramOutput } from "./program-output";
import type { RunningTask, StopReason } from "./running-task";
import type { UsedFolderStore } from "./used-folders";

export type RunContext = {
  worker: WorkerIdentity;
  host: string;
  gpus: string[];
  env: Env;
  /** of inheritableEnv */
  inherited: Record<string, string>;
  dataDir: string;
  spool: EndSpool;
  usedFolders: UsedFolderStore;
  /** null: the worker forks programs itself */
  launcher: Launcher | null;
};

/** After SIGTERM because of a timeout, the program has this long to save what it can. */
const TIMEOUT_GRACE_MS = 10_000;
/** PostgreSQL may be away this long before output that it has not taken is given up. */
const OUTPUT_DEADLINE_MS = 120_000;

type Stop = { reason: StopReason; graceMs: number };

/** Starts a claimed task and sees it through to its recorded end. */
export const runTask = (task: ClaimedTask, context: RunContext): RunningTask => {
  let stop: Stop | undefined;
  let program: RunningProgram | undefined;
  let isOver = () => {};
  const over = new Promise<void>((resolve) => {
    isOver = resolve;
  });
  const run = async () => {
    try {
      await runAttempt(task, context, {
        stopped: () => stop,
        started: (running) => {
          program = running;
          if (stop) running.stop(stop.reason, stop.graceMs);
        },
        over: isOver,
      });
    } catch (error) {
      log.error({ taskId: task.taskId, attempt: task.attempt, error }, "running a task went wrong in the worker");
      await untilRecorded(() => giveBack([task], "lost", "the worker could not run it"));
    }
  };
  return {
    task,
    stop: (reason, graceMs) => {
      stop = { reason, graceMs };
      program?.stop(reason, graceMs);
    },
    over,
    done: run()
      .catch((error: unknown) =>
        log.error({ taskId: task.taskId, error }, "the end of an attempt was left to the reaper"),
      )
      .finally(isOver),
  };
};

type Control = { stopped: () => Stop | undefined; started: (program: RunningProgram) => void; over: () => void };

const runAttempt = async (task: ClaimedTask, context: RunContext, control: Control): Promise<void> => {
  const startedAt = performance.now();
  const gpus = await takeGpus(context.host, context.gpus, task.resources.gpus, task);
  if (gpus === null) {
    // Another worker of this host has them: back to its place, and a pause so that the two do not spin.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await giveBack([task], "given_back", "its GPUs were taken by another worker of this machine");
    return;
  }
  const files = attemptFiles(context.dataDir, task.taskId, task.attempt);
  const output = openOutput(task, context);
  output.tailMetrics(files.metrics);
  const end = await runProgram({ task, context, control, files, gpus, output });
  control.over();
  await output.close(OUTPUT_DEADLINE_MS);
  const verdict = judge(task, end, files, output.lastStderrLines(20));
  if (verdict.outcome === "failed" || verdict.outcome === "cancelled") await removeEmptyCheckpoints(files);
  const status = await record(task, context, verdict);
  if (status === "completed") context.usedFolders.keep(files);
  else await removeAttemptFiles(files);
  log.info(
    {
      taskId: task.taskId,
      attempt: task.attempt,
      outcome: verdict.outcome,
      exitCode: end.exitCode,
      signal: end.signal,
      durationMs: Math.round(performance.now() - startedAt),
    },
    "task finished",
  );
};

/** Lines go to PostgreSQL only while this attempt is open: a late write of an older one is refused. */
const openOutput = (task: ClaimedTask, { worker }: RunContext): ProgramOutput => {
  const sql = getSql();
  const { taskId, attempt } = task;
  let nextLine = task.lastLogLine + 1;
  const tellPages = () => publishLive([{ kind: "output", userId: task.userId, taskId }]);
  return new ProgramOutput({
    sink: {
      lines: async (lines) => {
        const guard = sql`
          SELECT 1 FROM task_attempts WHERE task_id = ${taskId} AND attempt = ${attempt} AND worker_id = ${worker.workerId}
            AND worker_epoch = ${worker.epoch} AND ended_at IS NULL FOR SHARE`;
        await appendLines(sql, { subjectId: taskId, attempt, firstLine: nextLine, lines }, guard);
        nextLine += lines.length;
        tellPages();
      },
      points: async (points) => {
        await appendPoints(sql, taskId, attempt, points);
        tellPages();
      },
    },
  });
};

type Run = {
  task: ClaimedTask;
  context: RunContext;
  control: Control;
  files: AttemptFiles;
  gpus: string[];
  output: ProgramOutput;
};

const runProgram = async ({ task, context, control, files, gpus, output }: Run): Promise<ProgramEnd> => {
  const neverStarted = (reason: ProgramEnd["reason"], spawnError?: string): ProgramEnd => ({
    exitCode: null,
    signal: null,
    reason,
    oomKilled: false,
    ...(spawnError !== undefined && { spawnError }),
  });
  const folder = entrypointsDir();
  const argv = programArgv(task, { entrypointsDir: folder, allowCommands: context.env.ALLOW_COMMANDS });
  if ("error" in argv) return neverStarted("spawn_failed", argv.error);
  // Cancelled or shut down before it began.
  const stopped = control.stopped();
  if (stopped) return neverStarted(stopped.reason);
  const ofTask: Program = {
    argv: argv.argv,
    cwd: task.command === null ? folder : resolve(process.env.MLQUEUE_ROOT || process.cwd()),
    env: programEnv({
      inherited: context.inherited,
      task,
      paths: { ...files, checkpointDir: files.checkpoints, dataDir: context.dataDir },
      gpus: context.gpus.length > 0 ? gpus : null,
    }),
    mark: { taskId: task.taskId, attempt: task.attempt },
    memoryMb: task.resources.memoryMb,
    needs: {
      folders: [files.folder, files.checkpoints],
      files: [[files.config, JSON.stringify(programConfig(task.config))]],
      // A later attempt may have checkpoints.
      ...(task.attempt === 1 && { used: () => context.usedFolders.take(files) }),
    },
  };
  const program = await startProgram(ofTask, context.launcher);
  output.attach(program.stdout, program.stderr);
  control.started(program);
  const timer =
    task.timeoutSeconds === null
      ? undefined
      : setTimeout(() => program.stop("timeout", TIMEOUT_GRACE_MS), task.timeoutSeconds * 1000);
  const end = await program.ended;
  clearTimeout(timer);
  return end;
};

type Verdict = AttemptEnd | { outcome: "given_back" } | { outcome: "lost" } | { outcome: "taken_down"; why: string };

const judge = (task: ClaimedTask, end: ProgramEnd, files: AttemptFiles, lastStderr: string[]): Verdict => {
  const common = { taskId: task.taskId, attempt: task.attempt, exitCode: end.exitCode, signal: end.signal };
  if (end.reason === "lost") return { outcome: "lost" };
  if (end.reason === "launcher_died") return { outcome: "taken_down", why: "what starts its worker's programs died" };
  if (end.reason === "guard") return { outcome: "taken_down", why: "its worker stood still" };
  if (end.reason === "cancelled") return { ...common, outcome: "cancelled" };
  const read = readResult(files.result);
  const result = "result" in read ? read.result : null;
  // Told to stop, it may have just finished: then training again would be waste.
  if (end.reason === "shutdown")
    return end.exitCode === 0 && result !== null
      ? { ...common, outcome: "succeeded", result }
      : { outcome: "given_back" };
  if (end.reason === "exited" && end.exitCode === 0)
    return "problem" in read
      ? { ...common, outcome: "failed", result: null, errorMessage: read.problem, errorKind: "result" }
      : { ...common, outcome: "succeeded", result };
  const { message, errorKind } = explainEnd(end, lastStderr, task.timeoutSeconds);
  return { ...common, outcome: "failed", result, errorMessage: message, errorKind };
};

/**
 * Writes the end down on disk, then in PostgreSQL, however long that is away.
 * @returns the task's status where this end decided it
 */
const record = async (task: ClaimedTask, context: RunContext, verdict: Verdict): Promise<TaskStatus | null> => {
  if (verdict.outcome === "lost") return null;
  if (verdict.outcome === "given_back") {
    await untilRecorded(() => giveBack([task], "given_back", "its worker shut down"));
    return null;
  }
  if (verdict.outcome === "taken_down") {
    await untilRecorded(() => giveBack([task], "lost", verdict.why));
    return null;
  }
  await context.spool
    .keep(verdict)
    .catch((error: Error) =>
      log.error(
        { taskId: task.taskId, error: error.message },
        "an end could not be written down; it is recorded at once",
      ),
    );
  const status = await untilRecorded(() => finishIfCurrent(verdict));
  context.spool.forget(verdict);
  return status;
};

const MAX_PAUSE_MS = 2000;

const untilRecorded = async <T>(write: () => Promise<T>): Promise<T> => {
  for (let pauseMs = 100; ; pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2)) {
    try {
      return await write();
    } catch (error) {
      log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        "an end could not be recorded yet; it is tried again",
      );
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
};
