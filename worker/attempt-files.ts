// The files of an attempt: DATA_DIR/tasks/<task>/<attempt>/{config.json, metrics.jsonl, result.json}, and the task's checkpoints.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../src/platform/json-safety";

export type AttemptFiles = { folder: string; config: string; metrics: string; result: string; checkpoints: string };

export const makeAttemptFiles = (
  dataDir: string,
  taskId: string,
  attempt: number,
  config: JsonObject,
): AttemptFiles => {
  const task = join(dataDir, "tasks", taskId);
  const folder = join(task, String(attempt));
  const files = {
    folder,
    config: join(folder, "config.json"),
    metrics: join(folder, "metrics.jsonl"),
    result: join(folder, "result.json"),
    checkpoints: join(task, "checkpoints"),
  };
  mkdirSync(folder, { recursive: true });
  mkdirSync(files.checkpoints, { recursive: true });
  writeFileSync(files.config, JSON.stringify(config));
  return files;
};

/** Everything but the checkpoints, which later attempts may resume from. */
export const removeAttemptFiles = (files: AttemptFiles): void => rmSync(files.folder, { recursive: true, force: true });
