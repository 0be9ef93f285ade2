// PostgreSQL's clock beside one that nobody sets: leases and silences are measured by the former, which may be put ahead by an hour.
import { getSql } from "./db";

/** Epoch ms. */
const databaseNow = async (): Promise<number> => {
  const [row] = await getSql()<{ now: number }[]>`SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now`;
  if (!row) throw new Error("PostgreSQL did not tell the time.");
  return row.now;
};

export class DatabaseClock {
  #before: { theirs: number; ours: number } | undefined;

  /** @param toleranceMs answers that are slow look like a clock that was set by as much */
  constructor(
    readonly toleranceMs: number,
    private readonly ask: () => Promise<number> = databaseNow,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether it went on otherwise than time did since the last look: it was set, or the machine slept. @throws while PostgreSQL is away */
  async wasSet(): Promise<boolean> {
    const askedAt = this.now();
    const theirs = await this.ask();
    const ours = (askedAt + this.now()) / 2;
    const { theirs: theirsBefore, ours: oursBefore } = this.#before ?? { theirs, ours };
    this.#before = { theirs, ours };
    return Math.abs(theirs - theirsBefore - (ours - oursBefore)) > this.toleranceMs;
  }
}
