// What a task's program is called with.
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { extname, join, sep } from "node:path";
import type { JsonObject } from "../../src/platform/json-safety";
import { type Argv, fillCommand, programConfig } from "../../src/programs/command";

/**
 * The argument list of a task's command or entrypoint.
 *
 * @returns one sentence as `error` when this worker may not or cannot run it
 */
export const programArgv = (
  task: { entrypoint: string | null; command: string[] | null; config: JsonObject },
  options: { entrypointsDir: string; allowCommands: boolean },
): Argv => {
  if (task.command !== null) {
    if (!options.allowCommands) return { error: "Commands are not allowed on this worker (ALLOW_COMMANDS)." };
    return fillCommand(task.command, programConfig(task.config));
  }
  if (task.entrypoint !== null) return entrypointArgv(task.entrypoint, options.entrypointsDir);
  return { error: "The task names neither a command nor an entrypoint." };
};

const entrypointArgv = (name: string, folder: string): Argv => {
  if (name === "" || name === "." || name === ".." || /[/\\\0]/.test(name))
    return { error: `The entrypoint ${JSON.stringify(name)} is not the name of a file.` };
  const missing = { error: `The entrypoint ${name} is not in this worker's folder of entrypoints.` };
  const path = join(folder, name);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return missing;
  // A link may point to a file of the same folder, never out of it.
  if (!realpathSync(path).startsWith(realpathSync(folder) + sep)) return missing;
  switch (extname(name)) {
    case ".mjs":
    case ".js":
    case ".cjs":
      return { argv: [process.execPath, path] };
    case ".py":
      return { argv: ["python3", path] };
    default:
      return isExecutable(path) ? { argv: [path] } : { error: `The entrypoint ${name} is not executable.` };
  }
};

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // "No" is the answer here, whatever the reason.
    return false;
  }
};
