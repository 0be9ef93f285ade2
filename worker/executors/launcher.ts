// The worker's end of the launcher (launcher.pl), which forks programs and guards them.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, constants as fsConstants, openSync } from "node:fs";
import { Socket } from "node:net";
import { constants } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { getSystemErrorName } from "node:util";
import { log } from "../../src/platform/log";
import { searchPath } from "../../src/programs/search-path";
import { cgroupOf } from "../cgroup";
import { sendSignal } from "../containment";
import { type Limit, limitProcesses } from "../limits";

/** Made before a program starts: folders with those above them, then files with their text. */
export type Needs = {
  folders: string[];
  files: [path: string, text: string][];
  /** asked by a launcher alone */
  used?: () => UsedFolders | undefined;
};

/** Folders that an earlier program was done with. One that is as it was made, but for a file that may stay, takes its new name. */
export type UsedFolders = {
  folders: [path: string, newPath: string, mayStay: string][];
  /** told once if any may still be there */
  left: () => void;
};

export type ToLaunch = {
  /** absolute */
  file: string;
  argv: string[];
  cwd: string;
  env: Record<string, string>;
  mark: { taskId: string; attempt: number };
  needs?: Needs;
  limit?: Limit;
};

export type ExitStatus = {
  exitCode: number | null;
  signal: string | null;
  /** what ended it: the program itself (or who killed it), the death of what started it, or the guard, since its worker stood still */
  by: "itself" | "launcher_died" | "guard";
  /** known already: nothing that it started is left */
  isGone: boolean;
};

/** A program that runs in a session of its own; its pid is its group's number too. */
export type Launched = {
  pid: number;
  stdout: Readable & { bytesRead?: number };
  stderr: Readable & { bytesRead?: number };
  /** never rejects */
  exited: Promise<ExitStatus>;
};

/** A system call failed; `code` as node names it. `needs`: in making what the program needs, before it was to run. */
export class LaunchError extends Error {
  constructor(
    readonly code: string,
    readonly during: "needs" | "start" = "start",
  ) {
    super(during === "needs" ? `the files of the attempt could not be made (${code})` : code);
    this.name = "LaunchError";
  }
}

/** The launcher died before it said whether the program runs, or what it prints cannot be read. The program, if it runs, is dying. */
export class LauncherDied extends Error {}

/** prctl(2) and execve(2) have other numbers on each architecture. */
const CALLS: Partial<Record<NodeJS.Architecture, [prctl: number, execve: number]>> = {
  x64: [157, 59],
  arm64: [167, 221],
};

/** Whether programs without a cgroup have wardens (launcher.pl). */
export const hasWardens = CALLS[process.arch] !== undefined;

const SIGNAL_NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** What is known of one program until it ends. */
type Launching = {
  resolve: (launched: Launched) => void;
  reject: (error: Error) => void;
  ended: (status: ExitStatus) => void;
  exited: Promise<ExitStatus>;
  isGuarded: boolean;
  /** of UsedFolders, until it is known */
  left: (() => void) | undefined;
};

/** Programs whose output was opened are told to the launcher together. */
const GATHER_MS = 10;

export class Launcher {
  readonly #perl: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #programs = new Map<string, Launching>();
  #nextId = 1;
  #child: Promise<ChildProcess> | undefined;
  #guardSeconds: number | undefined;
  #opened: string[] = [];

  private constructor(perl: string, env: NodeJS.ProcessEnv) {
    this.#perl = perl;
    this.#env = env;
  }

  /** @returns null where this system has no perl, or no /proc to open pipes by: programs are then spawned by the worker itself */
  static async start(env: NodeJS.ProcessEnv = process.env): Promise<Launcher | null> {
    const perl = process.platform === "linux" ? searchPath("perl", "/", env.PATH) : null;
    if (perl === null || !("file" in perl)) return null;
    const launcher = new Launcher(perl.file, env);
    try {
      await launcher.#running();
      return launcher;
    } catch (error) {
      // Such as a perl whose basic modules are packages of their own, and are not there.
      log.warn({ error: String(error) }, "the launcher does not run here: programs are forked by the worker itself");
      return null;
    }
  }

  /** @throws LaunchError when a system call on the way failed, such as E2BIG or EAGAIN; LauncherDied */
  async launch({ file, argv, cwd, env, mark, needs = { folders: [], files: [] }, limit }: ToLaunch): Promise<Launched> {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const limits = limit?.settings.flatMap((setting) => [limit.folder, ...setting]) ?? [];
    const counted = [needs.folders, needs.files.flat(), argv].flatMap(counting);
    const fields = [...counted, ...variables];
    if ([cwd, file, ...fields].some((text) => text.includes("\0"))) throw new LaunchError("EINVAL");
    const child = await this.#running();
    const used = needs.used?.();
    const id = String(this.#nextId++);
    let ended: (status: ExitStatus) => void = () => {};
    const exited = new Promise<ExitStatus>((resolve) => {
      ended = resolve;
    });
    return new Promise((resolve, reject) => {
      this.#programs.set(id, { resolve, reject, ended, exited, isGuarded: false, left: used?.left });
      const head = ["S", id, mark.taskId, String(mark.attempt), cgroupOf(mark) ?? "", cwd, file];
      tell(child, ...head, ...counting(limits), ...counting(used?.folders.flat() ?? []), ...fields);
    });
  }

  /** What runs may go on for so long, unless it is told again. */
  guardFor(seconds: number): void {
    this.#guardSeconds = seconds;
    void this.#child?.then((child) => tell(child, "G", String(seconds)));
  }

  /** Ends it, with whatever still runs. */
  async close(): Promise<void> {
    const child = await this.#child;
    const gone = child && child.exitCode === null && new Promise((resolve) => child.once("exit", resolve));
    child?.stdin?.end();
    await gone;
  }

  /** The process; another one if it died. */
  #running(): Promise<ChildProcess> {
    this.#child ??= this.#begin();
    return this.#child;
  }

  async #begin(): Promise<ChildProcess> {
    const child = spawn(this.#perl, [join(import.meta.dirname, "launcher.pl")], {
      cwd: "/",
      // DATA_DIR is what `npm start` and tests find their leftovers by.
      env: Object.fromEntries(["PATH", "DATA_DIR"].map((name) => [name, this.#env[name]])) as NodeJS.ProcessEnv,
      // A Ctrl-C at the terminal is the worker's to answer.
      detached: true,
      stdio: ["pipe", "pipe", "inherit"],
    });
    let ready = (_fd: string): void => {};
    const isReady = new Promise<void>((resolve, reject) => {
      // Pipes are opened as those of programs will be.
      ready = (fd) => {
        try {
          closeSync(openPipe(child, fd));
          resolve();
        } catch (error) {
          reject(error);
          child.kill("SIGKILL");
        }
      };
    });
    let answers = "";
    child.stdout.setEncoding("latin1").on("data", (text: string) => {
      const lines = (answers + text).split("\n");
      answers = lines.pop() ?? "";
      for (const line of lines)
        if (line.startsWith("R ")) ready(line.slice(2));
        else this.#hear(child, line);
    });
    // A write into one that has just died fails here; its exit is what counts.
    child.stdin.on("error", (error) => log.debug({ error: error.message }, "the launcher could not be told"));
    child.once("close", (code, signal) => this.#died(code, signal));
    try {
      await new Promise<void>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", () => reject(new LauncherDied("The launcher ended at once.")));
        child.once("spawn", () => {
          tell(child, "H", ...(CALLS[process.arch] ?? [0, 0]).map(String));
          isReady.then(resolve, reject);
        });
      });
    } catch (error) {
      this.#child = undefined;
      if (error instanceof LauncherDied) throw error;
      throw new LaunchError(error instanceof Error && "code" in error ? String(error.code) : "EAGAIN");
    }
    try {
      limitProcesses(child.pid ?? 0);
    } catch (error) {
      log.warn({ error: String(error) }, "how many processes programs may start could not be limited");
    }
    if (this.#guardSeconds !== undefined) tell(child, "G", String(this.#guardSeconds));
    return child;
  }

  #hear(child: ChildProcess, line: string): void {
    const [verb, id = "", value = "", ...more] = line.split(" ");
    if (verb === "K") {
      log.error({ programs: this.#programs.size }, "this worker stood still for so long that its programs were killed");
      for (const guarded of this.#programs.values()) guarded.isGuarded = true;
    }
    const one = this.#programs.get(id);
    if (!one) return;
    switch (verb) {
      case "P":
        if (more[2] === "left") one.left?.();
        one.left = undefined;
        this.#open(child, id, one, Number(value), more.slice(0, 2));
        break;
      case "F":
        this.#programs.delete(id);
        one.left?.();
        one.reject(new LaunchError(getSystemErrorName(-Number(value)), more[0] === "needs" ? "needs" : "start"));
        break;
      case "X":
        this.#programs.delete(id);
        one.ended({
          ...statusOf(Number(value)),
          by: one.isGuarded ? "guard" : "itself",
          isGone: more[0] === "gone",
        });
        break;
    }
  }

  /** The launcher keeps the pipes until it hears that they are open here too. */
  #open(child: ChildProcess, id: string, one: Launching, pid: number, pipes: string[]): void {
    this.#opened.push(id);
    if (this.#opened.length === 1)
      setTimeout(() => {
        tell(child, "C", ...this.#opened);
        this.#opened = [];
      }, GATHER_MS);
    const streams: Socket[] = [];
    try {
      for (const fd of pipes) streams.push(new Socket({ fd: openPipe(child, fd), readable: true, writable: false }));
      const [stdout, stderr] = streams as [Socket, Socket];
      one.resolve({ pid, stdout, stderr, exited: one.exited });
    } catch (error) {
      // No descriptor is left, say. It runs already, and nobody would see what it prints.
      for (const stream of streams) stream.destroy();
      sendSignal(-pid, "SIGKILL");
      one.reject(new LauncherDied(`The output of a program could not be opened: ${String(error)}`));
    }
  }

  /** Its programs die with it, by prctl; the worker proves them dead. */
  #died(code: number | null, signal: string | null): void {
    this.#child = undefined;
    this.#opened = [];
    if (this.#programs.size > 0) log.error({ code, signal, programs: this.#programs.size }, "the launcher died");
    for (const one of this.#programs.values()) {
      one.left?.();
      one.ended({ exitCode: null, signal: "SIGKILL", by: "launcher_died", isGone: false });
      // Of one that runs already nobody waits for that.
      one.reject(new LauncherDied("The launcher died."));
    }
    this.#programs.clear();
  }
}

/** Opens the reading end of a pipe that the launcher made. Not blocking: for this descriptor alone. */
const openPipe = (child: ChildProcess, fd: string): number =>
  openSync(`/proc/${child.pid}/fd/${fd}`, fsConstants.O_RDONLY | fsConstants.O_NONBLOCK);

const counting = (list: string[]): string[] => [String(list.length), ...list];

/** What is told in one turn goes in one write. */
const tell = ({ stdin }: ChildProcess, ...fields: string[]): void => {
  if (stdin?.writableCorked === 0) {
    stdin.cork();
    process.nextTick(() => stdin.uncork());
  }
  const payload = Buffer.from(fields.join("\0"));
  stdin?.write(Buffer.concat([Buffer.from(`${payload.length}\n`), payload]));
};

/** As wait(2) packs it: the code above the signal. */
const statusOf = (status: number): Pick<ExitStatus, "exitCode" | "signal"> => {
  const signal = status & 127;
  return signal === 0
    ? { exitCode: status >> 8, signal: null }
    : { exitCode: null, signal: SIGNAL_NAMES.get(signal) ?? `signal ${signal}` };
};
