// Ends of attempts on disk, until PostgreSQL has them: an outage or a crash between a program's exit and its record loses no result.
import { mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { log } from "../src/platform/log";
import type { AttemptEnd } from "../src/tasks/finish";

export type SpooledEnd = { end: AttemptEnd; workerPid: number; workerStartTime: number };

export class EndSpool {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, "spool");
    mkdirSync(this.#folder, { recursive: true });
  }

  #file(key: { taskId: string; attempt: number }): string {
    return join(this.#folder, `${key.taskId}.${key.attempt}.json`);
  }

  /** Written whole or not at all. The programs of the attempt must be proven dead. */
  async keep(spooled: SpooledEnd): Promise<void> {
    const file = this.#file(spooled.end);
    await writeFile(`${file}.part`, JSON.stringify(spooled));
    await rename(`${file}.part`, file);
  }

  async forget(key: { taskId: string; attempt: number }): Promise<void> {
    try {
      await unlink(this.#file(key));
    } catch (error) {
      // Another worker of this machine recorded it as well.
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }

  /** Every end that is still here. */
  all(): SpooledEnd[] {
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith(".json"))
      .flatMap((name) => {
        const file = join(this.#folder, name);
        try {
          return [JSON.parse(readFileSync(file, "utf8")) as SpooledEnd];
        } catch (error) {
          // ENOENT: recorded by its worker meanwhile. Anything else is a broken file that would come up each second.
          if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) {
            log.error(
              { file, error: error instanceof Error ? error.message : String(error) },
              "a spooled end could not be read and was set aside",
            );
            renameSync(file, `${file}.unreadable`);
          }
          return [];
        }
      });
  }
}
