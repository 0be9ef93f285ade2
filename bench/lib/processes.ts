// What a process uses, read from /proc.
import { readdirSync, readFileSync } from "node:fs";

export const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** CPU seconds that a process has used. */
export const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

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
