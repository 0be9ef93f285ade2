// The files of an attempt: DATA_DIR/attempts/<task>.<attempt>/{config.json, metrics.jsonl, result.json}, and the task's own
// DATA_DIR/checkpoints/<task>. Flat, since ext4 takes half a millisecond for a folder within a new folder, and 0.05 ms for these.
import { existsSync } from "node:fs";
import { mkdir, rm, rmdir, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "../src/platform/json-safety";

export type AttemptFiles = { folder: string; config: string; metrics: string; result: string; checkpoints: string };

/** Where version 0.1 kept them. */
const oldCheckpoints = (dataDir: string, taskId: string): string => join(dataDir, "tasks", taskId, "checkpoints");

export const makeAttemptFiles = async (
  dataDir: string,
  taskId: string,
  attempt: number,
  config: JsonObject,
): Promise<AttemptFiles> => {
  const folder = join(dataDir, "attempts", `${taskId}.${attempt}`);
  const old = oldCheckpoints(dataDir, taskId);
  const files = {
    folder,
    config: join(folder, "config.json"),
    metrics: join(folder, "metrics.jsonl"),
    result: join(folder, "result.json"),
    checkpoints: attempt > 1 && existsSync(old) ? old : join(dataDir, "checkpoints", taskId),
  };
  await Promise.all([mkdir(folder, { recursive: true }), mkdir(files.checkpoints, { recursive: true })]);
  await writeFile(files.config, JSON.stringify(config));
  return files;
};

/** Everything but the checkpoints, which later attempts may resume from. */
export const removeAttemptFiles = async ({ folder, config }: AttemptFiles): Promise<void> => {
  try {
    await unlink(config);
    await rmdir(folder);
  } catch {
    // The program left files of its own, or took away ours.
    await rm(folder, { recursive: true, force: true });
  }
};
