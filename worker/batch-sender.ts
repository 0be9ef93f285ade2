// Hands batches to a sink one after the other, and again when PostgreSQL was away.
import { log } from "../src/platform/log";
import { isOutage, isRetryable } from "../src/platform/errors";

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;
/** An answer other than "away" is a bug, and it must not hold up all that comes after it. */
const MAX_REFUSALS = 5;

export class BatchSender<Batch extends { length: number }> {
  #sending: Promise<void> | null = null;
  #isGivenUp = false;
  #wake: () => void = () => {};
  #lost = 0;
  /** set while a batch waits for its next try */
  isFailing = false;

  /**
   * @param take next batch, null when there is none; it is sent unchanged until the sink takes it
   * @param sent called after each batch that the sink took
   */
  constructor(
    readonly what: string,
    readonly take: () => Batch | null,
    readonly send: (batch: Batch) => Promise<unknown>,
    readonly sent: () => void = () => {},
  ) {}

  /** Sends what there is, unless it is being sent already. */
  kick(): void {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
  }

  /** Resolves when everything was taken, or the time is over. @returns how many entries were lost */
  async drain(deadline: number): Promise<number> {
    const timer = setTimeout(() => this.#giveUp(), Math.max(0, deadline - Date.now()));
    this.kick();
    await this.#sending;
    clearTimeout(timer);
    return this.#lost;
  }

  #giveUp(): void {
    this.#isGivenUp = true;
    this.#wake();
  }

  async #sendAll(): Promise<void> {
    for (let batch = this.take(); batch !== null; batch = this.take()) {
      if (this.#isGivenUp || !(await this.#sendOne(batch))) this.#lost += batch.length;
      else this.sent();
    }
  }

  async #sendOne(batch: Batch): Promise<boolean> {
    let refusals = 0;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2)) {
      try {
        await this.send(batch);
        this.isFailing = false;
        return true;
      } catch (error) {
        this.isFailing = true;
        const reason = error instanceof Error ? error.message : String(error);
        if (!isOutage(error) && !isRetryable(error) && ++refusals === MAX_REFUSALS) {
          log.error({ error, entries: batch.length }, `${this.what} could not be stored and were left out`);
          return false;
        }
        log.warn({ error: reason }, `${this.what} could not be stored yet; they are tried again`);
      }
      if (this.#isGivenUp) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (this.#isGivenUp) return false;
    }
  }
}
