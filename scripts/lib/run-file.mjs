// DATA_DIR/run.json: what `npm start` runs on this data directory, for the next start and for `npm run worker` and its kin.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { lockHolder } from "./lock.mjs";
import { bootId, isAlive } from "./processes.mjs";

const fileOf = (dataDir) => path.join(dataDir, "run.json");

/** Held by the one supervisor of a data directory for as long as it lives. */
export const lockOf = (dataDir) => path.join(dataDir, "supervisor.lock");

/**
 * What was written down last, by a supervisor that may be dead by now.
 *
 * @returns {{pid: number, startTime: string, bootId: string | null, ports: object, processes: Record<string, {pid: number, startTime: string}>,
 *   databaseUrl?: string, redisUrl?: string, address?: string, dist?: string} | null}
 */
export const readRun = (dataDir) => {
  try {
    return JSON.parse(readFileSync(fileOf(dataDir), "utf8"));
  } catch {
    return null;
  }
};

/** Whole or not at all; the URLs in it hold passwords, so only the owner reads it. */
export const writeRun = (dataDir, run) => {
  mkdirSync(dataDir, { recursive: true });
  const temporary = `${fileOf(dataDir)}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, fileOf(dataDir));
};

/** The live supervisor of this data directory with what it wrote down so far; null when none lives. */
export const liveRun = (dataDir) => {
  const holder = lockHolder(lockOf(dataDir));
  if (holder?.purpose !== "start") return null;
  const run = readRun(dataDir);
  return run?.pid === holder.pid ? run : { pid: holder.pid, startTime: holder.startTime, ports: {}, processes: {} };
};

/** Processes of a written run that still live: {name: {pid, startTime}}. After a reboot none does. */
export const survivors = (run) => {
  if (!run || run.bootId !== bootId()) return {};
  return Object.fromEntries(Object.entries(run.processes ?? {}).filter(([, one]) => isAlive(one)));
};
