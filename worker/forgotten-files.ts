// Folders of tasks that were deleted (RETENTION_DAYS): each worker clears its own DATA_DIR.
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { unknownTasks } from "../src/tasks/purge";

/** Where tasks have folders, named by their ids; those of attempts have `.<attempt>` behind it. */
const PLACES = ["attempts", "checkpoints", "tasks"];
const ASKED_AT_ONCE = 1000;
const DAY_MS = 86_400_000;

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
};

/** Null when it is gone meanwhile. */
const changedAt = async (path: string): Promise<number | null> => {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
};

/**
 * Removes folders whose task is unknown and that nothing was put into for as long as tasks are kept. The age is asked besides, so that a worker
 * that was pointed at another database does not clear away the checkpoints of the first one's tasks.
 *
 * @param days RETENTION_DAYS; 0 removes nothing
 * @returns how many folders
 */
export const removeForgottenFiles = async (dataDir: string, days: number, signal: AbortSignal): Promise<number> => {
  if (days === 0) return 0;
  const oldest = Date.now() - days * DAY_MS;
  let removed = 0;
  for (const place of PLACES) {
    const names = (await namesIn(join(dataDir, place))).filter((name) => name.startsWith("task_"));
    for (let from = 0; from < names.length && !signal.aborted; from += ASKED_AT_ONCE) {
      const slice = names.slice(from, from + ASKED_AT_ONCE);
      const idOf = (name: string): string => name.split(".")[0] ?? name;
      const unknown = new Set(await unknownTasks([...new Set(slice.map(idOf))]));
      for (const name of slice) {
        if (!unknown.has(idOf(name)) || signal.aborted) continue;
        const path = join(dataDir, place, name);
        const at = await changedAt(path);
        if (at === null || at >= oldest) continue;
        await rm(path, { recursive: true, force: true });
        removed++;
      }
    }
  }
  return removed;
};
