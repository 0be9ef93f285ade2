// Keeps one process running: starts it again when it dies, on the same port with the same password.
import { end, isAlive, sleep } from "./processes.mjs";

/** Waits before each further try of a process that keeps dying; the first is without. A worker must be back within 3 s even then. */
const DELAYS_MS = [0, 100, 250, 500, 1000, 2000];

/** Up for this long, and the next death is a first one again. */
const STEADY_MS = 10_000;

/**
 * @param {{name: string, start: () => Promise<object>, say: (sentence: string) => void}} options
 *   start: brings it up and returns {pid, startTime, exited?}; exited is missing for a process that another run started
 */
export const makeKeeper = ({ name, start, say }) => {
  let current = null;
  let stopped = false;
  let wake = () => {};

  const ended = async (one) => {
    if (one.exited) return one.exited;
    while (isAlive(one)) await sleep(200);
    return "killed";
  };

  const watch = async () => {
    let quick = 0;
    while (!stopped) {
      const since = performance.now();
      const how = await ended(current);
      if (stopped) return;
      const lived = performance.now() - since;
      quick = lived < STEADY_MS ? quick + 1 : 0;
      say(`${name} ended (${how}); starting it again`);
      const down = performance.now();
      for (;;) {
        const delay = DELAYS_MS[Math.min(quick, DELAYS_MS.length - 1)];
        if (delay > 0) await Promise.race([sleep(delay), new Promise((done) => (wake = done))]);
        if (stopped) return;
        try {
          current = await start();
          say(`${name} runs again after ${((performance.now() - down) / 1000).toFixed(1)} s`);
          break;
        } catch (error) {
          if (stopped) return;
          say(`${name} did not start: ${error.message}${error.log ? ` See ${error.log}` : ""}`);
          quick++;
        }
      }
    }
  };

  return {
    name,
    /** Brings it up the first time. @throws what start throws */
    begin: async () => {
      current = await start();
      return current;
    },
    /** From now on its death is noticed. */
    keep: () => {
      watch().catch((error) => say(`${name} is no longer watched: ${error.stack}`));
    },
    /** Ends it, for the watch to start it again; at once if it waits for its next try. */
    restart: async (ms) => {
      wake();
      if (current)
        await end(current, [
          ["SIGTERM", ms],
          ["SIGKILL", 500],
        ]);
    },
    /** No more starts. What still runs is the caller's to end. */
    release: () => {
      stopped = true;
      wake();
    },
  };
};
