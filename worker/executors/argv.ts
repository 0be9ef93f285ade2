// What a task's program is called with.
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { extname, join, sep } from "node:path";
import { isJsonObject, type JsonObject } from "../../src/platform/json-safety";

export type Argv = { argv: string[] } | { error: string };

/** The SDKs wrap a config as exactly {config_id, config, created_at}: programs get the inner one. */
export const programConfig = (config: JsonObject): JsonObject => {
  const isWrapper = Object.keys(config).sort().join() === "config,config_id,created_at";
  return isWrapper && isJsonObject(config.config) ? config.config : config;
};

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

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** `--lr 0.001 --epochs 100`: a true flag stands alone, false and null are left out, lists and objects are JSON. */
const params = (config: JsonObject): string[] =>
  Object.entries(config).flatMap(([key, value]) => {
    if (value === false || value === null) return [];
    return value === true ? [`--${key}`] : [`--${key}`, asText(value)];
  });

/** Looks up `a.b`: a key of that very name wins over b inside a. Own properties only. */
const lookUp = (value: unknown, path: string): { value: unknown } | null => {
  if (typeof value !== "object" || value === null) return null;
  const own = Object.getOwnPropertyDescriptor(value, path);
  if (own !== undefined && own.enumerable === true) return { value: own.value };
  for (let dot = path.indexOf("."); dot !== -1; dot = path.indexOf(".", dot + 1)) {
    const inner = Object.getOwnPropertyDescriptor(value, path.slice(0, dot));
    const found = inner === undefined ? null : lookUp(inner.value, path.slice(dot + 1));
    if (found !== null) return found;
  }
  return null;
};

const PLACEHOLDER = /\{params\}|\{config\.([^{}\s]+)\}/g;

/** Fills in the placeholders once: what a value brings along is never read as a placeholder. */
const fillCommand = (command: string[], config: JsonObject): Argv => {
  const unknown: string[] = [];
  const fill = (text: string): string =>
    text.replace(PLACEHOLDER, (placeholder, path: string | undefined) => {
      if (path === undefined) return params(config).join(" ");
      const found = lookUp(config, path);
      if (found === null) unknown.push(placeholder);
      return found === null ? "" : asText(found.value);
    });
  const argv = command.flatMap((element) => (element === "{params}" ? params(config) : [fill(element)]));
  if (unknown.length > 0)
    return { error: `The command names ${[...new Set(unknown)].join(", ")}, which the config does not have.` };
  if (argv[0] === undefined || argv[0] === "") return { error: "The command names no program." };
  return { argv };
};
