// Runs one command to its end, its output in a log file, and long-running children with their logs.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, statSync } from "node:fs";
import path from "node:path";
import { identify, sendGroup } from "./processes.mjs";
import { ROOT, Trouble } from "./project.mjs";

const running = new Set();
let closed = false;

/** Kills every command that has not ended, with what it started, and lets nothing start any more. For a Ctrl-C in the middle of one. */
export const killCommands = () => {
  closed = true;
  for (const one of running) sendGroup(one, "SIGKILL");
};

/** Opens a log for appending; one above 50 MB is moved to NAME.1 first. */
export const openLog = (file) => {
  mkdirSync(path.dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > 50 * 1024 * 1024) renameSync(file, `${file}.1`);
  return openSync(file, "a");
};

/** A file's size in bytes, 0 when there is none. */
export const sizeOf = (file) => (existsSync(file) ? statSync(file).size : 0);

/** What a log holds from a byte on, at most its last 256 KiB. */
export const readFrom = (file, offset) => {
  const size = sizeOf(file);
  const from = Math.max(offset, size - 256 * 1024);
  if (size <= from) return "";
  const fd = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(size - from);
    return buffer.toString("utf8", 0, readSync(fd, buffer, 0, buffer.length, from));
  } finally {
    closeSync(fd);
  }
};

/** The last lines of a log from a byte on, for an error report. */
export const tailOf = (file, offset = 0, lines = 20) =>
  readFrom(file, offset).trimEnd().split("\n").slice(-lines).join("\n");

/**
 * Runs a command to its end in its own process group, so that Ctrl-C reaches us first and killCommands() all of it.
 *
 * @param {string} file @param {string[]} args
 * @param {{env?: object, cwd?: string, ids?: {uid?: number, gid?: number}, log?: string, capture?: boolean, stdio?: import("node:child_process").StdioOptions, input?: string, failure?: string}} options
 *   log: file that gets its output; capture: stdout is returned instead; failure: the sentence to throw when it fails
 * @returns {Promise<{code: number, stdout: string}>}
 * @throws Trouble when it fails and `failure` was given
 */
export const run = async (file, args, { env, cwd = ROOT, ids, log, capture = false, stdio, input, failure } = {}) => {
  if (closed) throw new Trouble("Stopped.");
  const offset = log ? sizeOf(log) : 0;
  const fd = log ? openLog(log) : "ignore";
  const child = spawn(file, args, {
    ...ids,
    env,
    cwd,
    detached: true,
    stdio: stdio ?? [input === undefined ? "ignore" : "pipe", capture ? "pipe" : fd, fd],
  });
  if (typeof fd === "number") closeSync(fd);
  const one = child.pid ? identify(child.pid) : null;
  if (one) running.add(one);
  let stdout = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const code = await new Promise((done) => {
    child.once("error", () => done(127));
    child.once("close", (status, signal) =>
      done(status ?? 128 + (signal === "SIGINT" ? 2 : signal === "SIGKILL" ? 9 : 15)),
    );
  });
  if (one) running.delete(one);
  if (code !== 0 && failure) throw new Trouble(failure, { log, tail: log ? tailOf(log, offset) : undefined });
  return { code, stdout };
};

/**
 * Starts a process that is to keep running, in its own group, its output appended to a log.
 *
 * @returns {{pid: number, startTime: string, offset: number, log: string, exited: Promise<string>}}
 *   offset: where in the log its output begins; exited: resolves to how it ended, "exit code 1" or "signal SIGKILL"
 */
export const launch = (file, args, { env, cwd = ROOT, ids, log }) => {
  if (closed) throw new Trouble("Stopped.");
  const offset = sizeOf(log);
  const fd = openLog(log);
  const child = spawn(file, args, { ...ids, env, cwd, detached: true, stdio: ["ignore", fd, fd] });
  closeSync(fd);
  const exited = new Promise((done) => {
    child.once("error", (error) => done(error.message));
    child.once("exit", (code, signal) => done(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  return { ...identify(child.pid ?? 0), offset: Math.min(offset, sizeOf(log)), log, exited };
};
