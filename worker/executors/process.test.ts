import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findMarked, isAlive, processStartTime } from "../containment";
import { Launcher } from "./launcher";
import { hasSetpriv, type RunningProgram, startProgram } from "./process";

const programs = join(import.meta.dirname, "../test-programs");
const folder = mkdtempSync(join(tmpdir(), "mlqueue-process-"));
const marks: { taskId: string; attempt: number }[] = [];

afterAll(async () => {
  rmSync(folder, { recursive: true });
  // Every program of this file, and all that it started, is gone.
  for (const mark of marks) expect(await findMarked(mark)).toEqual([]);
});

let launcher: Launcher | null = null;
let count = 0;
const start = async (argv: string[], extra: { cwd?: string; env?: Record<string, string> } = {}) => {
  const mark = { taskId: `task_process_test_${process.pid}_${++count}`, attempt: 1 };
  marks.push(mark);
  const env = { PATH: process.env.PATH ?? "", MLQUEUE_TASK_ID: mark.taskId, MLQUEUE_ATTEMPT: "1", ...extra.env };
  const program = await startProgram({ argv, cwd: extra.cwd ?? programs, env, mark }, launcher);
  const output = { stdout: "", stderr: "" };
  program.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  program.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  return { program, output, mark };
};
const startNode = (file: string, ...args: string[]) => start([process.execPath, file, ...args]);
const says = (output: { stdout: string }, text: string) =>
  vi.waitFor(() => expect(output.stdout).toContain(text), { timeout: 5000, interval: 10 });
const endOf = async ({ ended }: RunningProgram) => ended;

describe.each(["a launcher", "the worker itself"])("by %s", (by) => {
  beforeAll(async () => {
    launcher = by === "a launcher" ? await Launcher.start() : null;
    expect(launcher !== null).toBe(by === "a launcher");
  });
  afterAll(() => launcher?.close());

  describe("an end", () => {
    test("exit 0", async () => {
      const { program, output } = await startNode("exits.mjs", "0", "a word on stderr");
      const startTime = processStartTime(program.pid ?? 0);
      expect(startTime).toBeGreaterThan(0);
      expect(await endOf(program)).toEqual({ exitCode: 0, signal: null, reason: "exited", oomKilled: false });
      expect(output.stderr).toBe("a word on stderr\n");
      expect(isAlive(program.pid ?? 0, startTime ?? 0)).toBe(false);
    });

    test("another exit code", async () => {
      expect(await endOf((await startNode("exits.mjs", "7")).program)).toMatchObject({
        exitCode: 7,
        signal: null,
        reason: "exited",
      });
    });

    test("a signal", async () => {
      expect(await endOf((await startNode("exits.mjs", "SIGSEGV")).program)).toMatchObject({
        exitCode: null,
        signal: "SIGSEGV",
        reason: "exited",
      });
      expect(await endOf((await startNode("exits.mjs", "SIGKILL")).program)).toMatchObject({
        signal: "SIGKILL",
        reason: "exited",
        oomKilled: false,
      });
    });

    test("comes with all of the output, also of a flood", async () => {
      const { program, output } = await startNode("floods-stdout.mjs", "200000");
      await program.ended;
      expect(output.stdout.endsWith("line 200000 of a flood\n")).toBe(true);
      expect(output.stdout.split("\n")).toHaveLength(200_001);
    });

    test("without anything left over is told at once", async () => {
      // A pause for a second look would take at least 200 ms each time; the quickest of ten is not a busy machine's fault.
      const times: number[] = [];
      for (let round = 0; round < 10; round++) {
        const startedAt = performance.now();
        await (await start(["true"])).program.ended;
        times.push(performance.now() - startedAt);
      }
      expect(Math.min(...times)).toBeLessThan(150);
    });
  });

  describe("a program", () => {
    test("gets the given environment, arguments and folder, and nothing of the worker's", async () => {
      const { program, output, mark } = await start(
        [process.execPath, join(programs, "prints-env.mjs"), "a b", "$HOME"],
        {
          cwd: folder,
          env: { A: "1" },
        },
      );
      await program.ended;
      const seen = JSON.parse(output.stdout);
      expect(seen).toEqual({
        argv: ["a b", "$HOME"],
        cwd: folder,
        env: { PATH: process.env.PATH, A: "1", MLQUEUE_TASK_ID: mark.taskId, MLQUEUE_ATTEMPT: "1" },
      });
    });

    test("reads an empty stdin", async () => {
      const { program, output } = await startNode("reads-stdin.mjs");
      await program.ended;
      expect(output.stdout).toBe("stdin ended after 0 bytes\n");
    });

    test("runs in a session of its own", async () => {
      const { program, output } = await start(["sh", "-c", "ps -o pid=,pgid=,sid= -p $$"]);
      await program.ended;
      expect(output.stdout.trim().split(/\s+/)).toEqual([
        String(program.pid),
        String(program.pid),
        String(program.pid),
      ]);
    });
  });

  describe("a stop", () => {
    test("gives a well-behaved program its time", async () => {
      const { program, output } = await startNode("saves-on-sigterm.mjs");
      await says(output, "ready");
      program.stop("cancelled", 5000);
      expect(await endOf(program)).toMatchObject({ exitCode: 0, reason: "cancelled" });
      expect(output.stdout).toBe("ready\nsaved\n");
    });

    test("kills what ignores SIGTERM when the grace is over", async () => {
      const { program, output } = await startNode("ignores-sigterm.mjs");
      await says(output, "ready");
      const stoppedAt = Date.now();
      program.stop("timeout", 300);
      expect(await endOf(program)).toMatchObject({ signal: "SIGKILL", reason: "timeout", oomKilled: false });
      expect(Date.now() - stoppedAt).toBeGreaterThanOrEqual(295);
      expect(Date.now() - stoppedAt).toBeLessThan(1500);
      expect(output.stdout).toContain("ignored SIGTERM");
    });

    test("keeps its first reason, and a shorter grace shortens it", async () => {
      const { program, output } = await startNode("ignores-sigterm.mjs");
      await says(output, "ready");
      program.stop("cancelled", 60_000);
      program.kill("shutdown");
      expect(await endOf(program)).toMatchObject({ signal: "SIGKILL", reason: "cancelled" });
    });

    test("gives the payload of a wrapper that died at once the rest of the grace", async () => {
      const { program, output } = await start([join(programs, "wraps-a-payload.sh")]);
      await says(output, "ready");
      program.stop("shutdown", 5000);
      expect(await endOf(program)).toMatchObject({ reason: "shutdown" });
      expect(output.stdout).toContain("saved");
    });

    test("after the end changes nothing", async () => {
      const { program } = await startNode("exits.mjs", "0");
      const end = await program.ended;
      program.stop("cancelled", 0);
      expect(await program.ended).toBe(end);
      expect(end.reason).toBe("exited");
    });

    test("kills a daemon in another session that ignores SIGTERM", async () => {
      const { program, output, mark } = await startNode("forks-a-daemon.mjs", "--stay");
      await says(output, "daemon");
      expect((await findMarked(mark)).length).toBeGreaterThanOrEqual(2);
      program.stop("cancelled", 100);
      expect(await endOf(program)).toMatchObject({ reason: "cancelled" });
      expect(await findMarked(mark)).toEqual([]);
    });
  });

  test("a daemon left behind after exit 0 is killed before the end is told, though it holds the pipes", async () => {
    const { program, output, mark } = await startNode("forks-a-daemon.mjs");
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 0, reason: "exited" });
    expect(await findMarked(mark)).toEqual([]);
    expect(output.stdout).toMatch(/^(daemon \d+\n)?$/);
  });

  test("a process of nobody's that holds the pipes delays the end by about a second only", async () => {
    const { program } = await start(["sh", "-c", "env -i /bin/sh -c 'exec setsid sleep 4' & sleep 0.2; exit 0"]);
    const startedAt = Date.now();
    expect(await endOf(program)).toMatchObject({ exitCode: 0 });
    expect(Date.now() - startedAt).toBeLessThan(3000);
  });

  test.skipIf(!hasSetpriv)("a program dies with its worker", async () => {
    const bare = join(folder, "worker.mjs");
    writeFileSync(
      bare,
      `import { spawn } from "node:child_process";
     const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", "sleep", "60"], { detached: true, stdio: "ignore" });
     setTimeout(() => { console.log(child.pid); process.kill(process.pid, "SIGKILL"); }, 200);`,
    );
    let out = "";
    try {
      execFileSync(process.execPath, [bare], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    } catch (error) {
      out = String((error as { stdout?: string }).stdout);
    }
    const pid = Number(out);
    expect(pid).toBeGreaterThan(0);
    await vi.waitFor(() => expect(isAlive(pid, -1)).toBe(false));
    await wait(50);
    expect(execFileSync("sh", ["-c", `ps -o stat= -p ${pid} | grep -v Z || true`], { encoding: "utf8" })).toBe("");
  });

  describe("what cannot be started", () => {
    const failed = (spawnError: unknown) => ({
      exitCode: null,
      signal: null,
      reason: "spawn_failed",
      oomKilled: false,
      spawnError,
    });

    test("an unknown program", async () => {
      expect(await endOf((await start(["no-such-program"])).program)).toEqual(
        failed("The program no-such-program was not found."),
      );
      expect(await endOf((await start(["./no-such-file"])).program)).toEqual(
        failed("The program ./no-such-file was not found."),
      );
    });

    test("a file that is not executable", async () => {
      expect(await endOf((await start(["./exits.mjs"])).program)).toEqual(
        failed("The program ./exits.mjs is not executable."),
      );
    });

    test("a folder that does not exist", async () => {
      const { program } = await start(["true"], { cwd: join(folder, "nowhere") });
      expect(program.pid).toBeNull();
      expect(await endOf(program)).toEqual(failed(expect.stringContaining("nowhere does not exist")));
    });

    test("more arguments than the system allows, and a NUL", async () => {
      expect(await endOf((await start(["true", "x".repeat(3_000_000)])).program)).toEqual(
        failed(expect.stringContaining("longer than this system allows")),
      );
      expect(await endOf((await start(["true", "a\0b"])).program)).toEqual(
        failed(expect.stringContaining("could not be started")),
      );
    });
  });

  test("fifty programs at once all end, and each with its own exit code", async () => {
    const ends = await Promise.all(
      Array.from({ length: 50 }, async (_, code) => endOf((await start(["sh", "-c", `exit ${code}`])).program)),
    );
    expect(ends.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 50 }, (_, code) => code));
  });
});
