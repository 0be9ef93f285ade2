// Follows the file that a program appends its metric lines to.
import { statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { LineAssembler } from "./terminal-lines";

const READ_BYTES = 256 * 1024;
/** A metric line may be longer than a line of the log. */
const MAX_METRIC_LINE_BYTES = 2 ** 20;

export class MetricsTail {
  #offset = 0;
  #inode = 0;
  #lines = new LineAssembler(MAX_METRIC_LINE_BYTES);
  #reading: Promise<boolean> = Promise.resolve(true);

  /** @param isFull while true, reading waits: the file keeps what was not read */
  constructor(
    readonly path: string,
    readonly take: (line: string) => void,
    readonly isFull: () => boolean,
  ) {}

  /** Reads what is new. An unfinished last line waits for its rest. @returns false when it stopped because it is full */
  poll(): Promise<boolean> {
    this.#reading = this.#reading.then(
      () => this.#read(),
      () => this.#read(),
    );
    return this.#reading;
  }

  /** After the program's end: the unfinished line is one too. */
  finish(): void {
    this.#lines.end(this.take);
  }

  /** Size of the file, 0 while there is none. One that shrank or is another file is read from its start. */
  #size(): number {
    // At once: this takes 5 µs, and a promise for it 60.
    const found = statSync(this.path, { throwIfNoEntry: false });
    // Opening a pipe or a device could block for ever.
    if (found?.isFile() !== true) return 0;
    if ((this.#inode !== 0 && found.ino !== this.#inode) || found.size < this.#offset) {
      this.#offset = 0;
      this.#lines = new LineAssembler(MAX_METRIC_LINE_BYTES);
    }
    this.#inode = found.ino;
    return found.size;
  }

  async #read(): Promise<boolean> {
    const size = this.#size();
    if (size <= this.#offset) return true;
    const file = await open(this.path, "r");
    try {
      return await this.#readTo(file, size);
    } finally {
      await file.close();
    }
  }

  async #readTo(file: FileHandle, size: number): Promise<boolean> {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, size - this.#offset));
    while (this.#offset < size) {
      if (this.isFull()) return false;
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
      if (bytesRead === 0) break;
      this.#offset += bytesRead;
      this.#lines.push(buffer.subarray(0, bytesRead), this.take);
    }
    return true;
  }
}
