// When to stop: Ctrl-C, SIGTERM, a closed terminal, or the npm that started us being gone.
import { readFileSync } from "node:fs";
import { parentAndName } from "./processes.mjs";

/** One Ctrl-C reaches us twice under npm, from the terminal and passed on; a person's second one comes later than this. */
const SAME_MS = 700;

/** `nohup` starts us with SIGHUP ignored: keep it so. (Bit 0 of SigIgn is signal 1.) */
const ignoresHangUp = () => {
  try {
    const mask = readFileSync("/proc/self/status", "utf8").match(/^SigIgn:\s*([0-9a-f]+)/m)?.[1] ?? "0";
    return (BigInt(`0x${mask}`) & 1n) === 1n;
  } catch {
    return false;
  }
};

/**
 * The npm that runs us, which is our parent or, where `sh -c` did not become us, its parent: killed with SIGKILL it leaves
 * that shell alive.
 *
 * @returns {() => boolean} whether it is gone
 */
const watchNpm = () => {
  const parent = process.ppid;
  const above = parentAndName(parent);
  const npm =
    above && /^(sh|dash|ash|bash|busybox|zsh|ksh)$/.test(above.name) && above.parent > 1 ? above.parent : null;
  const exists = (pid) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return error.code === "EPERM";
    }
  };
  return () => process.ppid !== parent || (npm !== null && !exists(npm));
};

/**
 * Calls stop(reason) once, and force() at a second Ctrl-C or SIGTERM.
 *
 * npm runs scripts through `sh -c`, which passes no signal on, so the parent is watched when npm is it: when it goes, so do we.
 */
export const onStop = (stop, force = () => {}) => {
  let first = 0;
  const ask = (reason) => {
    const now = Date.now();
    if (first === 0) {
      first = now;
      stop(reason);
    } else if (now - first > SAME_MS) force();
  };
  process.on("SIGINT", () => ask("SIGINT"));
  process.on("SIGTERM", () => ask("SIGTERM"));
  if (ignoresHangUp()) process.on("SIGHUP", () => {});
  else process.on("SIGHUP", () => ask("SIGHUP"));
  if (!process.env.npm_lifecycle_event) return;
  const isGone = watchNpm();
  const timer = setInterval(() => {
    if (!isGone()) return;
    clearInterval(timer);
    if (first === 0) ask("npm ended");
  }, 250);
  timer.unref();
};
