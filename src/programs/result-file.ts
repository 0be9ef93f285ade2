// The file that a program writes its result to.
import { readFileSync, statSync } from "node:fs";
import { findUnsafe, isJsonObject, type JsonObject } from "../platform/json-safety";

const MAX_RESULT_BYTES = 2 ** 20;

/** The program's result: null when it wrote none; a sentence when what it wrote cannot be kept. */
export const readResult = (path: string): { result: JsonObject | null } | { problem: string } => {
  const file = statSync(path, { throwIfNoEntry: false });
  if (!file) return { result: null };
  if (!file.isFile()) return { problem: "result file: it is not a regular file" };
  if (file.size > MAX_RESULT_BYTES)
    return { problem: `result file: it has ${file.size} bytes, and at most 1 MiB is kept` };
  const text = readFileSync(path, "utf8");
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
