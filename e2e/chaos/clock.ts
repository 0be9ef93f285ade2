// The time of day of our own programs, which faults set while they run: libfaketime, where the machine has it (Debian's package
// `faketime`). PostgreSQL, Redis and the gate keep the machine's, and so does what measures how long something takes.
import { readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDERS = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];

const listed = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    // There is no such folder.
    return [];
  }
};

const findLibrary = (): string | null => {
  for (const above of FOLDERS)
    for (const folder of [above, ...listed(above).map((name) => join(above, name))])
      if (listed(join(folder, "faketime")).includes("libfaketimeMT.so.1"))
        return join(folder, "faketime/libfaketimeMT.so.1");
  return null;
};

let library: string | null | undefined;

/** Path of libfaketime; null where there is none: then no clock can be set. */
export const clockLibrary = (): string | null => {
  if (library === undefined) library = findLibrary();
  return library;
};

export class Clock {
  constructor(private readonly file: string) {
    this.set(0);
  }

  /** What a program is started with whose time of day is this clock's. */
  env(): Record<string, string> {
    const path = clockLibrary();
    if (path === null) return {};
    return {
      LD_PRELOAD: path,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** At once, for all of them. @param seconds ahead of the machine's clock; behind it where negative */
  set(seconds: number): void {
    // A file that is being written would be read as no time at all.
    writeFileSync(`${this.file}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    renameSync(`${this.file}.new`, this.file);
  }
}
