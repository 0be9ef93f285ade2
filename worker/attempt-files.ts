// The files of an attempt: DATA_DIR/tasks/<task>/<attempt>/{config.json, metrics.jsonl, result.json}, and the task's checkpoints.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "../src/platform/json-safety";

export type AttemptFiles = { folder: string; config: string; metrics: string; result: string; checkpoints: string };

/** Not on the event loop: a new folder takes a millisecond on some file systems. */
export const makeAttemptFiles = async (
  dataDir: string,
  taskId: string,
  attempt: number,
  config: JsonObject,
): Promise<AttemptFiles> => {
  const task = join(dataDir, "tasks", taskId);
  const folder = join(task, String(attempt));
  const files = {
    folder,
    config: join(folder, "config.json"),
    metrics: join(folder, "metrics.jsonl"),
    result: join(folder, "result.json"),
    checkpoints: join(task, "checkpoints"),
  };
  await Promise.all([mkdir(folder, { recursive: true }), mkdir(files.checkpoints, { recursive: true })]);
  await writeFile(files.config, JSON.stringify(config));
  return files;
};

/** Everything but the checkpoints, which later attempts may resume from. */
export const removeAttemptFiles = (files: AttemptFiles): Promise<void> =>
  rm(files.folder, { recursive: true, force: true });
