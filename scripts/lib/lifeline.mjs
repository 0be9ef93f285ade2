// When to stop: Ctrl-C, SIGTERM, a closed terminal, or the npm that started us being gone.
import { readFileSync } from "node:fs";

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
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    if (first === 0) ask("npm ended");
  }, 250);
  timer.unref();
};
