// Which processes run, told apart by pid and start time: a pid alone may belong to a stranger by now.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const hasProc = existsSync("/proc/self/stat");

/** Pids and start times count from the machine's start: after a reboot a written pair means nothing. */
export const bootId = () => {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return null;
  }
};

/** Start time of a process (clock ticks since boot, field 22 of /proc/PID/stat; elsewhere what `ps` prints); null when it is gone or a zombie. */
export const startTimeOf = (pid) => {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  try {
    if (!hasProc)
      return (
        execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "ignore"],
        }).trim() || null
      );
    // The name in parentheses may hold anything, so fields are counted from its last ")".
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : fields[19];
  } catch {
    return null;
  }
};

/** @returns {{pid: number, startTime: string | null}} what isAlive can check later, also from another process */
export const identify = (pid) => ({ pid, startTime: startTimeOf(pid) });

export const isAlive = (one) => Boolean(one?.startTime) && startTimeOf(one.pid) === one.startTime;

const signal = (pid, name) => {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
};

/** Signals a process if it is still the same one. */
export const send = (one, name) => isAlive(one) && signal(one.pid, name);

/** Signals what is left of a process's own group (our children are group leaders). The group's number stays taken while it has members. */
export const sendGroup = (one, name) => {
  const now = startTimeOf(one.pid);
  if (now !== null && now !== one.startTime) return false;
  return signal(-one.pid, name);
};

/** Waits until a process is gone. @returns {Promise<boolean>} false when the time ran out */
export const waitGone = async (one, ms) => {
  const end = performance.now() + ms;
  while (isAlive(one)) {
    if (performance.now() > end) return false;
    await sleep(20);
  }
  return true;
};

/**
 * Ends a process: each signal in turn, with its time to act on it.
 *
 * @param {[string, number][]} ladder such as [["SIGTERM", 3000], ["SIGKILL", 1000]]
 */
export const end = async (one, ladder) => {
  for (const [name, ms] of ladder) {
    if (!send(one, name)) return true;
    if (await waitGone(one, ms)) return true;
  }
  return !isAlive(one);
};

const pids = () => {
  if (!hasProc) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
};

const quietly = (read) => {
  try {
    return read();
  } catch {
    return null;
  }
};

/**
 * Processes whose environment holds every given mark, a whole `NAME=value` each.
 *
 * Linux only, elsewhere none. A program cannot take its first environment off /proc, whatever it does with its session and parents.
 */
export const findByEnvironment = (marks, matches = (entries, mark) => entries.includes(mark)) =>
  pids().flatMap((pid) => {
    if (pid === process.pid) return [];
    const entries = quietly(() => readFileSync(`/proc/${pid}/environ`, "latin1"))?.split("\0");
    const one =
      entries && marks.every((mark) => matches(entries, Buffer.from(mark).toString("latin1"))) ? identify(pid) : null;
    return one?.startTime ? [one] : [];
  });

/**
 * Processes of one of the named programs that work in a folder. PostgreSQL and Redis change into their data folder, and
 * write over their environment, so this is how they are found when nobody wrote their pid down.
 */
export const findByFolder = (folder, programs) =>
  pids().flatMap((pid) => {
    if (quietly(() => readlinkSync(`/proc/${pid}/cwd`)) !== folder) return [];
    const program = path.basename(quietly(() => readlinkSync(`/proc/${pid}/exe`))?.replace(/ \(deleted\)$/, "") ?? "");
    const one = programs.includes(program) ? identify(pid) : null;
    return one?.startTime ? [one] : [];
  });

/** Processes, of whatever program, that work in a folder or below it. */
export const findUnder = (folder) =>
  pids().flatMap((pid) => {
    const cwd = quietly(() => readlinkSync(`/proc/${pid}/cwd`))?.replace(/ \(deleted\)$/, "");
    const one = pid !== process.pid && (cwd === folder || cwd?.startsWith(`${folder}/`)) ? identify(pid) : null;
    return one?.startTime ? [one] : [];
  });

/** Parent of a process and the name of its program; null when it is gone. */
export const parentAndName = (pid) => {
  const ps = () =>
    execFileSync("ps", ["-o", "ppid=,comm=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    })
      .trim()
      .match(/^(\d+)\s+(.*)$/);
  const stat = hasProc
    ? quietly(() => readFileSync(`/proc/${pid}/stat`, "utf8"))?.match(/^\d+ \((.*)\) \S (\d+)/s)
    : null;
  const found = hasProc ? stat && [stat[2], stat[1]] : quietly(ps)?.slice(1);
  return found ? { parent: Number(found[0]), name: path.basename(found[1]) } : null;
};

const parentOf = (pid) => parentAndName(pid)?.parent ?? 0;

/** Whether a worker of `npm run worker` is above it: that one runs on its own and sees to its programs itself. */
const belongsToOtherWorker = (pid, workers) => {
  for (let one = parentOf(pid), depth = 0; one > 1 && depth < 50; one = parentOf(one), depth++)
    if (workers.has(one)) return true;
  return false;
};

/** Training programs of a data directory whose worker is gone, by the marks that a worker gives each of them. */
const findPrograms = (dataDir, under) => {
  const found = findByEnvironment(["MLQUEUE_TASK_ID=", `MLQUEUE_DATA_DIR=${dataDir}`], (entries, mark) =>
    mark.endsWith("_ID=")
      ? entries.some((entry) => entry.startsWith(mark))
      : entries.some((entry) => entry === mark || (under && entry.startsWith(`${mark}/`))),
  );
  if (found.length === 0) return found;
  const others = new Set(findByEnvironment(["MLQUEUE_SERVICE=run-worker"]).map(({ pid }) => pid));
  return found.filter(({ pid }) => !belongsToOtherWorker(pid, others));
};

/**
 * Kills the training programs that outlived their worker, until two looks in a row find none.
 *
 * @param {{under?: boolean}} [options] under: also those of data directories below this one (tests make some)
 * @returns {Promise<number>} how many were killed
 */
export const killPrograms = async (dataDir, { under = false } = {}) => {
  const killed = new Set();
  for (let quiet = 0, round = 0; quiet < 2 && round < 20; round++) {
    const left = findPrograms(dataDir, under);
    quiet = left.length === 0 ? quiet + 1 : 0;
    for (const one of left) if (send(one, "SIGKILL")) killed.add(`${one.pid} ${one.startTime}`);
    if (quiet < 2) await sleep(left.length === 0 ? 30 : 60);
  }
  return killed.size;
};
