// How often the kernel killed for want of memory: in this process' cgroup, or else on the whole machine.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

type Counter = { path: string; pattern: RegExp };

const readIfThere = (path: string): string => (existsSync(path) ? readFileSync(path, "latin1") : "");

/** The cgroup's own counter is narrower than the machine's: v2 `memory.events`, v1 `memory.oom_control`. */
const findCounter = (): Counter | null => {
  const mounts = readIfThere("/proc/self/mountinfo").split("\n");
  const groups = readIfThere("/proc/self/cgroup")
    .trim()
    .split("\n")
    .map((line) => line.split(":"));
  const candidates: Counter[] = [];
  for (const mount of mounts) {
    const [left = "", right = ""] = mount.split(" - ");
    const folder = left.split(" ")[4] ?? "";
    const [type, , options = ""] = right.split(" ");
    const isV1Memory = type === "cgroup" && options.split(",").includes("memory");
    if (type !== "cgroup2" && !isV1Memory) continue;
    const group = groups.find(([, controllers = ""]) =>
      isV1Memory ? controllers.split(",").includes("memory") : controllers === "",
    );
    candidates.push({
      path: join(folder, group?.[2] ?? "/", isV1Memory ? "memory.oom_control" : "memory.events"),
      pattern: /^oom_kill (\d+)$/m,
    });
  }
  candidates.push({ path: "/proc/vmstat", pattern: /^oom_kill (\d+)$/m });
  return candidates.find(({ path, pattern }) => pattern.test(readIfThere(path))) ?? null;
};

let counter: Counter | null | undefined;

/** Before a program starts: where many do, they share a look. */
const SHARED_MS = 100;
let shared: { count: number | null; at: number } | undefined;

export const oomKillsLately = (): number | null => {
  const now = performance.now();
  if (shared === undefined || now - shared.at > SHARED_MS) shared = { count: oomKills(), at: now };
  return shared.count;
};

/** null where the system does not count them. */
export const oomKills = (): number | null => {
  if (counter === undefined) counter = findCounter();
  const count = counter === null ? undefined : counter.pattern.exec(readIfThere(counter.path))?.[1];
  return count === undefined ? null : Number(count);
};
