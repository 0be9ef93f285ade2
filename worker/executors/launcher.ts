// The worker's end of the launcher (launcher.pl), which forks programs and guards them.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { constants } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { getSystemErrorName } from "node:util";
import { log } from "../../src/platform/log";
import { searchPath } from "../../src/programs/search-path";
import { cgroupOf } from "../cgroup";

export type ToLaunch = {
  /** absolute */
  file: string;
  argv: string[];
  cwd: string;
  env: Record<string, string>;
  mark: { taskId: string; attempt: number };
  needs?: { folders: string[]; files: [path: string, text: string][] };
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

/** The launcher died before it said whether the program runs. The program, if it does, is dying. */
export class LauncherDied extends Error {}

/** prctl(2) has another number on each architecture. */
const PRCTL: Partial<Record<NodeJS.Architecture, number>> = { x64: 157, arm64: 167 };

const SIGNAL_NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** What is known of one program until it ends. */
type Launching = {
  streams: Map<number, Socket>;
  pid?: number;
  resolve: (launched: Launched) => void;
  reject: (error: Error) => void;
  ended: (status: ExitStatus) => void;
  exited: Promise<ExitStatus>;
  isTold: boolean;
  isOver: boolean;
  isGuarded: boolean;
};

/** `<token> <id> <stream>\n` opens a connection of a program's output. */
const GREETING_BYTES = 200;
const GREETING_MS = 10_000;

export class Launcher {
  readonly #perl: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #token = randomBytes(16).toString("hex");
  /** As long as a socket's name can be, since node of some versions fills up a shorter one with NULs. */
  readonly #address = `mlqueue-${randomBytes(8).toString("hex")}`.padEnd(107, "-");
  readonly #server = createServer((socket) => this.#greet(socket));
  readonly #programs = new Map<string, Launching>();
  #nextId = 1;
  #child: Promise<ChildProcess> | undefined;
  #guardSeconds: number | undefined;

  private constructor(perl: string, env: NodeJS.ProcessEnv) {
    this.#perl = perl;
    this.#env = env;
  }

  /** @returns null where this system has no perl or no abstract sockets: programs are then spawned by the worker itself */
  static async start(env: NodeJS.ProcessEnv = process.env): Promise<Launcher | null> {
    const perl = process.platform === "linux" ? searchPath("perl", "/", env.PATH) : null;
    if (perl === null || !("file" in perl)) return null;
    const launcher = new Launcher(perl.file, env);
    await new Promise<void>((resolve, reject) => {
      launcher.#server.once("error", reject);
      launcher.#server.listen({ path: `\0${launcher.#address}`, backlog: 511 }, resolve);
    });
    try {
      await launcher.#running();
      return launcher;
    } catch (error) {
      // Such as a perl whose basic modules are packages of their own, and are not there.
      log.warn({ error: String(error) }, "the launcher does not run here: programs are forked by the worker itself");
      launcher.#server.close();
      return null;
    }
  }

  /** @throws LaunchError when a system call on the way failed, such as E2BIG or EAGAIN; LauncherDied */
  async launch({ file, argv, cwd, env, mark, needs = { folders: [], files: [] } }: ToLaunch): Promise<Launched> {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const counted = [needs.folders, needs.files.flat(), argv].flatMap((list) => [String(list.length), ...list]);
    const fields = [cgroupOf(mark) ?? "", cwd, file, ...counted, ...variables];
    if (fields.some((text) => text.includes("\0"))) throw new LaunchError("EINVAL");
    const child = await this.#running();
    const id = String(this.#nextId++);
    let ended: (status: ExitStatus) => void = () => {};
    const exited = new Promise<ExitStatus>((resolve) => {
      ended = resolve;
    });
    return new Promise((resolve, reject) => {
      this.#programs.set(id, {
        streams: new Map(),
        resolve,
        reject,
        ended,
        exited,
        isTold: false,
        isOver: false,
        isGuarded: false,
      });
      tell(child, "S", id, mark.taskId, String(mark.attempt), ...fields);
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
    this.#server.close();
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
    let ready = (): void => {};
    const isReady = new Promise<void>((resolve) => {
      ready = resolve;
    });
    let answers = "";
    child.stdout.setEncoding("latin1").on("data", (text: string) => {
      const lines = (answers + text).split("\n");
      answers = lines.pop() ?? "";
      for (const line of lines)
        if (line === "R") ready();
        else this.#hear(line);
    });
    // A write into one that has just died fails here; its exit is what counts.
    child.stdin.on("error", (error) => log.debug({ error: error.message }, "the launcher could not be told"));
    child.once("close", (code, signal) => this.#died(code, signal));
    try {
      await new Promise<void>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", () => reject(new LauncherDied("The launcher ended at once.")));
        child.once("spawn", () => {
          tell(child, "H", this.#address, this.#token, String(PRCTL[process.arch] ?? 0));
          void isReady.then(resolve);
        });
      });
    } catch (error) {
      this.#child = undefined;
      if (error instanceof LauncherDied) throw error;
      throw new LaunchError(error instanceof Error && "code" in error ? String(error.code) : "EAGAIN");
    }
    if (this.#guardSeconds !== undefined) tell(child, "G", String(this.#guardSeconds));
    return child;
  }

  #hear(line: string): void {
    const [verb, id = "", value = "", more = ""] = line.split(" ");
    if (verb === "K") {
      log.error({ programs: this.#programs.size }, "this worker stood still for so long that its programs were killed");
      for (const guarded of this.#programs.values()) guarded.isGuarded = true;
    }
    const one = this.#programs.get(id);
    if (!one) return;
    switch (verb) {
      case "P":
        one.pid = Number(value);
        this.#whenComplete(id, one);
        break;
      case "F":
        this.#programs.delete(id);
        for (const socket of one.streams.values()) socket.destroy();
        one.reject(new LaunchError(getSystemErrorName(-Number(value)), more === "needs" ? "needs" : "start"));
        break;
      case "X":
        one.isOver = true;
        one.ended({
          ...statusOf(Number(value)),
          by: one.isGuarded ? "guard" : "itself",
          isGone: more === "gone",
        });
        if (one.isTold) this.#programs.delete(id);
        break;
    }
  }

  #greet(socket: Socket): void {
    const refuse = (): void => {
      socket.destroy();
    };
    const timer = setTimeout(refuse, GREETING_MS);
    socket.on("error", refuse);
    let head = Buffer.alloc(0);
    // By `readable` and not by `data`, which would leave it paused for good or flowing to nobody.
    const read = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\n");
      if (end < 0 && head.length < GREETING_BYTES) return;
      clearTimeout(timer);
      socket.off("readable", read);
      const [token, id = "", stream] = head.toString("latin1", 0, Math.max(0, end)).split(" ");
      const one = token === this.#token ? this.#programs.get(id) : undefined;
      if (!one) {
        refuse();
        return;
      }
      socket.off("error", refuse);
      if (head.length > end + 1) socket.unshift(head.subarray(end + 1));
      one.streams.set(Number(stream), socket);
      this.#whenComplete(id, one);
    };
    socket.on("readable", read);
  }

  #whenComplete(id: string, one: Launching): void {
    const stdout = one.streams.get(1);
    const stderr = one.streams.get(2);
    if (one.pid === undefined || !stdout || !stderr || one.isTold) return;
    one.isTold = true;
    one.resolve({ pid: one.pid, stdout, stderr, exited: one.exited });
    if (one.isOver) this.#programs.delete(id);
  }

  /** Its programs die with it, by prctl; the worker proves them dead. */
  #died(code: number | null, signal: string | null): void {
    this.#child = undefined;
    if (this.#programs.size > 0) log.error({ code, signal, programs: this.#programs.size }, "the launcher died");
    for (const one of this.#programs.values()) {
      one.ended({ exitCode: null, signal: "SIGKILL", by: "launcher_died", isGone: false });
      if (!one.isTold) one.reject(new LauncherDied("The launcher died."));
    }
    this.#programs.clear();
  }
}

const tell = (child: ChildProcess, ...fields: string[]): void => {
  const payload = Buffer.from(fields.join("\0"));
  child.stdin?.write(Buffer.concat([Buffer.from(`${payload.length}\n`), payload]));
};

/** As wait(2) packs it: the code above the signal. */
const statusOf = (status: number): Pick<ExitStatus, "exitCode" | "signal"> => {
  const signal = status & 127;
  return signal === 0
    ? { exitCode: status >> 8, signal: null }
    : { exitCode: null, signal: SIGNAL_NAMES.get(signal) ?? `signal ${signal}` };
};
