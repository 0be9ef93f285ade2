// What a run has to tell, on disk until the server has it: neither an outage nor the driver's death loses it.
//
// One file a run and attempt. Its first line has a fixed length and is overwritten in place: how far the server has
// acknowledged. Then who wrote it, then one record a line. The file's name carries the process that owns it, so that a
// rename, which only one of two can win, takes it over from a dead one.
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { keyText, type RunKey, type SpoolRecord } from "./records";

/** Who wrote it, and for which server: a driver that was pointed elsewhere since must not send it there. */
export type SpoolOwner = RunKey & { url: string; unitId: string };

/** `end`: offset behind the record */
export type Stored = { record: SpoolRecord; end: number };

const MARK = "mlqueue-spool-1";
const markLine = (acked: number, lines: number): string =>
  `${MARK} ${String(acked).padStart(16, "0")} ${String(lines).padStart(12, "0")}\n`;
const MARK_BYTES = markLine(0, 0).length;
const CHUNK_BYTES = 2 ** 20;
const NEWLINE = 0x0a;
const SUFFIX = ".spool";

/** A pid alone may be given out again: with its start time it names one process. Without /proc the pid decides. */
const processMark = (pid: number): string | null => {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync("/proc/self/stat")) {
    try {
      process.kill(pid, 0);
      return `${pid}-0`;
    } catch (error) {
      return error instanceof Error && "code" in error && error.code === "EPERM" ? `${pid}-0` : null;
    }
  }
  try {
    const text = readFileSync(stat, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : `${pid}-${fields[19]}`;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
};

export class Spool {
  #file: number;
  #size: number;
  #acked: number;
  #ackedLines: number;
  #path: string;

  private constructor(path: string, file: number, size: number, acked: number, ackedLines: number) {
    this.#path = path;
    this.#file = file;
    this.#size = size;
    this.#acked = acked;
    this.#ackedLines = ackedLines;
  }

  /** A new one for a run that was just claimed. What the same process wrote for the same attempt goes. */
  static create(folder: string, owner: SpoolOwner): Spool {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${keyText(owner)}~${processMark(process.pid)}${SUFFIX}`);
    const file = openSync(path, "w+");
    const start = Buffer.from(`${markLine(0, 0)}${JSON.stringify(owner)}\n`);
    writeSync(file, start, 0, start.length, 0);
    const spool = new Spool(path, file, start.length, start.length, 0);
    spool.ack(start.length, 0);
    return spool;
  }

  /**
   * Takes over what dead processes left in the folder. Of two drivers that start at once one gets each.
   *
   * A line that was being written when the process died is cut off. Files that are no spool are set aside.
   */
  static takeOver(folder: string, url: string): { spool: Spool; owner: SpoolOwner; hasEnd: boolean }[] {
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((name) => {
      const parts = /^(.+)~(\d+)-(\d+)\.spool$/.exec(name);
      if (parts === null || processMark(Number(parts[2])) === `${parts[2]}-${parts[3]}`) return [];
      const from = join(folder, name);
      const path = join(folder, `${parts[1]}~${processMark(process.pid)}${SUFFIX}`);
      if (ownerIn(from)?.url !== url) return [];
      try {
        renameSync(from, path);
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
        throw error;
      }
      return Spool.#open(path);
    });
  }

  static #open(path: string): { spool: Spool; owner: SpoolOwner; hasEnd: boolean }[] {
    const file = openSync(path, "r+");
    const mark = Buffer.alloc(MARK_BYTES);
    readSync(file, mark, 0, MARK_BYTES, 0);
    const [, acked = "", lines = ""] = mark.toString().split(" ");
    const owner = ownerIn(path);
    if (owner === null) {
      closeSync(file);
      renameSync(path, `${path}.unreadable`);
      return [];
    }
    const spool = new Spool(path, file, fstatSync(file).size, Number(acked), Number(lines));
    return [{ spool, owner, hasEnd: spool.#repair() }];
  }

  get path(): string {
    return this.#path;
  }

  /** Lines of the log that the server has acknowledged: the next one's number, counted from 0. */
  get ackedLines(): number {
    return this.#ackedLines;
  }

  get waitingBytes(): number {
    return this.#size - this.#acked;
  }

  /** @param lines records as JSON. @throws when the disk takes no more; nothing of them is then kept */
  append(lines: string[]): void {
    const bytes = Buffer.from(`${lines.join("\n")}\n`);
    let written = 0;
    // Half of a record that did not fit is overwritten by the next.
    while (written < bytes.length)
      written += writeSync(this.#file, bytes, written, bytes.length - written, this.#size + written);
    this.#size += bytes.length;
  }

  /** The next records, at most so many bytes of them but at least one; empty when all are acknowledged. */
  read(maxBytes: number): Stored[] {
    const waiting = this.#size - this.#acked;
    for (let length = Math.min(maxBytes, waiting); length > 0; length = Math.min(length * 2, waiting)) {
      const bytes = Buffer.alloc(length);
      readSync(this.#file, bytes, 0, length, this.#acked);
      const whole = bytes.lastIndexOf(NEWLINE) + 1;
      if (whole > 0) return parse(bytes.subarray(0, whole), this.#acked);
      if (length === waiting) break;
    }
    return [];
  }

  /** The server has everything before `end`, of which so many more were lines. */
  ack(end: number, lines: number): void {
    this.#acked = end;
    this.#ackedLines += lines;
    writeSync(this.#file, markLine(this.#acked, this.#ackedLines), 0);
  }

  /** Keeps the file for a later driver. */
  close(): void {
    closeSync(this.#file);
  }

  /** Everything was told, or nobody wants to hear it any more. */
  remove(): void {
    closeSync(this.#file);
    rmSync(this.#path, { force: true });
  }

  /** Cuts off an unfinished last line. @returns whether the last record is the run's end */
  #repair(): boolean {
    let last = Buffer.alloc(0);
    let whole = 0;
    let rest = Buffer.alloc(0);
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (let at = 0; at < this.#size; ) {
      const bytes = readSync(this.#file, chunk, 0, chunk.length, at);
      if (bytes === 0) break;
      at += bytes;
      const text = Buffer.concat([rest, chunk.subarray(0, bytes)]);
      const end = text.lastIndexOf(NEWLINE);
      if (end >= 0) {
        last = Buffer.from(text.subarray(text.lastIndexOf(NEWLINE, end - 1) + 1, end));
        whole = at - (text.length - end) + 1;
      }
      rest = Buffer.from(text.subarray(end + 1));
    }
    ftruncateSync(this.#file, whole);
    this.#size = whole;
    return last.toString().startsWith('{"t":"end"');
  }
}

const parse = (bytes: Buffer, from: number): Stored[] => {
  const stored: Stored[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, start);
    stored.push({ record: recordIn(bytes.toString("utf8", start, end)), end: from + end + 1 });
    start = end + 1;
  }
  return stored;
};

/** A machine that lost power may leave a record that is none: the log says so in its place. */
const recordIn = (line: string): SpoolRecord => {
  try {
    return JSON.parse(line) as SpoolRecord;
  } catch {
    return { t: "line", at: Date.now(), stream: "stderr", message: "WARN mlqueue: a spooled record was not readable" };
  }
};

/** The second line of a spool; null when the file is none. */
const ownerIn = (path: string): SpoolOwner | null => {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(8192);
    const length = readSync(file, bytes, 0, bytes.length, 0);
    const [mark = "", owner = ""] = bytes.toString("utf8", 0, length).split("\n");
    return mark.startsWith(MARK) && owner.endsWith("}") ? (JSON.parse(owner) as SpoolOwner) : null;
  } finally {
    closeSync(file);
  }
};
