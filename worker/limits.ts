// Limits on what programs use, where the machine has cgroup controllers for them: v2's if they are handed down to this worker, else v1's.
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { cgroupOf, cgroupParent, ownCgroup, ownCgroupV1 } from "./cgroup";

/** A cgroup with its settings, for the program to be in. */
export type Limit = { folder: string; settings: [file: string, value: string][] };

type Controller = { version: 1 | 2; folder: string };

/** Folder `mlqueue` in this worker's own cgroup, under which the controller works. */
const find = (name: "memory" | "pids"): Controller | null => {
  const parent = cgroupParent();
  const own = ownCgroup();
  try {
    if (parent !== null && own !== null) {
      const isThere = readFileSync(join(own, "cgroup.controllers"), "utf8").split(/\s/).includes(name);
      if (isThere) {
        mkdirSync(parent, { recursive: true });
        for (const folder of [own, parent]) writeFileSync(join(folder, "cgroup.subtree_control"), `+${name}`);
        return { version: 2, folder: parent };
      }
    }
    const v1 = ownCgroupV1(name);
    if (v1 === null) return null;
    const folder = join(v1, "mlqueue");
    mkdirSync(folder, { recursive: true });
    // It may be there as another account's.
    accessSync(folder, constants.W_OK);
    return { version: 1, folder };
  } catch {
    // Read-only, another user's, or with processes where v2 wants none.
    return null;
  }
};

const found = new Map<string, Controller | null>();
const controller = (name: "memory" | "pids"): Controller | null => {
  if (!found.has(name)) found.set(name, find(name));
  return found.get(name) ?? null;
};

/** Which limits hold here, for the log at start. */
export const limitsHere = (): { memory: boolean; processes: boolean } => ({
  memory: controller("memory") !== null,
  processes: controller("pids") !== null,
});

/**
 * @param memoryMb MiB; 0: none
 * @returns null without a limit, or where this machine has none
 */
export const memoryLimit = (mark: { taskId: string; attempt: number }, memoryMb: number): Limit | null => {
  const memory = memoryMb > 0 ? controller("memory") : null;
  if (memory === null) return null;
  // Another worker that stopped may have taken it away.
  mkdirSync(memory.folder, { recursive: true });
  const bytes = String(memoryMb * 2 ** 20);
  if (memory.version === 2)
    return {
      folder: cgroupOf(mark) ?? "",
      settings: [["memory.max", bytes], ...swap(memory.folder, "memory.swap.max", "0")],
    };
  return {
    folder: join(memory.folder, `${mark.taskId}.${mark.attempt}`),
    // In this order: with swap it may not be less than without.
    settings: [["memory.limit_in_bytes", bytes], ...swap(memory.folder, "memory.memsw.limit_in_bytes", bytes)],
  };
};

/** Not on every kernel. */
const swap = (folder: string, file: string, value: string): Limit["settings"] =>
  existsSync(join(folder, file)) ? [[file, value]] : [];

/** Whether the kernel killed something in it for going over. To be asked before its cgroup is taken away. */
export const wentOver = ({ folder }: Limit): boolean =>
  ["memory.events", "memory.oom_control"].some((file) => {
    const path = join(folder, file);
    return existsSync(path) && /^oom_kill [1-9]/m.test(readFileSync(path, "latin1"));
  });

/** Once nothing runs in it. Of v2 it is the attempt's own cgroup, and gone already. */
export const removeLimit = ({ folder }: Limit): void => {
  try {
    rmdirSync(folder);
  } catch {
    // Not there, or still in use: swept at the next start.
  }
};

/**
 * Lets a process and all that it starts be so many at once, threads included: a fork bomb leaves the machine room for others.
 * Half of what the machine has numbers for.
 */
export const limitProcesses = (
  pid: number,
  most = Number(readFileSync("/proc/sys/kernel/pid_max", "utf8")) / 2,
): void => {
  const pids = controller("pids");
  if (pids === null) return;
  // v2: that of all attempts together.
  const folder = pids.version === 2 ? pids.folder : join(pids.folder, `launcher.${pid}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "pids.max"), String(Math.floor(most)));
  if (pids.version === 1) writeFileSync(join(folder, "cgroup.procs"), String(pid));
};

/** Takes away what workers that ended left, and the folder with it while no other uses it: it is made again when it is wanted. */
export const sweepLimits = (): void => {
  for (const name of ["memory", "pids"] as const) {
    const at = controller(name);
    if (at?.version !== 1 || !existsSync(at.folder)) continue;
    for (const entry of readdirSync(at.folder, { withFileTypes: true }))
      if (entry.isDirectory()) removeLimit({ folder: join(at.folder, entry.name), settings: [] });
    removeLimit({ folder: at.folder, settings: [] });
  }
};
