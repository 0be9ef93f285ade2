// Runs a program as a child process in a session of its own. The end is told only when all it started is proven dead.
import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { log } from "../../src/platform/log";
import { searchPath } from "../../src/programs/search-path";
import { killMarked, type Leader, leaderOf, proveDead } from "../containment";
import { memoryLimit, removeLimit, wentOver } from "../limits";
import { type ExitStatus, LaunchError, type Launched, type Launcher, LauncherDied, type Needs } from "./launcher";
import { oomKills, oomKillsLately } from "./oom-kills";
import { makeStopping, type StopReason } from "./stopping";

export type Program = {
  argv: string[];
  cwd: string;
  /** the whole environment, with MLQUEUE_TASK_ID and MLQUEUE_ATTEMPT: by them escaped processes are found */
  env: Record<string, string>;
  mark: { taskId: string; attempt: number };
  needs?: Needs;
  /** MiB that it may use, all that it starts included; 0 or none: as much as there is. Held where the machine can (limits.ts). */
  memoryMb?: number;
};

export type { StopReason };

export type ProgramEnd = {
  exitCode: number | null;
  signal: string | null;
  /** a stop that was asked before the program ended by itself, else `exited`, or what kept it from ending by itself */
  reason: "exited" | "spawn_failed" | "launcher_died" | "guard" | StopReason;
  /** best effort: killed while the kernel's count of out-of-memory kills grew */
  oomKilled: boolean;
  /** MiB: something of it was killed for using more */
  overMemoryMb?: number;
  /** one sentence, with `spawn_failed` */
  spawnError?: string;
};

export type RunningProgram = {
  /** null when it could not be started */
  pid: number | null;
  stdout: Readable;
  stderr: Readable;
  /** Never rejects. Both streams have ended by then; whoever reads them has everything. */
  ended: Promise<ProgramEnd>;
  /** SIGTERM to the group, and after the grace SIGKILL to all that is left. Again: the shorter grace counts. */
  stop(reason: StopReason, graceMs: number): void;
  /** SIGKILL at once. */
  kill(reason: StopReason): void;
};

/**
 * Path of util-linux' setpriv, null where there is none: through it the direct child dies with the worker. Node spawns
 * from its main thread, which pdeathsig is tied to.
 */
const setpriv = ((): string | null => {
  const found = process.platform === "linux" ? searchPath("setpriv", "/", process.env.PATH) : null;
  return found !== null && "file" in found ? found.file : null;
})();
export const hasSetpriv = setpriv !== null;

/** One sentence where the program cannot be started. Looked up first, since behind setpriv a missing program is only an exit code. */
const findProgram = ({ argv: [name], cwd, env }: Program): { file: string } | { problem: string } => {
  if (name === undefined || name === "") return { problem: "The command is empty." };
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    return { problem: `The working folder ${cwd} does not exist.` };
  const found = searchPath(name, cwd, env.PATH);
  if ("file" in found) return found;
  return {
    problem:
      found.problem === "missing" ? `The program ${name} was not found.` : `The program ${name} is not executable.`,
  };
};

const spawnSentence = (error: unknown, name: string): string => {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "E2BIG") return "The arguments and the environment together are longer than this system allows.";
  if (code === "ENOENT")
    return `The program ${name} needs an interpreter that does not exist (its first line names it).`;
  if (code === "EAGAIN" || code === "ENOMEM") return `The system has no room for another process (${code}).`;
  return `The program ${name} could not be started: ${error instanceof Error ? error.message : String(error)}.`;
};

/** Of what never ran, or was not seen to. */
const withoutProgram = (ended: Promise<ProgramEnd>): RunningProgram => ({
  pid: null,
  stdout: Readable.from([]),
  stderr: Readable.from([]),
  ended,
  stop: () => {},
  kill: () => {},
});

const endBecause = (reason: ProgramEnd["reason"], spawnError?: string): ProgramEnd => ({
  exitCode: null,
  signal: null,
  reason,
  oomKilled: false,
  ...(spawnError !== undefined && { spawnError }),
});

const spawnFailed = (spawnError: string): RunningProgram =>
  withoutProgram(Promise.resolve(endBecause("spawn_failed", spawnError)));

/** Next's types demand NODE_ENV in every environment; a program gets it only when it was given. */
const asProcessEnv = (env: Record<string, string>): NodeJS.ProcessEnv => env as NodeJS.ProcessEnv;

const makeHere = async ({ folders, files }: Needs): Promise<void> => {
  for (const folder of folders) await mkdir(folder, { recursive: true });
  for (const [path, text] of files) await writeFile(path, text);
};

/** Where there is no launcher. @throws what node's spawn throws or reports */
const spawnHere = async ({ argv, cwd, env, mark, needs }: Program): Promise<Launched> => {
  if (needs)
    await makeHere(needs).catch((error: NodeJS.ErrnoException) => {
      throw new LaunchError(error.code ?? "EIO", "needs");
    });
  const [file = "", ...args] = setpriv === null ? argv : [setpriv, "--pdeathsig", "KILL", "--", ...argv];
  const child = spawn(file, args, {
    cwd,
    env: asProcessEnv(env),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid, stdout, stderr } = child;
  if (pid === undefined) return new Promise((_, reject) => child.once("error", reject));
  child.on("error", (error) => log.warn({ ...mark, pid, error: error.message }, "a running program reported an error"));
  const exited = new Promise<ExitStatus>((resolve) => {
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal, by: "itself", isGone: false }));
  });
  return { pid, stdout, stderr, exited };
};

/**
 * Starts a program: own session, stdin from /dev/null, nothing of this process' environment but what is given.
 *
 * @param launcher null: this process forks it itself
 * @throws LaunchError when what it needs could not be made, such as ENOSPC: that is no fault of the program
 */
export const startProgram = async (program: Program, launcher: Launcher | null): Promise<RunningProgram> => {
  const name = program.argv[0] ?? "";
  const oomKillsBefore = oomKillsLately();
  const limit = launcher && memoryLimit(program.mark, program.memoryMb ?? 0);
  let launched: Launched;
  try {
    const found = findProgram(program);
    if ("problem" in found) return spawnFailed(found.problem);
    launched = await (launcher
      ? launcher.launch({ ...program, file: found.file, ...(limit && { limit }) })
      : spawnHere(program));
  } catch (error) {
    if (error instanceof LauncherDied)
      return withoutProgram(killMarked(program.mark).then(() => endBecause("launcher_died")));
    if (error instanceof LaunchError && error.during === "needs") throw error;
    return spawnFailed(spawnSentence(error, name));
  }
  const { pid, stdout, stderr, exited } = launched;
  const leader = leaderOf(pid);
  const stopping = makeStopping(program.mark, pid);
  const pipes = [stdout, stderr] as const;
  // A program that dies early resets a pipe; what it wrote was read.
  for (const pipe of pipes)
    pipe.on("error", (error) => log.debug({ ...program.mark, error: error.message }, "a program's pipe broke"));

  const ended = exited.then(async ({ exitCode, signal, by, isGone }): Promise<ProgramEnd> => {
    stopping.leaderEnded();
    const reason = stopping.reason() ?? (by === "itself" ? "exited" : by);
    const isOver = limit !== null && wentOver(limit);
    const wasKilled = (signal === "SIGKILL" || exitCode === 128 + 9) && !stopping.hasKilled();
    if (!isGone) {
      await stopping.groupTime();
      await proveDeadAtLast(program.mark, leader);
    }
    stopping.over();
    if (limit) removeLimit(limit);
    const oomKilled = isOver || (wasKilled && hasGrown(oomKillsBefore));
    await drained(pipes);
    return { exitCode, signal, reason, oomKilled, ...(isOver && { overMemoryMb: program.memoryMb }) };
  });
  return {
    pid,
    stdout,
    stderr,
    ended,
    stop: stopping.stop,
    kill: (reason) => stopping.stop(reason, 0),
  };
};

const hasGrown = (before: number | null): boolean => {
  const now = oomKills();
  return before !== null && now !== null && now > before;
};

/** Looking at /proc may fail for a while (no file handles left); the end waits, since a successor must never overlap. */
const proveDeadAtLast = async (mark: Program["mark"], leader: Leader): Promise<void> => {
  for (;;) {
    try {
      return await proveDead(mark, leader);
    } catch (error) {
      log.error(
        { ...mark, error: error instanceof Error ? error.message : String(error) },
        "an attempt could not be proven dead yet",
      );
      await wait(500);
    }
  }
};

const QUIET_MS = 1000;
const DRAIN_LIMIT_MS = 10_000;

/**
 * Waits for the rest of the output. A process that is none of ours may hold the pipe open, so a quiet second ends the
 * wait; a reader that paused the pipe still has to come for what is in it.
 */
const drained = async (pipes: readonly (Readable & { bytesRead?: number })[]): Promise<void> => {
  const closed = Promise.all(
    pipes.map((pipe) => (pipe.closed ? null : new Promise((done) => pipe.once("close", done)))),
  );
  const read = () => pipes.reduce((sum, pipe) => sum + (pipe.bytesRead ?? 0), 0);
  const limitAt = performance.now() + DRAIN_LIMIT_MS;
  for (let before = -1; before !== read() || pipes.some((pipe) => pipe.isPaused()); ) {
    before = read();
    let timer: NodeJS.Timeout | undefined;
    const quiet = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, QUIET_MS, false);
    });
    const isClosed = await Promise.race([closed.then(() => true), quiet]);
    clearTimeout(timer);
    if (isClosed || performance.now() > limitAt) break;
  }
  for (const pipe of pipes) pipe.destroy();
};
