// Folders of attempts that succeeded, for the programs that start next. Where many short programs run, to make and delete three
// files for each took longer than the program: more than all else on ext4 without a journal, which steps over every file that was deleted
// within the last five seconds.
import { basename } from "node:path";
import { log } from "../src/platform/log";
import { type AttemptFiles, removeAttemptFiles, removeEmptyCheckpoints } from "./attempt-files";
import type { UsedFolders } from "./executors/launcher";

/** After so long without a program that wants them they are taken away. */
const KEEP_MS = 1000;

export class UsedFolderStore {
  readonly #max: number;
  readonly #kept: { files: AttemptFiles; since: number }[] = [];
  readonly #going = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  /** @param max how many attempts' folders it keeps at most */
  constructor(max: number) {
    this.#max = max;
  }

  /** The attempt's end must be recorded, and its task be over for good: nobody comes back to these folders. */
  keep(files: AttemptFiles): void {
    if (this.#kept.length >= this.#max) {
      this.#remove(files);
      return;
    }
    this.#kept.push({ files, since: performance.now() });
    this.#timer ??= setTimeout(() => this.#removeOld(), KEEP_MS);
  }

  /** For a program whose folders do not exist yet. */
  take(next: AttemptFiles): UsedFolders | undefined {
    const used = this.#kept.pop()?.files;
    return (
      used && {
        folders: [
          [used.folder, next.folder, basename(next.config)],
          [used.checkpoints, next.checkpoints, ""],
        ],
        left: () => this.#remove(used),
      }
    );
  }

  async removeAll(): Promise<void> {
    clearTimeout(this.#timer);
    for (const { files } of this.#kept.splice(0)) this.#remove(files);
    await Promise.all(this.#going);
  }

  #remove(files: AttemptFiles): void {
    const going = remove(files).finally(() => this.#going.delete(going));
    this.#going.add(going);
  }

  #removeOld(): void {
    const before = performance.now() - KEEP_MS;
    const isYoung = this.#kept.findIndex(({ since }) => since > before);
    const old = this.#kept.splice(0, isYoung === -1 ? this.#kept.length : isYoung);
    for (const { files } of old) this.#remove(files);
    this.#timer = this.#kept.length > 0 ? setTimeout(() => this.#removeOld(), KEEP_MS) : undefined;
  }
}

const remove = async (files: AttemptFiles): Promise<void> => {
  await removeEmptyCheckpoints(files);
  await removeAttemptFiles(files).catch((error: Error) =>
    log.warn({ folder: files.folder, error: error.message }, "the files of an attempt could not be taken away"),
  );
};
