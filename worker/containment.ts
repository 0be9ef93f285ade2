// Finds and kills what belongs to an attempt, and proves it dead.
//
// A process is ours when it is in the attempt's cgroup, where there are such (cgroup.ts), in its process group, carries the
// attempt's mark in the environment it was started with, or is below the attempt's warden, which stands in for a cgroup
// (executors/launcher.pl). Without a launcher a process escapes that left the group and was started without the mark (`env -i setsid …`).
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { log } from "../src/platform/log";
import { cgroupOf, cgroupParent, emptyCgroup } from "./cgroup";
import { limitsHere } from "./limits";

/** What every process of an attempt carries in its environment, or all programs of one data directory. */
export type Mark = { taskId: string; attempt: number } | { dataDir: string };
/** `startTime` in clock ticks after boot: with it a pid names one process for ever. */
export type ProcessId = { pid: number; startTime: number };

const hasProc = existsSync("/proc/self/environ");

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");
/** The process ended meanwhile, or it belongs to another user and so is none of ours. */
const NOT_OURS = new Set(["ENOENT", "ESRCH", "EACCES", "EPERM"]);

type ProcessStat = { state: string; group: number; isKernelThread: boolean; startTime: number };
const KERNEL_THREAD = 0x00200000;

/** Parses /proc/<pid>/stat. The name stands in parentheses and may itself hold spaces and parentheses. */
export const parseStat = (text: string): ProcessStat | null => {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, , group] = fields;
  const startTime = Number(fields[19]);
  if (state === undefined || group === undefined || !Number.isFinite(startTime)) return null;
  return { state, group: Number(group), isKernelThread: (Number(fields[6]) & KERNEL_THREAD) !== 0, startTime };
};

const readProc = (pid: number, name: "stat" | "cmdline"): string | null => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch (error) {
    if (NOT_OURS.has(codeOf(error))) return null;
    throw error;
  }
};

const statOf = (pid: number): ProcessStat | null => parseStat(readProc(pid, "stat") ?? "");

/** A zombie holds no memory and runs nothing: it counts as dead. */
const isDead = (state: string): boolean => state === "Z" || state === "X";

export const processStartTime = (pid: number): number | null => (hasProc ? (statOf(pid)?.startTime ?? null) : null);

/** Whether this very process still runs. Without /proc the pid alone decides. */
export const isAlive = (pid: number, startTime: number): boolean => {
  if (!hasProc) return canSignal(pid);
  const stat = statOf(pid);
  return stat !== null && stat.startTime === startTime && !isDead(stat.state);
};

const canSignal = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
};

/** Sends a signal to a process or, with a negative number, to a group. @returns false when there was none */
export const sendSignal = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false;
    if (codeOf(error) === "EPERM") {
      log.warn({ pid, signal }, "a process of an attempt could not be signalled: it runs as another user");
      return false;
    }
    throw error;
  }
};

const pids = (): number[] => readdirSync("/proc").map(Number).filter(Number.isInteger);

/** Whether nothing of a process group runs any more; zombies do not count. */
export const isGroupEmpty = (group: number): boolean => {
  if (!canSignal(-group)) return true;
  if (!hasProc) return false;
  return !pids().some((pid) => {
    const stat = statOf(pid);
    return stat !== null && stat.group === group && !isDead(stat.state);
  });
};

/** Position 0 stays NUL, so that every variable in it, the first one too, stands between NULs. */
let environ = Buffer.alloc(256 * 1024);

/** The environment a process was started with, between NULs; null when it is not ours to read. */
const readEnviron = (pid: number): Buffer | null => {
  let file: number | undefined;
  try {
    file = openSync(`/proc/${pid}/environ`, "r");
    for (;;) {
      const length = readSync(file, environ, 1, environ.length - 2, 0);
      if (length < environ.length - 2) {
        environ[length + 1] = 0;
        return environ.subarray(0, length + 2);
      }
      environ = Buffer.alloc(environ.length * 4);
    }
  } catch (error) {
    if (NOT_OURS.has(codeOf(error))) return null;
    throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
};

const variables = (mark: Mark): Buffer[] =>
  ("dataDir" in mark
    ? [`MLQUEUE_DATA_DIR=${mark.dataDir}`]
    : [`MLQUEUE_TASK_ID=${mark.taskId}`, `MLQUEUE_ATTEMPT=${mark.attempt}`]
  ).map((text) => Buffer.from(`\0${text}\0`));

/** So many processes are looked at before other work gets a turn: 5 ms at the 25 µs that one costs. */
const SLICE = 200;

/** `inExec`: in the middle of an exec a process shows neither environment nor arguments; it must be looked at again. */
type Look = { found: ProcessId[]; inExec: number[] };

const look = async (mark: Mark, candidates: number[]): Promise<Look> => {
  const wanted = variables(mark);
  const found: ProcessId[] = [];
  const inExec: number[] = [];
  for (const [index, pid] of candidates.entries()) {
    if (index % SLICE === SLICE - 1) await nextTurn();
    if (pid === process.pid) continue;
    const environment = readEnviron(pid);
    if (environment === null) continue;
    const isMarked = wanted.every((variable) => environment.includes(variable));
    if (!isMarked && environment.length > 2) continue;
    const stat = statOf(pid);
    if (stat === null || isDead(stat.state) || stat.isKernelThread) continue;
    if (isMarked) found.push({ pid, startTime: stat.startTime });
    else if (readProc(pid, "cmdline") === "") inExec.push(pid);
  }
  return { found, inExec };
};

/** Processes that carry the mark, this one left out. Without /proc none is found. */
export const findMarked = async (mark: Mark): Promise<ProcessId[]> => (hasProc ? (await look(mark, pids())).found : []);

/**
 * The process that inherits whatever an attempt's program leaves behind. It lives until nothing of that is left, and kills it at
 * SIGTERM. null where the attempt has a cgroup, or none is left.
 */
const wardenOf = async (mark: Mark): Promise<number | null> => {
  if (!hasProc || "dataDir" in mark || cgroupParent() !== null) return null;
  const name = `mlqueue warden ${mark.taskId}.${mark.attempt}`;
  for (const [index, pid] of pids().entries()) {
    if (index % SLICE === SLICE - 1) await nextTurn();
    // What is left of the launcher's own arguments was overwritten with zeros or spaces.
    if (readProc(pid, "cmdline")?.replace(/[\0 ]+$/, "") === name && !isDead(statOf(pid)?.state ?? "X")) return pid;
  }
  return null;
};

const killAll = (processes: ProcessId[]): void => {
  for (const { pid, startTime } of processes) if (isAlive(pid, startTime)) sendSignal(pid, "SIGKILL");
};

const BETWEEN_PROOFS_MS = 200;
const BETWEEN_KILLS_MS = 20;
const SAY_EVERY_MS = 10_000;

/** Kills everything with the mark until two looks, 200 ms apart, found nothing: between them a forking program would have shown itself. */
export const killMarked = async (mark: Mark): Promise<void> => {
  const cgroup = "taskId" in mark ? cgroupOf(mark) : null;
  if (cgroup !== null) await emptyCgroup(cgroup);
  await killUntilGone(mark, null);
};

/** Who shows neither environment nor arguments for this long is no process in the middle of an exec. */
const LONGEST_EXEC_MS = 1000;

const killUntilGone = async (mark: Mark, group: number | null): Promise<void> => {
  let sayAt = performance.now() + SAY_EVERY_MS;
  const inExecSince = new Map<number, number>();
  for (let proofs = 0; proofs < 2; ) {
    const { found, inExec } = hasProc ? await look(mark, pids()) : { found: [], inExec: [] };
    killAll(found);
    const warden = await wardenOf(mark);
    if (warden !== null) sendSignal(warden, "SIGTERM");
    // One in an exec may turn out to be ours: no proof without another look at it.
    const now = performance.now();
    for (const pid of inExec) if (!inExecSince.has(pid)) inExecSince.set(pid, now);
    const isHidden = inExec.some((pid) => now - (inExecSince.get(pid) ?? now) < LONGEST_EXEC_MS);
    const isGone = found.length === 0 && !isHidden && warden === null && (group === null || isGroupEmpty(group));
    if (group !== null && !isGone) sendSignal(-group, "SIGKILL");
    if (performance.now() > sayAt) {
      log.warn({ mark, group, pids: found.map(({ pid }) => pid) }, "processes of an attempt did not die after SIGKILL");
      sayAt = performance.now() + SAY_EVERY_MS;
    }
    proofs = isGone ? proofs + 1 : 0;
    if (proofs < 2) await wait(isGone ? BETWEEN_PROOFS_MS : BETWEEN_KILLS_MS);
  }
};

const numberIn = (path: string, pattern: RegExp): number => Number(pattern.exec(readFileSync(path, "latin1"))?.[1]);

/** Processes and threads that this machine ever started: an upper bound of the pids given out. */
const forkCount = (): number => (hasProc ? numberIn("/proc/stat", /^processes (\d+)$/m) : 0);
let pidLimit: number | undefined;

/** What is known of a program at its start, for the proof of its death. Its pid is also its group's number. */
export type Leader = { pid: number; startedAt: number; forksBefore: number };

const FRESH_MS = 1000;
let lastForks = { count: 0, at: Number.NEGATIVE_INFINITY };

/** To be called once the process runs. The count of forks may be a second old: it then counts too many, never too few. */
export const leaderOf = (pid: number): Leader => {
  const startedAt = performance.now();
  if (startedAt - lastForks.at > FRESH_MS) lastForks = { count: forkCount(), at: startedAt };
  return { pid, startedAt, forksBefore: lastForks.count };
};

/** Whether the pids may have gone round since the start, so that a younger process can have a pid from anywhere. */
const mayHaveGoneRound = ({ startedAt, forksBefore }: Leader): boolean => {
  // 32,768 pids are not used up in a second: a fork takes 60 µs and more.
  if (performance.now() - startedAt < FRESH_MS / 2) return false;
  pidLimit ??= numberIn("/proc/sys/kernel/pid_max", /^(\d+)/);
  return !(forkCount() - forksBefore < pidLimit / 2);
};

/** Pids given out since `pid` was, by the last one that the kernel names in /proc/loadavg. They are given out in a circle. */
const pidsSince = (pid: number): number[] => {
  const last = Number(readFileSync("/proc/loadavg", "latin1").trim().split(" ").at(-1));
  const isSince =
    last >= pid ? (other: number) => other > pid && other <= last : (other: number) => other > pid || other <= last;
  return pids().filter(isSince);
};

/** An exec lasts far less than a millisecond, unless the machine is short of memory. */
const IN_EXEC_PAUSES_MS = [2, 5, 20];

const isNothingMarked = async (mark: Mark, candidates: number[]): Promise<boolean> => {
  let { found, inExec } = await look(mark, candidates);
  for (const pauseMs of IN_EXEC_PAUSES_MS) {
    if (found.length > 0 || inExec.length === 0) break;
    await wait(pauseMs);
    ({ found, inExec } = await look(mark, inExec));
  }
  return found.length === 0;
};

/**
 * Makes sure that nothing of an attempt runs any more; to be called once its first process was reaped.
 *
 * With a cgroup that is one read. A process may have been moved out of it (`systemd-run --scope` does that), so that its group
 * is asked for as well.
 *
 * Without, the usual end, with nothing left over, is one look of 0.4 ms: only pids given out since the start are read, which is
 * all of them (5 ms at 200 processes) only where the pids went round meanwhile. Anything found is killed, and then the
 * proof is two empty looks 200 ms apart.
 */
export const proveDead = async (mark: { taskId: string; attempt: number }, leader: Leader): Promise<void> => {
  const cgroup = cgroupOf(mark);
  if (cgroup !== null && (await emptyCgroup(cgroup)) && isGroupEmpty(leader.pid)) return;
  if (isGroupEmpty(leader.pid) && (await wardenOf(mark)) === null) {
    if (!hasProc) return;
    if (await isNothingMarked(mark, mayHaveGoneRound(leader) ? pids() : pidsSince(leader.pid))) return;
  }
  await killUntilGone(mark, leader.pid);
};

const readLine = (path: string): string => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "";
    throw error;
  }
};

/** Changes at every boot; empty where the system has none: then no neighbour may take over, and the lease decides. */
export const bootId = (): string => readLine("/proc/sys/kernel/random/boot_id");

/** Pids are comparable within one of these only: containers share a boot id. Empty where the system has none. */
export const pidNamespace = (): string => (hasProc ? readlinkSync("/proc/self/ns/pid") : "");

/** How well programs are contained on this machine, for the log at start. */
export const describeContainment = (has: { launcher: boolean; wardens: boolean; setpriv: boolean }): string => {
  const guard = has.launcher
    ? "are killed by the worker's launcher when the worker dies or stands still for 45 s"
    : has.setpriv
      ? "die with the worker (setpriv; no launcher, since perl was not found), but not when it stands still"
      : "may outlive a killed worker (neither perl nor setpriv was found)";
  const found =
    has.launcher && cgroupParent() !== null
      ? "each attempt has a cgroup, by which all that it started is killed and proven gone"
      : has.launcher && has.wardens
        ? "each attempt has a process that inherits all that it started, by which that is killed and proven gone"
        : hasProc
          ? "what leaves its process group is found by its mark in /proc and killed, but not what drops that mark too"
          : "what leaves its process group is not found: this system has no /proc";
  const held = has.launcher ? limitsHere() : { memory: false, processes: false };
  const limits = `Memory (resources.memory_mb) is ${held.memory ? "limited" : "counted, not limited"}; the number of processes is ${held.processes ? "limited to half of the machine's" : "not limited"}.`;
  return `Programs run in sessions of their own, ${guard}, and ${found}. ${limits}`;
};
