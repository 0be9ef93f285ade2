// A cgroup for each attempt, where the machine lets this worker make one: whatever its program starts stays in it, daemons too, is
// killed by one write, and is known to be gone by one read. (cgroup v2: the kernel's Documentation/admin-guide/cgroup-v2.rst)
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

/** This process's own cgroup in one of the trees that are mounted. */
const ownIn = (
  isTree: (type: string, options: string[]) => boolean,
  isLine: (controllers: string) => boolean,
): string | null => {
  if (!existsSync("/proc/self/mountinfo")) return null;
  const mount = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" - "))
    .find(([, right = ""]) => {
      const [type = "", , options = ""] = right.split(" ");
      return isTree(type, options.split(","));
    });
  const own = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([, controllers]) => controllers !== undefined && isLine(controllers));
  const [, , , root = "", folder = ""] = mount?.[0]?.split(" ") ?? [];
  if (!folder || own === undefined) return null;
  const path = own.slice(2).join(":");
  // Of a container only a part of the tree may be mounted.
  return join(folder, root !== "/" && path.startsWith(root) ? path.slice(root.length) : path);
};

/** In the v2 tree: on hybrid machines it is mounted beside those of v1. null without one. */
export const ownCgroup = (): string | null =>
  ownIn(
    (type) => type === "cgroup2",
    (controllers) => controllers === "",
  );

/** In the v1 tree of a controller. */
export const ownCgroupV1 = (controller: string): string | null =>
  ownIn(
    (type, options) => type === "cgroup" && options.includes(controller),
    (controllers) => controllers.split(",").includes(controller),
  );

/** A process is moved once, so that what a program would meet is met here. */
const canMove = (cgroup: string): boolean => {
  try {
    execFileSync("sh", ["-c", 'echo 0 > "$1/cgroup.procs"', "sh", cgroup], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

/** Another worker that starts or stops beside this one may take the empty folder away before there is anything in it. */
const TRIES = 5;

const findParent = (): string | null => {
  const own = ownCgroup();
  if (own === null) return null;
  const parent = join(own, "mlqueue");
  const probe = join(parent, `probe.${process.pid}`);
  for (let left = TRIES; left > 0; left--) {
    try {
      mkdirSync(probe, { recursive: true });
      const isUsable = existsSync(join(probe, "cgroup.kill")) && canMove(probe);
      rmdirSync(probe);
      if (isUsable) return parent;
    } catch (error) {
      // Read-only, as in most containers, or another user's.
      if (!["ENOENT", "ENODEV"].includes(codeOf(error))) return null;
    }
  }
  return null;
};

let parent: string | null | undefined;

/** Folder that attempts have their cgroups in; null where this worker may make none. */
export const cgroupParent = (): string | null => {
  if (parent === undefined) parent = findParent();
  return parent;
};

/** Its folder, which need not exist; null where there are none. */
export const cgroupOf = ({ taskId, attempt }: { taskId: string; attempt: number }): string | null => {
  const folder = cgroupParent();
  return folder === null ? null : join(folder, `${taskId}.${attempt}`);
};

/** Whether a process runs in it; zombies do not count. null: there is no such cgroup. */
export const isPopulated = (cgroup: string): boolean | null => {
  try {
    return readFileSync(join(cgroup, "cgroup.events"), "latin1").includes("populated 1");
  } catch (error) {
    // ENODEV: removed between open and read.
    if (["ENOENT", "ENODEV"].includes(codeOf(error))) return null;
    throw error;
  }
};

/** SIGKILL to all that is in it, forks under way included. */
export const killCgroup = (cgroup: string): void => {
  try {
    writeFileSync(join(cgroup, "cgroup.kill"), "1", { flag: "r+" });
  } catch (error) {
    if (!["ENOENT", "ENODEV"].includes(codeOf(error))) throw error;
  }
};

/** Takes it away, with those that its program made within. It must be empty. */
const removeCgroup = (cgroup: string): void => {
  try {
    rmdirSync(cgroup);
  } catch (error) {
    if (["ENOENT", "ENODEV"].includes(codeOf(error))) return;
    if (codeOf(error) !== "EBUSY") throw error;
    for (const entry of readdirSync(cgroup, { withFileTypes: true }))
      if (entry.isDirectory()) removeCgroup(join(cgroup, entry.name));
    rmdirSync(cgroup);
  }
};

const PAUSES_MS = [1, 2, 5, 10, 20];

/**
 * Kills what runs in a cgroup, waits until it is gone, and takes the cgroup away.
 *
 * @returns false when there is no such cgroup: then nothing is known
 */
export const emptyCgroup = async (cgroup: string): Promise<boolean> => {
  for (let looks = 0; ; looks++) {
    const populated = isPopulated(cgroup);
    if (populated === null) return looks > 0;
    if (!populated) break;
    killCgroup(cgroup);
    await wait(PAUSES_MS[Math.min(looks, PAUSES_MS.length - 1)]);
  }
  removeCgroup(cgroup);
  return true;
};

/** A worker tries just now whether it may make cgroups: without its probe it would go without them for all of its life. */
const isLiveProbe = (name: string): boolean => name.startsWith("probe.") && existsSync(`/proc/${name.slice(6)}`);

/** Unless a program of another worker entered it since it was looked at. */
const removeIfEmpty = (cgroup: string): void => {
  if (isPopulated(cgroup) !== false) return;
  try {
    removeCgroup(cgroup);
  } catch (error) {
    if (codeOf(error) !== "EBUSY") throw error;
  }
};

/** Takes away the empty cgroups that killed workers left. One that is being made just now may go too: it is made again. */
export const sweepCgroups = (): void => {
  const folder = cgroupParent();
  if (folder === null || !existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && !isLiveProbe(entry.name)) removeIfEmpty(join(folder, entry.name));
  }
  try {
    rmdirSync(folder);
  } catch {
    // Programs of another worker run in it.
  }
};
