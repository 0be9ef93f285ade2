// Keeps the head and the tail of an attempt's output, and hands it out in batches.
import type { LogLine } from "../src/logs/append";

/** Engine: an attempt keeps 64 MiB or 1,000,000 lines, head and tail. The tail waits in memory, so it is the small part. */
export const LIMITS = {
  headLines: 900_000,
  headBytes: 56 * 2 ** 20,
  tailLines: 100_000,
  tailBytes: 8 * 2 ** 20,
  batchLines: 500,
  batchBytes: 64 * 1024,
};
export type Limits = typeof LIMITS;

type Batch = { lines: LogLine[]; bytes: number };

/**
 * Lines that wait to be stored, in order.
 *
 * At most the tail's limit waits. When more comes (PostgreSQL is away, or the head is full and the tail is held until
 * the end), the oldest waiting ones are left out, a batch at a time, and a note stands in their place.
 */
export class LineBuffer {
  #batches: Batch[] = [];
  #lines = 0;
  #bytes = 0;
  #takenLines = 0;
  #takenBytes = 0;
  #leftOut = 0;
  #isReleased = false;

  constructor(
    readonly limits: Limits,
    readonly note: (text: string) => LogLine,
  ) {}

  /** @returns whether a batch is full */
  add(line: LogLine): boolean {
    const bytes = Buffer.byteLength(line[2]);
    const { limits } = this;
    let last = this.#batches.at(-1);
    const isFull =
      last !== undefined && (last.lines.length >= limits.batchLines || last.bytes + bytes > limits.batchBytes);
    if (last === undefined || isFull) {
      last = { lines: [], bytes: 0 };
      this.#batches.push(last);
    }
    last.lines.push(line);
    last.bytes += bytes;
    this.#lines++;
    this.#bytes += bytes;
    while (this.#batches.length > 1 && (this.#lines > limits.tailLines || this.#bytes > limits.tailBytes))
      this.#leftOut += this.#shift()?.lines.length ?? 0;
    return isFull;
  }

  /** The head is stored: what comes now waits for the end. */
  get isHeld(): boolean {
    return (
      !this.#isReleased && (this.#takenLines >= this.limits.headLines || this.#takenBytes >= this.limits.headBytes)
    );
  }

  /** More than half of what may wait. */
  get isCrowded(): boolean {
    return this.#lines > this.limits.tailLines / 2 || this.#bytes > this.limits.tailBytes / 2;
  }

  get waitingLines(): number {
    return this.#lines;
  }

  /** At the end the tail may go too. */
  release(): void {
    this.#isReleased = true;
  }

  /** The next batch, null when none may go now. It is the caller's from then on. */
  take(): LogLine[] | null {
    if (this.isHeld) return null;
    const batch = this.#shift();
    if (batch === undefined) return null;
    this.#takenLines += batch.lines.length;
    this.#takenBytes += batch.bytes;
    const lines =
      this.#leftOut === 0
        ? batch.lines
        : [this.note(`… ${this.#leftOut.toLocaleString("en-US")} lines left out …`), ...batch.lines];
    this.#leftOut = 0;
    if (this.isHeld)
      lines.push(
        this.note("This attempt has printed a lot: from here on only its last lines are kept, and shown when it ends."),
      );
    return lines;
  }

  #shift(): Batch | undefined {
    const batch = this.#batches.shift();
    if (batch !== undefined) {
      this.#lines -= batch.lines.length;
      this.#bytes -= batch.bytes;
    }
    return batch;
  }
}
