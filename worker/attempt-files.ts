// The files of an attempt: DATA_DIR/tasks/<task>/<attempt>/{config.json, metrics.jsonl, result.json}, and the task's checkpoints.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findUnsafe, isJsonObject, type JsonObject } from "../src/platform/json-safety";

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

const MAX_RESULT_BYTES = 2 ** 20;

/** The program's result: null when it wrote none; a sentence when what it wrote cannot be kept. */
export const readResult = (files: AttemptFiles): { result: JsonObject | null } | { problem: string } => {
  const file = statSync(files.result, { throwIfNoEntry: false });
  if (!file) return { result: null };
  if (!file.isFile()) return { problem: "result file: it is not a regular file" };
  if (file.size > MAX_RESULT_BYTES)
    return { problem: `result file: it has ${file.size} bytes, and at most 1 MiB is kept` };
  const text = readFileSync(files.result, "utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `result file: it is not JSON (${error instanceof Error ? error.message : String(error)})` };
  }
  if (!isJsonObject(value)) return { problem: "result file: it must hold a JSON object" };
  const unsafe = findUnsafe(value, text, "result");
  return unsafe ? { problem: `result file: ${unsafe.message}` } : { result: value };
};
