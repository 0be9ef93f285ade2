// Which programs a task may name, and whether it may bring a command of its own.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { getSql, type SqlLike } from "../platform/db";
import { getEnv } from "../platform/env";
import { badField, DomainError } from "../platform/errors";
import type { NewTask } from "./input";

/** Where entrypoints are looked up: ENTRYPOINTS_DIR, from the project's folder when it is relative. */
export const entrypointsDir = (): string =>
  resolve(process.env.MLQUEUE_ROOT || process.cwd(), getEnv().ENTRYPOINTS_DIR);

const RUNNABLE = /\.(mjs|cjs|js|py)$/;

/** Names of the programs in a folder: node and Python files, and anything with an executable bit. */
export const entrypointsIn = (folder: string): string[] => {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => {
      if (name.startsWith(".")) return false;
      const file = statSync(join(folder, name), { throwIfNoEntry: false });
      return file?.isFile() === true && (RUNNABLE.test(name) || (file.mode & 0o111) !== 0);
    })
    .sort();
};

let known: { names: Set<string>; at: number } | undefined;
const KNOWN_FOR_MS = 2000;

/** Entrypoints of this server's folder and of the live workers, sorted. */
export const knownEntrypoints = async (sql: SqlLike = getSql()): Promise<string[]> => {
  if (!known || performance.now() - known.at > KNOWN_FOR_MS) {
    const rows = await sql<{ name: string }[]>`
      SELECT DISTINCT unnest(entrypoints) AS name FROM workers
      WHERE stopped_at IS NULL AND last_heartbeat_at > now() - interval '60 seconds'`;
    known = {
      names: new Set([...entrypointsIn(entrypointsDir()), ...rows.map((row) => row.name)]),
      at: performance.now(),
    };
  }
  return [...known.names].sort();
};

export const commandsAllowed = (): boolean => getEnv().ALLOW_COMMANDS;

/**
 * Refuses programs that no worker would start.
 * @throws INVALID_REQUEST for an entrypoint that nobody has, FORBIDDEN for a command while commands are off
 */
export const checkPrograms = async (
  tasks: NewTask[],
  pathOf: (index: number, field: string) => string,
  sql: SqlLike = getSql(),
): Promise<void> => {
  let names: Set<string> | undefined;
  for (const [index, task] of tasks.entries()) {
    if (task.command && !commandsAllowed())
      throw new DomainError("FORBIDDEN", "commandsOff", {
        problems: [{ path: pathOf(index, "command"), key: "notAllowed" }],
      });
    if (task.entrypoint === undefined) continue;
    names ??= new Set(await knownEntrypoints(sql));
    if (!names.has(task.entrypoint)) throw badField(pathOf(index, "entrypoint"), "unknownEntrypoint");
  }
};
