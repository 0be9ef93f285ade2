// PURE. A name for a run that was given none.
import type { JsonObject } from "../platform/json-safety";

const MAX_LENGTH = 200;
const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** `lr=0.01 bs=32`: its first parameters that are no objects; `run` where it has none. At most 200 characters. */
export const nameOfRun = (parameters: JsonObject): string => {
  const parts = Object.entries(parameters)
    .filter(([, value]) => value !== null && typeof value !== "object")
    .slice(0, 5)
    .map(([key, value]) => `${key}=${shown(value)}`);
  const name = parts
    .join(" ")
    .replace(/\p{Cc}/gu, " ")
    .trim();
  return name === "" ? "run" : [...name].slice(0, MAX_LENGTH).join("");
};
