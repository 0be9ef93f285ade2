// A lock file that names its holder: one at a time, and a dead holder's lock is free.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bootId, identify, isAlive, sleep } from "./processes.mjs";

const read = (file) => {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
};

/** Who holds the lock now; null when nobody alive does. @returns {{pid: number, startTime: string, purpose: string} | null} */
export const lockHolder = (file) => {
  const holder = read(file);
  return holder && holder.bootId === bootId() && isAlive(holder) ? holder : null;
};

/**
 * Takes the lock, or says who has it.
 *
 * link() makes the file appear whole or not at all. A dead holder's file is moved aside first; whoever moved away a living
 * one's by losing that race puts it back.
 *
 * @returns {{release: () => void} | {holder: object}}
 */
export const tryLock = (file, purpose) => {
  mkdirSync(path.dirname(file), { recursive: true });
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ ...identify(process.pid), bootId: bootId(), purpose }));
  try {
    for (let round = 0; round < 5; round++) {
      try {
        linkSync(mine, file);
        return { release: () => read(file)?.pid === process.pid && rmSync(file, { force: true }) };
      } catch (error) {
        if (error.code !== "EEXIST") throw error;
      }
      const holder = lockHolder(file);
      if (holder) return { holder };
      const aside = `${mine}.old`;
      try {
        renameSync(file, aside);
        if (lockHolder(aside)) linkSync(aside, file);
      } catch {
        // Another one was quicker: look again.
      }
      rmSync(aside, { force: true });
    }
    return { holder: read(file) ?? { pid: 0, purpose: "unknown" } };
  } finally {
    rmSync(mine, { force: true });
  }
};

/** Waits for the lock; `onWait(holder)` is called once when it is not free at once. @returns {Promise<() => void>} release */
export const waitLock = async (file, purpose, { onWait = () => {}, ms = Number.POSITIVE_INFINITY } = {}) => {
  const until = performance.now() + ms;
  for (let round = 0; ; round++) {
    const got = tryLock(file, purpose);
    if ("release" in got) return got.release;
    if (round === 0) onWait(got.holder);
    if (performance.now() > until) return null;
    await sleep(100);
  }
};
