// The files of an attempt: DATA_DIR/attempts/<task>.<attempt>/{config.json, metrics.jsonl, result.json}, and the task's own
// DATA_DIR/checkpoints/<task>. Flat, since ext4 takes half a millisecond for a folder within a new folder, and 0.05 ms for these.
// What starts the program makes them (executors/), so that a slow disk holds up that program alone.
import { existsSync, rm, rmdir, unlink } from "node:fs";
import { join } from "node:path";

export type AttemptFiles = { folder: string; config: string; metrics: string; result: string; checkpoints: string };

/** Where version 0.1 kept them. */
const oldCheckpoints = (dataDir: string, taskId: string): string => join(dataDir, "tasks", taskId, "checkpoints");

export const attemptFiles = (dataDir: string, taskId: string, attempt: number): AttemptFiles => {
  const folder = join(dataDir, "attempts", `${taskId}.${attempt}`);
  const old = oldCheckpoints(dataDir, taskId);
  return {
    folder,
    config: join(folder, "config.json"),
    metrics: join(folder, "metrics.jsonl"),
    result: join(folder, "result.json"),
    checkpoints: attempt > 1 && existsSync(old) ? old : join(dataDir, "checkpoints", taskId),
  };
};

/**
 * Everything but the checkpoints, which later attempts may resume from.
 *
 * Not at once: where the disk is busy, a folder takes 2 ms to go. By callbacks: promises take twice as long on the worker's loop.
 */
export const removeAttemptFiles = ({ folder, config }: AttemptFiles): Promise<void> =>
  new Promise((resolve, reject) => {
    unlink(config, () =>
      rmdir(folder, (error) => {
        if (!error) resolve();
        // The program left files of its own, or took away ours.
        else rm(folder, { recursive: true, force: true }, (failed) => (failed ? reject(failed) : resolve()));
      }),
    );
  });

/** A program that saved none leaves nothing behind. While its attempt is open, or a next one may count on the folder. */
export const removeEmptyCheckpoints = ({ checkpoints }: AttemptFiles): Promise<void> =>
  new Promise((resolve) => rmdir(checkpoints, () => resolve()));
