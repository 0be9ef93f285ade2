// For how long a connection that owes an answer has been silent.

/** How often connections are looked at. */
export const LOOK_MS = 500;

/**
 * Counts silence between looks. Only time in which this process could have heard something counts: an event loop or a process that
 * stood still for ten seconds finds the answers of those ten seconds in its sockets, after its timers.
 */
export class Silence {
  #mark: string | number | null = null;
  #ms = 0;

  /**
   * @param mark what changes with every byte that comes or goes; null while nothing is owed
   * @param elapsedMs since the look before
   * @returns ms of silence
   */
  look(mark: string | number | null, elapsedMs: number): number {
    this.#ms = mark !== null && mark === this.#mark ? this.#ms + Math.min(elapsedMs, 2 * LOOK_MS) : 0;
    this.#mark = mark;
    return this.#ms;
  }

  get ms(): number {
    return this.#ms;
  }
}

/** Calls `look` every LOOK_MS with the ms since the time before. It keeps no process alive. @returns what ends it */
export const everyLook = (look: (elapsedMs: number) => void): (() => void) => {
  let before = performance.now();
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - before;
    before += elapsedMs;
    look(elapsedMs);
  }, LOOK_MS).unref();
  return () => clearInterval(timer);
};
