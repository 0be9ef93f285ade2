// Where things are: the repository, its data directory, and the environment that children get.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** MLQUEUE_ROOT lets scripts.test.ts point the scripts at a throw-away copy. */
export const ROOT = path.resolve(process.env.MLQUEUE_ROOT || fileURLToPath(new URL("../..", import.meta.url)));

/** What unpacked system packages live in; safe to delete. */
export const LOCAL_DIR = path.join(ROOT, ".local");

/** Something the person at the keyboard can act on: its message is a whole sentence and is shown without a stack. */
export class Trouble extends Error {
  /** @param {string} sentence @param {{log?: string, tail?: string}} [more] log: a file's path; tail: its last lines */
  constructor(sentence, more = {}) {
    super(sentence);
    this.log = more.log;
    this.tail = more.tail;
  }
}

/**
 * Reads the text of a .env file: NAME=value lines, `export ` allowed, # comments, 'as it is' and "with \n" quotes.
 *
 * @returns {Record<string, string>}
 */
export const parseDotEnv = (text) => {
  const found = {};
  const line =
    /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*('[^']*'|"(?:\\[\s\S]|[^"\\])*"|[^\r\n]*)/gm;
  for (const [, name, raw] of text.matchAll(line)) {
    if (raw.startsWith("'")) found[name] = raw.endsWith("'") && raw.length > 1 ? raw.slice(1, -1) : raw;
    else if (raw.startsWith('"'))
      found[name] = raw.slice(1, -1).replace(/\\([\s\S])/g, (_, c) => ({ n: "\n", r: "\r", t: "\t" })[c] ?? c);
    else found[name] = raw.replace(/(^|\s)#.*$/, "").trim();
  }
  return found;
};

/**
 * The environment the scripts work with: the process's own, then .env.
 *
 * An empty value counts as not set, as in src/platform/env.ts. What npm says about the script that runs is dropped, since
 * it would leak into every training program and into `npm ci`.
 *
 * @param {Record<string, string | undefined>} [source]
 * @param {string} [file] "" for no file
 * @returns {Record<string, string>}
 */
export const loadEnv = (source = process.env, file = path.join(ROOT, ".env")) => {
  const env = existsSync(file) ? parseDotEnv(readFileSync(file, "utf8")) : {};
  for (const [name, value] of Object.entries(source)) if (value !== "" || !(name in env)) env[name] = value;
  for (const name of Object.keys(env)) if (env[name] === "" || /^npm_(lifecycle|package)/.test(name)) delete env[name];
  return env;
};

/** Absolute DATA_DIR: relative values count from the repository, not from where the command was typed. */
export const dataDirOf = (env) => path.resolve(ROOT, env.DATA_DIR || ".data");

/** @throws Trouble with Node below what package.json asks for (the first version that can require() ES modules) */
export const checkNode = (version = process.versions.node) => {
  const [major, minor] = version.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new Trouble(
      `MLQueue needs Node 20.19 or newer, and this is Node ${version}: install a newer one from nodejs.org and try again.`,
    );
};
