// Ends of attempts on disk, until PostgreSQL has them: an outage or a crash between a program's exit and its record loses no result.
//
// A worker appends to a file of its own, `spool/<pid>.<start time>.<random>.<n>.jsonl`: one write for all ends of a turn, where a
// file for each end took five calls. What PostgreSQL has is forgotten file by file, so that there may stand more in it than is still needed:
// an end that is recorded twice changes nothing.
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  write,
} from "node:fs";
import { join } from "node:path";
import { log } from "../src/platform/log";
import type { AttemptEnd } from "../src/tasks/finish";

/** The file of another process, which may live. */
export type SpoolFile = { path: string; pid: number; startTime: number };

type Segment = { path: string; fd: number; bytes: number; unrecorded: number };
type Waiting = { line: string; written: () => void; failed: (error: Error) => void };

/** So much of what is recorded may stand in a file; whoever takes over after a crash reads it once more. */
const MAX_STALE_BYTES = 16 * 1024;
const SEGMENT_BYTES = 64 * 1024;

export class EndSpool {
  readonly #folder: string;
  /** Begins the names of its files. Workers in two containers may have the same pid. */
  readonly #name: string;
  readonly #segmentOf = new Map<string, Segment>();
  #current: Segment | undefined;
  #segments = 0;
  #waiting: Waiting[] = [];

  constructor(dataDir: string, self: { pid: number; pidStartTime: number }) {
    this.#folder = join(dataDir, "spool");
    this.#name = `${self.pid}.${self.pidStartTime}.${randomBytes(4).toString("hex")}.`;
    mkdirSync(this.#folder, { recursive: true });
  }

  /**
   * The programs of the attempt must be proven dead.
   *
   * @returns when the file has it: a crash of this process loses it no more (that of the machine may)
   * @throws what the write throws, such as ENOSPC
   */
  async keep(end: AttemptEnd): Promise<void> {
    const segment = this.#openSegment();
    segment.unrecorded++;
    this.#segmentOf.set(keyOf(end), segment);
    return new Promise((written, failed) => {
      this.#waiting.push({ line: `${JSON.stringify(end)}\n`, written, failed });
      if (this.#waiting.length === 1) setImmediate(() => this.#write(segment));
    });
  }

  /** PostgreSQL has it, or never will. */
  forget(end: AttemptEnd): void {
    const key = keyOf(end);
    const segment = this.#segmentOf.get(key);
    if (!segment) return;
    this.#segmentOf.delete(key);
    segment.unrecorded--;
    if (segment.unrecorded > 0) return;
    if (segment !== this.#current) this.#remove(segment);
    else if (segment.bytes > MAX_STALE_BYTES) {
      ftruncateSync(segment.fd);
      segment.bytes = 0;
    }
  }

  /** Takes the file away, unless an end in it is not recorded. */
  close(): void {
    if (this.#current?.unrecorded === 0) this.#remove(this.#current);
    this.#current = undefined;
  }

  others(): SpoolFile[] {
    return readdirSync(this.#folder).flatMap((name) => {
      const [pid, startTime] = name.split(".");
      const isOther = name.endsWith(".jsonl") && !name.startsWith(this.#name);
      return isOther ? [{ path: join(this.#folder, name), pid: Number(pid), startTime: Number(startTime) }] : [];
    });
  }

  /** All of it is recorded. */
  drop({ path }: SpoolFile): void {
    rmSync(path, { force: true });
  }

  #openSegment(): Segment {
    // No link: it was taken away by an heir that thought this worker dead, as one in another container may.
    const isThere = this.#current !== undefined && fstatSync(this.#current.fd).nlink > 0;
    if (this.#current && isThere && this.#current.bytes < SEGMENT_BYTES) return this.#current;
    if (this.#current?.unrecorded === 0) this.#remove(this.#current);
    const path = join(this.#folder, `${this.#name}${this.#segments++}.jsonl`);
    this.#current = { path, fd: openSync(path, "a"), bytes: 0, unrecorded: 0 };
    return this.#current;
  }

  #remove({ path, fd }: Segment): void {
    closeSync(fd);
    rmSync(path, { force: true });
  }

  #write(segment: Segment): void {
    const batch = this.#waiting;
    this.#waiting = [];
    const lines = Buffer.from(batch.map(({ line }) => line).join(""));
    segment.bytes += lines.length;
    let rest = lines;
    const next = (): void =>
      write(segment.fd, rest, (error, count) => {
        if (error) {
          // Half a line may stand there: nothing is put behind it.
          if (segment === this.#current) this.#current = undefined;
          for (const one of batch) one.failed(error);
        } else if (count < rest.length) {
          rest = rest.subarray(count);
          next();
        } else for (const one of batch) one.written();
      });
    next();
  }
}

const keyOf = ({ taskId, attempt }: AttemptEnd): string => `${taskId}.${attempt}`;

/** The ends in another process's file. The last line is left out if its writer died over it. */
export const endsIn = ({ path }: SpoolFile): AttemptEnd[] => {
  // Taken away by its worker or another heir meanwhile.
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.slice(0, -1).flatMap((line) => {
    try {
      return [JSON.parse(line) as AttemptEnd];
    } catch (error) {
      log.error({ path, line, error: String(error) }, "a spooled end could not be read and was left out");
      return [];
    }
  });
};
