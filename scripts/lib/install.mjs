// Packages: `npm ci`, only when node_modules does not hold what package-lock.json says.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "./command.mjs";
import { waitLock } from "./lock.mjs";
import { LOCAL_DIR, ROOT } from "./project.mjs";

const lockFile = () => path.join(ROOT, "package-lock.json");
const noteFile = () => path.join(ROOT, "node_modules/.mlqueue-lock");

const hashOfLock = () => createHash("sha256").update(readFileSync(lockFile())).digest("hex");

const readJson = (file) => {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
};

/**
 * True when npm's own list of what it installed says the same as the lockfile: after `npm install` by hand there is
 * nothing to do. Packages for other platforms, and what only those need, are in the lockfile alone.
 */
export const isInstalled = (wanted, installed) => {
  if (!wanted?.packages || !installed?.packages) return false;
  const names = Object.keys(wanted.packages).filter((name) => name !== "");
  const fits = ({ os, cpu }) => (!os || os.includes(process.platform)) && (!cpu || cpu.includes(process.arch));
  for (const name of names) {
    const want = wanted.packages[name];
    const have = installed.packages[name];
    if (!have && want.optional && (!(want.os || want.cpu) || !fits(want) || want.libc)) continue;
    if (!have || have.version !== want.version) return false;
  }
  return Object.keys(installed.packages).every((name) => name in wanted.packages);
};

/** Whether `npm ci` is needed. Writes down a match that npm alone knew of. */
export const isInstallStale = () => {
  const note = noteFile();
  const hash = hashOfLock();
  if (existsSync(note) && readFileSync(note, "utf8").trim() === hash) return false;
  if (!isInstalled(readJson(lockFile()), readJson(path.join(ROOT, "node_modules/.package-lock.json")))) return true;
  writeFileSync(note, `${hash}\n`);
  return false;
};

/** npm itself: the one that runs us, so that it is the same version, else the one on PATH. */
const npm = (given) => (/npm-cli\.c?js$/.test(given ?? "") ? [process.execPath, given] : ["npm"]);

/**
 * Installs when needed.
 *
 * @param {{env: object, log: string, say?: (note: string) => void}} options
 * @returns {Promise<string>} what was done, for the step list
 * @throws Trouble with the end of npm's output
 */
export const install = async ({ env, log, say = () => {} }) => {
  if (!isInstallStale()) return "up to date";
  const release = await waitLock(path.join(LOCAL_DIR, "install.lock"), "npm ci", {
    onWait: (holder) => say(`waiting for the install of process ${holder.pid}`),
  });
  try {
    if (!isInstallStale()) return "up to date";
    say("npm ci");
    const clean = { ...env };
    // With NODE_ENV=production npm leaves out what builds and tests need.
    delete clean.NODE_ENV;
    const [file, ...args] = [...npm(clean.npm_execpath), "ci", "--include=dev", "--no-audit", "--no-fund"];
    await run(file, args, {
      env: clean,
      log,
      failure: "`npm ci` failed: mend what it says below (often the network) and start again.",
    });
    writeFileSync(noteFile(), `${hashOfLock()}\n`);
    return "installed";
  } finally {
    release();
  }
};
