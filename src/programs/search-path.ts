// Finds a program as execvp would.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

/** @param path the value of PATH; entries may be relative to `cwd` */
export const searchPath = (
  name: string,
  cwd: string,
  path: string | undefined,
): { file: string } | { problem: "missing" | "not executable" } => {
  const candidates = name.includes("/")
    ? [resolve(cwd, name)]
    : (path ?? "/usr/local/bin:/usr/bin:/bin").split(delimiter).map((folder) => join(resolve(cwd, folder), name));
  let problem: "missing" | "not executable" = "missing";
  for (const file of candidates) {
    if (!isFile(file)) continue;
    try {
      accessSync(file, constants.X_OK);
      return { file };
    } catch {
      // The search goes on, as execvp's does; what is not found elsewhere is told as not executable.
      problem = "not executable";
    }
  }
  return { problem };
};

const isFile = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    // In a folder that is closed to this account, say: another one's home that stands in PATH.
    return false;
  }
};
