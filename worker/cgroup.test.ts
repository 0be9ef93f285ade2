// What the mark in /proc cannot hold: programs that left their group, their session and their environment.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { cgroupOf, cgroupParent, emptyCgroup, isPopulated, sweepCgroups } from "./cgroup";
import { killMarked } from "./containment";
import { LaunchError, Launcher, type Needs } from "./executors/launcher";
import { startProgram } from "./executors/process";

let launcher: Launcher | null = null;
beforeAll(async () => {
  launcher = await Launcher.start();
});
afterAll(() => launcher?.close());

let count = 0;
const start = async (script: string, needs?: Needs) => {
  const mark = { taskId: `task_cgroup_${process.pid}_${++count}`, attempt: 1 };
  const env = { PATH: process.env.PATH ?? "", MLQUEUE_TASK_ID: mark.taskId, MLQUEUE_ATTEMPT: "1" };
  const argv = ["bash", "-c", script];
  const program = await startProgram({ argv, cwd: "/", env, mark, ...(needs && { needs }) }, launcher);
  let out = "";
  program.stdout.on("data", (chunk: Buffer) => (out += chunk));
  program.stderr.resume();
  return { program, mark, cgroup: cgroupOf(mark) ?? "", out: () => out };
};
/** Sleeps of such a length are nobody else's. */
const aLength = (): string => `${300 + count}.0${process.pid}`;
const sleeping = (length: string): number =>
  Number(execFileSync("sh", ["-c", `pgrep -fxc 'sleep ${length}' || true`], { encoding: "utf8" }));
const escaped = (length: string): string => `env -i setsid sleep ${length} >/dev/null 2>&1 &`;

describe.skipIf(cgroupParent() === null)("with cgroups", () => {
  test("a daemon that kept neither group nor mark is gone when the end is told", async () => {
    const length = aLength();
    const { program, cgroup } = await start(`${escaped(length)} sleep 0.2`);
    await vi.waitFor(() => expect(sleeping(length)).toBe(1), { timeout: 3000, interval: 20 });
    expect(await program.ended).toMatchObject({ exitCode: 0, reason: "exited" });
    expect(sleeping(length)).toBe(0);
    expect(existsSync(cgroup)).toBe(false);
  });

  test("a program that goes on forking such daemons is stopped whole", async () => {
    const length = aLength();
    const { program } = await start(`trap '' TERM; while true; do ${escaped(length)} done`);
    await vi.waitFor(() => expect(sleeping(length)).toBeGreaterThan(20), { timeout: 8000, interval: 20 });
    program.stop("cancelled", 0);
    expect(await program.ended).toMatchObject({ reason: "cancelled", signal: "SIGKILL" });
    expect(sleeping(length)).toBe(0);
  });

  test("the payload of a wrapper keeps the grace that it was promised, in a session of its own too", async () => {
    const payload = `trap "sleep 0.3; echo saved; exit" TERM; echo ready; while true; do sleep 0.05; done`;
    const { program, out } = await start(
      `env -i PATH=$PATH setsid bash -c '${payload}' & trap "kill -TERM $!; exit" TERM; wait`,
    );
    await vi.waitFor(() => expect(out()).toContain("ready"), { timeout: 3000, interval: 20 });
    program.stop("shutdown", 5000);
    expect(await program.ended).toMatchObject({ reason: "shutdown" });
    expect(out()).toContain("saved");
  });

  test("cgroups that a program makes within its own go with it", async () => {
    const { program, cgroup } = await start(
      `own=$(find /sys/fs/cgroup -maxdepth 6 -name ${`task_cgroup_${process.pid}_${count + 1}.1`} | head -1); mkdir -p $own/a/b; sleep 300 & echo $! > $own/a/b/cgroup.procs; sleep 0.1`,
    );
    await vi.waitFor(() => expect(existsSync(join(cgroup, "a/b"))).toBe(true), { timeout: 3000, interval: 10 });
    expect(await program.ended).toMatchObject({ exitCode: 0 });
    expect(existsSync(cgroup)).toBe(false);
  });

  test("an heir empties the cgroup of a killed worker's attempt", async () => {
    const length = aLength();
    const own = await Launcher.start();
    const mark = { taskId: `task_cgroup_${process.pid}_heir`, attempt: 1 };
    const env = { PATH: process.env.PATH ?? "", MLQUEUE_TASK_ID: mark.taskId, MLQUEUE_ATTEMPT: "1" };
    const argv = ["bash", "-c", `${escaped(length)} sleep 300`];
    const program = await startProgram({ argv, cwd: "/", env, mark }, own);
    program.stdout.resume();
    program.stderr.resume();
    await vi.waitFor(() => expect(sleeping(length)).toBe(1), { timeout: 3000, interval: 20 });
    await killMarked(mark);
    expect(sleeping(length)).toBe(0);
    expect(existsSync(cgroupOf(mark) ?? "")).toBe(false);
    await program.ended;
    await own?.close();
  });

  test("a worker that starts finds cgroups usable, though others sweep at the same time", async () => {
    const file = JSON.stringify(join(import.meta.dirname, "cgroup.ts"));
    const source = `import { sweepCgroups } from ${file}; console.log("sweeps"); for (;;) sweepCgroups();`;
    const sweeper = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", source]);
    onTestFinished(() => void sweeper.kill("SIGKILL"));
    await new Promise((done) => sweeper.stdout.once("data", done));
    for (let n = 0; n < 20; n++) {
      vi.resetModules();
      const { cgroupParent: find } = await import("./cgroup");
      expect(find()).not.toBeNull();
    }
  });

  test("a worker that starts leaves a cgroup alone that another one's program enters just now", async () => {
    const file = JSON.stringify(join(import.meta.dirname, "cgroup.ts"));
    const source = `import { sweepCgroups } from ${file}; console.log("sweeps"); for (;;) sweepCgroups();`;
    const sweeper = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", source]);
    onTestFinished(() => void sweeper.kill("SIGKILL"));
    await new Promise((done) => sweeper.stdout.once("data", done));
    for (let n = 0; n < 20; n++) {
      const started = await Promise.all(Array.from({ length: 20 }, () => start("true")));
      await Promise.all(started.map(({ program }) => program.ended));
    }
    expect(sweeper.exitCode).toBeNull();
  });

  test("there is none of a program that is over, and an empty one is swept", async () => {
    const { program, cgroup } = await start("true");
    await program.ended;
    expect(isPopulated(cgroup)).toBeNull();
    expect(await emptyCgroup(cgroup)).toBe(false);
    execFileSync("mkdir", ["-p", cgroup]);
    sweepCgroups();
    expect(existsSync(cgroup)).toBe(false);
  });
});

describe.each([true, false])("what a program needs (by a launcher: %s)", (byLauncher) => {
  const begin = (needs: Needs, script: string) => {
    const mark = { taskId: `task_needs_${process.pid}_${++count}`, attempt: 1 };
    const env = { PATH: process.env.PATH ?? "", MLQUEUE_TASK_ID: mark.taskId, MLQUEUE_ATTEMPT: "1" };
    return startProgram({ argv: ["sh", "-c", script], cwd: "/", env, mark, needs }, byLauncher ? launcher : null);
  };
  const aFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), "mlqueue-needs-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return folder;
  };

  test("is there when it starts: folders with those above them, files byte for byte", async () => {
    const folder = aFolder();
    const text = JSON.stringify({ text: "ü 中 \\ \n", long: "x".repeat(300_000) });
    const needs: Needs = {
      folders: [join(folder, "a/b/c"), folder],
      files: [
        [join(folder, "a/b/c/config.json"), text],
        [join(folder, "empty"), ""],
      ],
    };
    const program = await begin(needs, `cp ${folder}/a/b/c/config.json ${folder}/copy && test -e ${folder}/empty`);
    program.stdout.resume();
    program.stderr.resume();
    expect(await program.ended).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(folder, "copy"), "utf8")).toBe(text);
  });

  test("that cannot be made is no fault of the program's, and nothing runs", async () => {
    const folder = aFolder();
    const needs: Needs = { folders: [], files: [["/proc/no-such/config.json", "{}"]] };
    const error = await begin(needs, `touch ${folder}/ran`).catch((failed: unknown) => failed);
    expect(error).toBeInstanceOf(LaunchError);
    expect(error).toMatchObject({ code: "ENOENT", during: "needs" });
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });
});
