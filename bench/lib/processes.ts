// What a process uses, read from /proc.
import { readdirSync, readFileSync } from "node:fs";

export const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Ticks of user and system time, then the same of its children that ended. */
const ticks = (pid: number | "self"): [number, number, number, number] => {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).map(Number) as [number, number, number, number];
};

/** CPU seconds that a process has used. */
export const cpuSeconds = (pid: number): number => {
  const [user, system] = ticks(pid);
  return (user + system) / 100;
};

/** CPU seconds that the children of a process have used which have ended. */
export const cpuSecondsOfEnded = (pid: number | "self"): number => {
  const [, , user, system] = ticks(pid);
  return (user + system) / 100;
};

/** Of all processes whose command line holds a text. */
export const pidsWith = (text: string): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(text);
      } catch {
        // Ended meanwhile.
        return false;
      }
    });

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);

/** The first process below this one, nearest first, that a program of this name runs; undefined where there is none. */
export const processBelow = (pid: number, name: string): number | undefined => {
  const next = childrenOf(pid);
  for (let one = next.shift(); one !== undefined; one = next.shift()) {
    if (readFileSync(`/proc/${one}/comm`, "utf8").trim() === name) return one;
    next.push(...childrenOf(one));
  }
  return undefined;
};
