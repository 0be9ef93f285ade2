// PURE. A command with placeholders and a config → the argument list of a program.
import { isJsonObject, type JsonObject } from "../platform/json-safety";

export type Argv = { argv: string[] } | { error: string };

/** The SDKs wrap a config as exactly {config_id, config, created_at}: programs get the inner one. */
export const programConfig = (config: JsonObject): JsonObject => {
  const isWrapper = Object.keys(config).sort().join() === "config,config_id,created_at";
  return isWrapper && isJsonObject(config.config) ? config.config : config;
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
export const fillCommand = (command: string[], config: JsonObject): Argv => {
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
