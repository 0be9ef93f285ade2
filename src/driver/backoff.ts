// PURE but for the clock that is passed in: how long to wait before trying again.

export type Clock = {
  /** ms of a clock that nobody sets */
  now: () => number;
  /** Resolves after the time, or at once when the signal is aborted. */
  wait: (ms: number, signal?: AbortSignal) => Promise<void>;
};

export const systemClock: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done);
    }),
};

const FIRST_MS = 200;
const MAX_MS = 10_000;

/**
 * Doubles from 0.2 s to 10 s, of which a random half is left out so that drivers do not come back in step.
 *
 * @param tries  1 after the first failure
 * @param random 0..1
 */
export const backoffMs = (tries: number, random: number = Math.random()): number =>
  Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(tries - 1, 20)) * (0.5 + random / 2);

/** What a failed call means for its caller. */
export type Again = { retryAfterSeconds: number | undefined } | null;

/**
 * Calls until it succeeds, or fails with what waiting does not mend.
 *
 * @param isAgain null when the error is final; it is then thrown
 * @throws the signal's reason once it is aborted; what `call` throws and is final
 */
export const untilAnswered = async <T>(
  call: () => Promise<T>,
  options: {
    clock: Clock;
    isAgain: (error: unknown) => Again;
    signal?: AbortSignal;
    onAway?: (error: unknown) => void;
  },
): Promise<T> => {
  for (let tries = 1; ; tries++) {
    options.signal?.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      const again = options.isAgain(error);
      if (again === null) throw error;
      options.onAway?.(error);
      await options.clock.wait(Math.max(backoffMs(tries), (again.retryAfterSeconds ?? 0) * 1000), options.signal);
    }
  }
};
