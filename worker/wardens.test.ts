// Where no cgroup can be made: what a program leaves behind is its warden's.
import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { killMarked } from "./containment";
import { Launcher } from "./executors/launcher";
import { startProgram } from "./executors/process";

vi.mock("./cgroup", async (original) => ({
  ...(await original<typeof import("./cgroup")>()),
  cgroupParent: () => null,
  cgroupOf: () => null,
}));

let launcher: Launcher | null = null;
beforeEach(async () => {
  launcher = await Launcher.start();
  if (launcher === null) throw new Error("There is no perl on this machine.");
});
afterEach(() => launcher?.close());

let count = 0;
const start = async (script: string) => {
  const mark = { taskId: `task_warden_${process.pid}_${++count}`, attempt: 1 };
  const env = { PATH: process.env.PATH ?? "", MLQUEUE_TASK_ID: mark.taskId, MLQUEUE_ATTEMPT: "1" };
  const program = await startProgram({ argv: ["bash", "-c", script], cwd: "/", env, mark }, launcher);
  let out = "";
  program.stdout.on("data", (chunk: Buffer) => (out += chunk));
  program.stderr.resume();
  return { program, mark, out: () => out };
};
const counted = (pattern: string): number =>
  Number(execFileSync("sh", ["-c", `pgrep -fxc '${pattern}' || true`], { encoding: "utf8" }));
/** Sleeps of such a length are nobody else's. */
const aLength = (): string => `${400 + count}.0${process.pid}`;
const sleeping = (length: string): number => counted(`sleep ${length}`);
const wardens = (mark: { taskId: string }): number => counted(`mlqueue warden ${mark.taskId}.1 *`);
const escaped = (length: string): string => `env -i setsid sleep ${length} >/dev/null 2>&1 &`;
const soon = { timeout: 5000, interval: 20 };

test("a daemon that kept neither group nor mark is gone when the end is told", async () => {
  const length = aLength();
  const { program, mark } = await start(`${escaped(length)} sleep 0.3; exit 3`);
  await vi.waitFor(() => expect([sleeping(length), wardens(mark)]).toEqual([1, 1]), soon);
  expect(await program.ended).toMatchObject({ exitCode: 3, signal: null, reason: "exited" });
  expect(sleeping(length)).toBe(0);
  await vi.waitFor(() => expect(wardens(mark)).toBe(0), soon);
});

test("a program that goes on forking such daemons is stopped whole", async () => {
  const length = aLength();
  const { program } = await start(`trap '' TERM; while true; do ${escaped(length)} done`);
  await vi.waitFor(() => expect(sleeping(length)).toBeGreaterThan(20), { timeout: 8000, interval: 20 });
  program.stop("cancelled", 0);
  expect(await program.ended).toMatchObject({ reason: "cancelled", signal: "SIGKILL" });
  expect(sleeping(length)).toBe(0);
});

test("an end is told as it was, of programs that never ran as well", async () => {
  const ends = await Promise.all(
    ["exit 0", "exit 7", "kill -SEGV $$", "echo told; exec sleep 0"].map(
      async (script) => (await start(script)).program.ended,
    ),
  );
  expect(ends.map(({ exitCode, signal }) => [exitCode, signal])).toEqual([
    [0, null],
    [7, null],
    [null, "SIGSEGV"],
    [0, null],
  ]);
});

test("who takes over for a dead worker kills what is below the warden", async () => {
  const length = aLength();
  const { program, mark } = await start(`${escaped(length)} echo up; sleep ${length}`);
  await vi.waitFor(() => expect(sleeping(length)).toBe(2), soon);
  await killMarked(mark);
  expect([sleeping(length), wardens(mark)]).toEqual([0, 0]);
  expect(await program.ended).toMatchObject({ signal: "SIGKILL" });
});

test.each(["SIGKILL", "SIGTERM"] as const)("a launcher that ends by %s takes all of it along", async (signal) => {
  const length = aLength();
  const { program, mark } = await start(`${escaped(length)} echo up; sleep ${length}`);
  await vi.waitFor(() => expect(sleeping(length)).toBe(2), soon);
  if (signal === "SIGTERM") await launcher?.close();
  else execFileSync("sh", ["-c", `kill -KILL $(ps -o ppid= -p $(pgrep -f 'mlqueue warden ${mark.taskId}[.]1'))`]);
  await program.ended;
  await vi.waitFor(() => expect([sleeping(length), wardens(mark)]).toEqual([0, 0]), soon);
});

test("a warden that was killed is no end of its program's proof", async () => {
  const length = aLength();
  const { program, mark } = await start(`echo up; sleep ${length}`);
  await vi.waitFor(() => expect(sleeping(length)).toBe(1), soon);
  execFileSync("pkill", ["-KILL", "-f", `mlqueue warden ${mark.taskId}[.]1`]);
  expect(await program.ended).toMatchObject({ signal: "SIGKILL" });
  expect(sleeping(length)).toBe(0);
});
