// Runs a program as a child of a run: its output is the run's log, its JSON lines are points, and its whole group ends with it.
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { printedPoints } from "../programs/metric-lines";
import { searchPath } from "../programs/search-path";
import { LineAssembler } from "../programs/terminal-lines";
import { ProgramError } from "./errors";
import type { Stream } from "./records";

export type ExecOptions = {
  /** default: that of the driver */
  cwd?: string | undefined;
  /** default: that of the driver, without MLQUEUE_API_KEY; these are added to it */
  env?: Record<string, string | undefined> | undefined;
  /** ms between SIGTERM and SIGKILL when the run is aborted; default 10,000 */
  graceMs?: number | undefined;
};

export type ExecSink = {
  line: (stream: Stream, line: string) => void;
  points: (points: { key: string; step: number; value: number; at: number }[]) => void;
};

const STDERR_LINES = 20;
const POLL_MS = 20;

/** Through setpriv the child dies with the driver, even by SIGKILL: nobody would be left to stop it. */
const setpriv = ((): string | null => {
  const found = process.platform === "linux" ? searchPath("setpriv", "/", process.env.PATH) : null;
  return found !== null && "file" in found ? found.file : null;
})();

/** Groups that must not outlive this process when it exits in an orderly way. */
const groups = new Set<number>();
let isExitWatched = false;
const watchExit = (): void => {
  if (isExitWatched) return;
  isExitWatched = true;
  process.on("exit", () => {
    for (const group of groups) signalGroup(group, "SIGKILL");
  });
};

/** @returns false when nothing of the group is left */
const signalGroup = (group: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EPERM") return true;
    return false;
  }
};

const read = (pipe: Readable, take: (line: string) => void): Promise<void> => {
  const assembler = new LineAssembler();
  pipe.on("data", (chunk: Buffer) => assembler.push(chunk, take));
  return new Promise((resolve) => {
    pipe.once("close", () => {
      assembler.end(take);
      resolve();
    });
  });
};

/** Next's types demand NODE_ENV in every environment; a program gets it only when it was given. */
const asProcessEnv = (env: Record<string, string | undefined>): NodeJS.ProcessEnv => env as NodeJS.ProcessEnv;

/**
 * Runs a program to its end. When the signal is aborted its group gets SIGTERM, and SIGKILL after the grace.
 *
 * @throws ProgramError when it cannot be started, ends with another exit code than 0 or by a signal
 * @throws the signal's reason when that was why it ended
 */
export const execProgram = async (
  program: string,
  args: string[],
  options: ExecOptions & { signal: AbortSignal; sink: ExecSink },
): Promise<void> => {
  const { signal, sink, graceMs = 10_000 } = options;
  signal.throwIfAborted();
  const env: Record<string, string | undefined> = {
    ...process.env,
    MLQUEUE_API_KEY: undefined,
    PYTHONUNBUFFERED: "1",
    ...options.env,
  };
  const cwd = options.cwd ?? process.cwd();
  const found = searchPath(program, cwd, env.PATH);
  if ("problem" in found)
    throw new ProgramError(
      `The program ${program} ${found.problem === "missing" ? "was not found" : "is not executable"}.`,
      null,
      null,
    );
  const [file, ...rest] = setpriv ? [setpriv, "--pdeathsig", "KILL", "--", program, ...args] : [program, ...args];
  const child = spawn(file ?? program, rest, {
    cwd,
    env: asProcessEnv(env),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lastStderr: string[] = [];
  const output = Promise.all([
    read(child.stdout, (line) => {
      const points = printedPoints(line, Date.now());
      if (points !== null) sink.points(points);
      sink.line("stdout", line);
    }),
    read(child.stderr, (line) => {
      lastStderr.push(line);
      if (lastStderr.length > STDERR_LINES) lastStderr.shift();
      sink.line("stderr", line);
    }),
  ]);
  const end = await ended(child, signal, graceMs);
  await output;
  if (signal.aborted) throw signal.reason;
  if (end.exitCode === 0) return;
  const how = end.signal === null ? `with exit code ${end.exitCode}` : `by ${end.signal}`;
  const tail = lastStderr.length === 0 ? "" : ` Its last lines on stderr:\n${lastStderr.join("\n")}`;
  throw new ProgramError(`The program ended ${how}.${tail}`, end.exitCode, end.signal);
};

type End = { exitCode: number | null; signal: string | null };

/** Resolves when the child was reaped and nothing of its group is left. */
const ended = (child: ChildProcess, signal: AbortSignal, graceMs: number): Promise<End> =>
  new Promise((resolve, reject) => {
    const { pid } = child;
    child.once("error", (error) => reject(new ProgramError(`The program did not start: ${error.message}`, null, null)));
    if (pid === undefined) return;
    watchExit();
    groups.add(pid);
    let killAt = 0;
    let killTimer: NodeJS.Timeout | undefined;
    const stop = () => {
      signalGroup(pid, "SIGTERM");
      killAt = performance.now() + graceMs;
      killTimer = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
    };
    signal.addEventListener("abort", stop, { once: true });
    child.once("exit", (exitCode, by) => {
      signal.removeEventListener("abort", stop);
      // A wrapper may be gone before its payload; what was not asked to stop has no time left.
      const waitForGroup = () => {
        if (!signalGroup(pid, 0)) {
          clearTimeout(killTimer);
          groups.delete(pid);
          return resolve({ exitCode, signal: by });
        }
        if (performance.now() >= killAt) signalGroup(pid, "SIGKILL");
        setTimeout(waitForGroup, POLL_MS);
      };
      waitForGroup();
    });
  });
