// How many requests a caller may send over a sliding window, counted in this process.

/** What became of the requests of one caller that were counted together. */
export type Taken = {
  /** how many of those asked for; the earlier ones */
  granted: number;
  /** how many more would be granted right now */
  remaining: number;
  /** so long until one more than that would be granted; 0 with an empty window */
  resetMs: number;
};

/** The times of all requests of the last `windowMs`: no window of that length, wherever it begins, holds more than the limit. */
export class SlidingWindow {
  #times: number[] = [];
  /** Before this index all have left the window. */
  #first = 0;

  constructor(private readonly windowMs: number) {}

  /** @param now by a clock that never goes back, in ms */
  count(now: number): number {
    while (this.#first < this.#times.length && (this.#times[this.#first] ?? 0) <= now - this.windowMs) this.#first++;
    if (this.#first > this.#times.length / 2) {
      this.#times = this.#times.slice(this.#first);
      this.#first = 0;
    }
    return this.#times.length - this.#first;
  }

  /** Counts requests that were granted elsewhere. */
  add(now: number, requests: number): void {
    for (let index = 0; index < requests; index++) this.#times.push(now);
  }

  /** Grants as many of the requests as there is room for. Those refused are not counted: who waits is let in again. */
  take(now: number, limit: number, asked: number): Taken {
    const granted = Math.max(0, Math.min(asked, limit - this.count(now)));
    this.add(now, granted);
    const count = this.#times.length - this.#first;
    // With a limit that was lowered meanwhile, more than one have to leave before the next one is let in.
    const leaving = this.#times[this.#first + Math.max(0, count - limit)];
    return {
      granted,
      remaining: Math.max(0, limit - count),
      resetMs: leaving === undefined ? 0 : leaving + this.windowMs - now,
    };
  }
}
