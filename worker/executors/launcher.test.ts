import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { findMarked, isAlive, processStartTime } from "../containment";
import { LaunchError, Launcher } from "./launcher";
import { startProgram } from "./process";

const programs = join(import.meta.dirname, "../test-programs");
const launchers: Launcher[] = [];
afterEach(() => Promise.all(launchers.splice(0).map((one) => one.close())));
const started = async (): Promise<Launcher> => {
  const launcher = await Launcher.start();
  if (!launcher) throw new Error("There is no perl on this machine.");
  launchers.push(launcher);
  return launcher;
};

let count = 0;
const newMark = () => ({ taskId: `task_launcher_${process.pid}_${++count}`, attempt: 1 });
const envOf = (mark: { taskId: string }, more: Record<string, string> = {}) => ({
  PATH: process.env.PATH ?? "",
  MLQUEUE_TASK_ID: mark.taskId,
  MLQUEUE_ATTEMPT: "1",
  ...more,
});
const node = (file: string, ...args: string[]) => [process.execPath, join(programs, file), ...args];
const childrenOf = (pid: number): number[] =>
  execFileSync("sh", ["-c", `ps -o pid= --ppid ${pid} || true`], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => Number(line) || []);

/** Of this process. */
const launcherPid = (): number => {
  const pid = childrenOf(process.pid).find((one) =>
    readFileSync(`/proc/${one}/cmdline`, "latin1").includes("launcher.pl"),
  );
  if (pid === undefined) throw new Error("No launcher runs.");
  return pid;
};

test("arguments and environment arrive byte for byte, whatever they contain", async () => {
  const launcher = await started();
  const text = fc.string({ unit: "binary", maxLength: 30 }).filter((one) => !one.includes("\0"));
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 5 }), text, async (args, value) => {
      const mark = newMark();
      const printer = "process.stdout.write(JSON.stringify([process.argv.slice(1), process.env.VALUE]))";
      const program = await startProgram(
        {
          argv: [process.execPath, "-e", printer, "--", ...args],
          cwd: programs,
          env: envOf(mark, { VALUE: value }),
          mark,
        },
        launcher,
      );
      let out = "";
      program.stdout.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
      program.stderr.resume();
      expect((await program.ended).exitCode).toBe(0);
      expect(JSON.parse(out)).toEqual([args, value]);
    }),
    { numRuns: 15, examples: [[["", "a\nb", "$HOME `x` \\", "ü 中"], "line\nline=2"]] },
  );
});

test("a program gets no descriptor but its three, and no variable but its own", async () => {
  const launcher = await started();
  const mark = newMark();
  const script =
    "ls /proc/self/fd | tr '\\n' ' '; env | grep -c -v -e ^PATH= -e ^MLQUEUE_ -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=";
  const program = await startProgram({ argv: ["sh", "-c", script], cwd: "/", env: envOf(mark), mark }, launcher);
  let out = "";
  program.stdout.on("data", (chunk: Buffer) => (out += chunk));
  program.stderr.resume();
  await program.ended;
  // 3 is the folder that ls reads.
  expect(out.trim()).toBe("0 1 2 3 0");
});

test("a program can open its stdout and stderr anew, as shells do for /dev/stderr", async () => {
  const launcher = await started();
  const mark = newMark();
  const script = "echo one > /dev/stdout; echo two > /dev/stderr; echo three | tee /dev/stderr";
  const program = await startProgram({ argv: ["sh", "-c", script], cwd: "/", env: envOf(mark), mark }, launcher);
  let out = "";
  let err = "";
  program.stdout.on("data", (chunk: Buffer) => (out += chunk));
  program.stderr.on("data", (chunk: Buffer) => (err += chunk));
  expect(await program.ended).toMatchObject({ exitCode: 0 });
  expect([out, err]).toEqual(["one\nthree\n", "two\nthree\n"]);
});

test("what ended before it was seen to run is read whole, and the launcher keeps no descriptor of it", async () => {
  const launcher = await started();
  const open = () => readdirSync(`/proc/${launcherPid()}/fd`).length;
  const before = open();
  const texts = await Promise.all(
    Array.from({ length: 40 }, async (_, n) => {
      const mark = newMark();
      const argv = ["sh", "-c", `printf ${n}; printf ${n} >&2`];
      const program = await startProgram({ argv, cwd: "/", env: envOf(mark), mark }, launcher);
      await new Promise((resolve) => setTimeout(resolve, 50));
      let text = "";
      for (const stream of [program.stdout, program.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk));
      await program.ended;
      return text;
    }),
  );
  expect(texts).toEqual(texts.map((_, n) => `${n}${n}`));
  await vi.waitFor(() => expect(open()).toBe(before), { timeout: 1000, interval: 10 });
});

test("what a launcher that was killed ran is told as such, and the next program finds another launcher", async () => {
  const launcher = await started();
  const before = launcherPid();
  const marks = [newMark(), newMark(), newMark()];
  const running = await Promise.all(
    marks.map((mark) =>
      startProgram({ argv: node("forks-a-daemon.mjs", "--stay"), cwd: "/", env: envOf(mark), mark }, launcher),
    ),
  );
  for (const one of running) {
    one.stdout.resume();
    one.stderr.resume();
  }
  process.kill(before, "SIGKILL");
  for (const one of running) expect(await one.ended).toMatchObject({ reason: "launcher_died", signal: "SIGKILL" });
  for (const mark of marks) expect(await findMarked(mark)).toEqual([]);
  const mark = newMark();
  const next = await startProgram({ argv: ["true"], cwd: "/", env: envOf(mark), mark }, launcher);
  next.stdout.resume();
  next.stderr.resume();
  expect(await next.ended).toMatchObject({ exitCode: 0, reason: "exited" });
  expect(launcherPid()).not.toBe(before);
});

test("a perl that cannot run it is as none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mlqueue-perl-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(await Launcher.start({ ...process.env, PATH: folder })).toBeNull();
  const perl = join(folder, "perl");
  writeFileSync(perl, "#!/bin/sh\necho 'Can\\'t locate POSIX.pm' >&2\nexit 2\n");
  chmodSync(perl, 0o755);
  expect(await Launcher.start({ ...process.env, PATH: folder })).toBeNull();
});

test("a system call that fails on the way is told by its name", async () => {
  const launcher = await started();
  const launch = (file: string, cwd: string, argv = [file]) =>
    launcher.launch({ file, argv, cwd, env: {}, mark: newMark() });
  await expect(launch("/no/such/program", "/")).rejects.toMatchObject({ code: "ENOENT" });
  await expect(launch("/bin/true", "/no/such/folder")).rejects.toMatchObject({ code: "ENOENT" });
  await expect(launch("/bin/true", "/", ["true", "x".repeat(3_000_000)])).rejects.toMatchObject({ code: "E2BIG" });
  await expect(launch("/bin/true", "/", ["true", "a\0b"])).rejects.toThrow(LaunchError);
});

/** A worker of its own that runs a daemon which ignores everything, and says the pids. `stays`: its program waits beside it. */
const bareWorker = async (
  guardSeconds: number,
  { stays = true } = {},
): Promise<{
  worker: ChildProcess;
  pids: number[];
  mark: { taskId: string; attempt: number };
  output: () => string;
}> => {
  const mark = newMark();
  const source = `
    import { Launcher } from ${JSON.stringify(join(import.meta.dirname, "launcher.ts"))};
    const launcher = await Launcher.start();
    launcher.guardFor(${guardSeconds});
    const env = ${JSON.stringify(envOf(mark))};
    const argv = ${JSON.stringify(node("forks-a-daemon.mjs", ...(stays ? ["--stay"] : [])))};
    const one = await launcher.launch({ file: argv[0], argv, cwd: "/", env, mark: ${JSON.stringify(mark)} });
    one.stdout.on("data", (chunk) => process.stdout.write(chunk));
    one.stderr.resume();
    one.exited.then((status) => process.stdout.write("exited " + JSON.stringify(status) + "\\n"));
    setInterval(() => {}, 1000);`;
  const worker = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  workers.push(worker);
  let out = "";
  worker.stdout?.on("data", (chunk: Buffer) => (out += chunk));
  await vi.waitFor(() => expect(out).toMatch(/daemon \d+/), { timeout: 15_000 });
  const pids = (await findMarked(mark)).map(({ pid }) => pid);
  expect(pids.length).toBeGreaterThanOrEqual(stays ? 2 : 1);
  return { worker, pids, mark, output: () => out };
};
const workers: ChildProcess[] = [];
afterEach(() => {
  for (const one of workers.splice(0)) one.kill("SIGKILL");
});

test("all programs of a worker that was killed die within a second, those in other sessions too", async () => {
  const { worker, mark } = await bareWorker(60);
  worker.kill("SIGKILL");
  await vi.waitFor(async () => expect(await findMarked(mark)).toEqual([]), { timeout: 1000, interval: 20 });
});

test("all programs of a worker that stands still die once its time is over, and not before", async () => {
  const { worker, pids, mark, output } = await bareWorker(4);
  const startTimes = new Map(pids.map((pid) => [pid, processStartTime(pid) ?? 0]));
  worker.kill("SIGSTOP");
  const stoppedAt = Date.now();
  await vi.waitFor(async () => expect(await findMarked(mark)).toEqual([]), { timeout: 8000, interval: 20 });
  expect(Date.now() - stoppedAt).toBeGreaterThan(1000);
  for (const [pid, startTime] of startTimes) expect(isAlive(pid, startTime)).toBe(false);
  // Once it goes on it hears that this was not the program's own end.
  worker.kill("SIGCONT");
  await vi.waitFor(() => expect(output()).toContain('"by":"guard"'));
});

test.each(["SIGSTOP", "SIGKILL"] as const)(
  "what a program left behind dies too, though its worker got %s before it could kill it",
  async (signal) => {
    const { worker, mark, output } = await bareWorker(4, { stays: false });
    await vi.waitFor(() => expect(output()).toContain("exited"), { timeout: 5000 });
    worker.kill(signal);
    await vi.waitFor(async () => expect(await findMarked(mark)).toEqual([]), { timeout: 8000, interval: 20 });
    worker.kill("SIGCONT");
  },
);

/** A folder as an attempt leaves it that wrote nothing, one to be made, and what may stay. */
const usedFolder = () => {
  const home = mkdtempSync(join(tmpdir(), "mlqueue-used-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const [old, next] = [join(home, "old"), join(home, "next")] as const;
  mkdirSync(old);
  writeFileSync(join(old, "config.json"), "a longer text than the next one");
  return { home, old, next, inode: statSync(old).ino };
};

const takeOver = async (launcher: Launcher, { old, next }: { old: string; next: string }, text = "short") => {
  const mark = newMark();
  const left = vi.fn();
  const needs = {
    folders: [next],
    files: [[join(next, "config.json"), text]] as [string, string][],
    used: () => ({ folders: [[old, next, "config.json"]] as [string, string, string][], left }),
  };
  const program = await startProgram({ argv: ["true"], cwd: "/", env: envOf(mark), mark, needs }, launcher);
  program.stdout.resume();
  program.stderr.resume();
  expect((await program.ended).exitCode).toBe(0);
  expect(readdirSync(next)).toEqual(["config.json"]);
  expect(readFileSync(join(next, "config.json"), "utf8")).toBe(text);
  return left;
};

test.each(["short", "a text that is longer than the one that stood there", ""])(
  "a used folder that is as it was made takes its new name, with %j in its file",
  async (text) => {
    const used = usedFolder();
    const left = await takeOver(await started(), used, text);
    expect(statSync(used.next).ino).toBe(used.inode);
    expect(existsSync(used.old)).toBe(false);
    expect(left).not.toHaveBeenCalled();
  },
);

test.each<[string, (old: string, home: string) => void]>([
  ["a file of its own", (old) => writeFileSync(join(old, "result.json"), "{}")],
  ["a folder of its own", (old) => mkdirSync(join(old, "deep"))],
  ["another mode", (old) => chmodSync(old, 0o500)],
  ["a file that may not be written", (old) => chmodSync(join(old, "config.json"), 0o400)],
  [
    "a file that has another name, too",
    (old, home) => {
      rmSync(join(old, "config.json"));
      linkSync(join(home, "kept.json"), join(old, "config.json"));
    },
  ],
  [
    "a link in place of its file",
    (old, home) => {
      rmSync(join(old, "config.json"));
      symlinkSync(join(home, "kept.json"), join(old, "config.json"));
    },
  ],
  [
    "a link in place of the folder",
    (old, home) => {
      rmSync(old, { recursive: true });
      mkdirSync(join(home, "elsewhere"));
      symlinkSync(join(home, "elsewhere"), old);
    },
  ],
  ["nothing at all", (old) => rmSync(old, { recursive: true })],
])("a used folder that a program left with %s is not taken over", async (_, spoil) => {
  const used = usedFolder();
  writeFileSync(join(used.home, "kept.json"), "of somebody else");
  spoil(used.old, used.home);
  const kept = readFileSync(join(used.home, "kept.json"), "utf8");
  const left = await takeOver(await started(), used);
  expect(left).toHaveBeenCalledTimes(1);
  if (existsSync(used.old)) expect(statSync(used.next).ino).not.toBe(used.inode);
  expect(readFileSync(join(used.home, "kept.json"), "utf8")).toBe(kept);
});
