// Hands batches to a sink one after the other, and again when PostgreSQL was away.

import { isOutage, isRetryable } from "../src/platform/errors";
import { log } from "../src/platform/log";

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;
/** An answer other than "away" is a bug, and it must not hold up all that comes after it. */
const MAX_REFUSALS = 5;

/** Sends in order, one batch at a time; what the sink refuses for want of PostgreSQL is sent again with growing pauses. */
export class BatchSender<Batch extends { length: number }> {
  #sending: Promise<void> | null = null;
  #isGivenUp = false;
  #giveUp: () => void = () => {};
  readonly #givenUp = new Promise<"given up">((resolve) => {
    this.#giveUp = () => {
      this.#isGivenUp = true;
      resolve("given up");
    };
  });
  #lost = 0;

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
    const timer = setTimeout(() => this.#giveUp(), Math.max(0, deadline - performance.now()));
    this.kick();
    await this.#sending;
    clearTimeout(timer);
    return this.#lost;
  }

  async #sendAll(): Promise<void> {
    for (let batch = this.take(); batch !== null; batch = this.take()) {
      if (this.#isGivenUp || !(await this.#sendOne(batch))) this.#lost += batch.length;
      else this.sent();
    }
  }

  /** @returns false when the batch was lost */
  async #sendOne(batch: Batch): Promise<boolean> {
    for (let tries = 1, refusals = 0; !this.#isGivenUp; tries++) {
      try {
        const outcome = await Promise.race([this.send(batch).then(() => "sent"), this.#givenUp]);
        return outcome === "sent";
      } catch (error) {
        if (tries === 1)
          log.warn(
            { error: messageOf(error), entries: batch.length },
            `${this.what} could not be stored yet; they are tried again`,
          );
        if (!isOutage(error) && !isRetryable(error)) refusals++;
        if (refusals === MAX_REFUSALS) {
          log.error({ error, entries: batch.length }, `${this.what} could not be stored and were left out`);
          return false;
        }
        await this.#pause(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1)));
      }
    }
    return false;
  }

  async #pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([over, this.#givenUp]);
    clearTimeout(timer);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
