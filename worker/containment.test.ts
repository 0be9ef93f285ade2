import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { cgroupParent } from "./cgroup";
import {
  bootId,
  describeContainment,
  findMarked,
  isAlive,
  isGroupEmpty,
  killMarked,
  parseStat,
  pidNamespace,
  processStartTime,
} from "./containment";
import { limitsHere } from "./limits";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

let count = 0;
const startMarked = (argv: string[], attempt = 1) => {
  const mark = { taskId: `task_containment_${process.pid}_${++count}`, attempt };
  const env = {
    PATH: process.env.PATH ?? "",
    LAST: "x",
    MLQUEUE_TASK_ID: mark.taskId,
    MLQUEUE_ATTEMPT: String(attempt),
    MLQUEUE_DATA_DIR: `/data/${mark.taskId}`,
  };
  const [file = "", ...args] = argv;
  const child = spawn(file, args, { env: env as unknown as NodeJS.ProcessEnv, detached: true, stdio: "ignore" });
  children.push(child);
  const pid = child.pid ?? 0;
  return { child, pid, mark };
};

describe("/proc/<pid>/stat", () => {
  const tail = (state: string) => `${state} 1 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 987654 1000 200`;

  test("is read behind the name, whatever that holds", () => {
    for (const name of ["node", "a b", "a) R 1 2", ") (", "((("])
      expect(parseStat(`7 (${name}) ${tail("S")}`)).toEqual({
        state: "S",
        group: 42,
        isKernelThread: false,
        startTime: 987654,
      });
    expect(parseStat("")).toBeNull();
  });

  test("tells this process' start, and none for one that is gone", () => {
    expect(processStartTime(process.pid)).toBeGreaterThan(0);
    expect(processStartTime(2 ** 22 + 1)).toBeNull();
  });
});

test("a process is alive only with its own start time, and a zombie is not", async () => {
  const { child, pid } = startMarked(["sleep", "60"]);
  const startTime = processStartTime(pid) ?? 0;
  expect([isAlive(pid, startTime), isAlive(pid, startTime + 1)]).toEqual([true, false]);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(isAlive(pid, startTime)).toBe(false);
  expect(isGroupEmpty(pid)).toBe(true);
});

describe("the mark", () => {
  test("finds the attempt's processes and no others", async () => {
    const { pid, mark } = startMarked(["sleep", "60"]);
    await vi.waitFor(async () => expect(await findMarked(mark)).toEqual([{ pid, startTime: processStartTime(pid) }]));
    expect(await findMarked({ ...mark, attempt: 11 })).toEqual([]);
    expect(await findMarked({ ...mark, taskId: mark.taskId.slice(0, -1) })).toEqual([]);
    expect(await findMarked({ dataDir: `/data/${mark.taskId}` })).toHaveLength(1);
    expect(await findMarked({ dataDir: "/data" })).toEqual([]);
  });

  test("goes down to children in other sessions, and kills them all", async () => {
    const program = join(import.meta.dirname, "test-programs/forks-a-daemon.mjs");
    const { mark } = startMarked([process.execPath, program, "--stay"]);
    await vi.waitFor(async () => expect((await findMarked(mark)).length).toBeGreaterThanOrEqual(2), { timeout: 5000 });
    await killMarked(mark);
    expect(await findMarked(mark)).toEqual([]);
  });

  test("kills a program that forks faster than one look sees", async () => {
    const { mark } = startMarked(["sh", "-c", "f() { sleep 0.01; (f) & }; f; (f) & wait"]);
    await vi.waitFor(async () => expect((await findMarked(mark)).length).toBeGreaterThanOrEqual(1), { timeout: 5000 });
    await killMarked(mark);
    expect(await findMarked(mark)).toEqual([]);
  });
});

test("the machine's identity is told", () => {
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
  expect(pidNamespace()).toMatch(/^pid:\[\d+\]$/);
  expect(describeContainment({ launcher: true, wardens: false, setpriv: true })).toContain(
    `Programs run in sessions of their own, are killed by the worker's launcher when the worker dies or stands still for 45 s, and ${
      cgroupParent() === null
        ? "what leaves its process group is found by its mark in /proc and killed, but not what drops that mark too"
        : "each attempt has a cgroup, by which all that it started is killed and proven gone"
    }.`,
  );
  expect(describeContainment({ launcher: true, wardens: false, setpriv: true })).toContain(
    `Memory (resources.memory_mb) is ${limitsHere().memory ? "limited" : "counted, not limited"}; the number of`,
  );
  if (cgroupParent() === null)
    expect(describeContainment({ launcher: true, wardens: true, setpriv: true })).toContain(
      "each attempt has a process that inherits all that it started, by which that is killed and proven gone",
    );
  expect(describeContainment({ launcher: false, wardens: true, setpriv: true })).toContain("counted, not limited");
  expect(describeContainment({ launcher: false, wardens: true, setpriv: true })).toContain(
    "but not when it stands still",
  );
  expect(describeContainment({ launcher: false, wardens: true, setpriv: false })).toContain(
    "may outlive a killed worker",
  );
});
