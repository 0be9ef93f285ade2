// PURE. How serious a line of program output is.
import type { LogStream } from "./append";

export type LogLevel = "DEBUG" | "INFO" | "WARN" | "ERROR" | "CRITICAL";

const LEVELS: Record<string, LogLevel> = {
  TRACE: "DEBUG",
  DEBUG: "DEBUG",
  INFO: "INFO",
  NOTICE: "INFO",
  WARN: "WARN",
  WARNING: "WARN",
  ERROR: "ERROR",
  CRITICAL: "CRITICAL",
  FATAL: "CRITICAL",
};
const NAMES = Object.keys(LEVELS).join("|");
const ESC = "\u001b";
const COLOURS = new RegExp(`${ESC}\\[[0-9;]*m`, "g");
/** The level stands first, perhaps after a time: `WARNING:root:…`, `2026-11-25 08:00:00,123 - INFO - …`. */
const LEADING = new RegExp(`^[\\d\\s:.,/TZ+|-]*(${NAMES})(?=[\\s:|\\]-]|$)`);
/** Or it stands in brackets near the beginning: `[epoch 3] [warning] …`. */
const BRACKETED = new RegExp(`^.{0,60}?[[(<]\\s*(${NAMES})\\s*[\\])>]`, "i");
/** A level further in is part of the sentence. */
const LOOK_AT = 120;

/** What the line says of itself, else ERROR for stderr and INFO for stdout. */
export const levelOf = (stream: LogStream, text: string): LogLevel => {
  const start = text.slice(0, LOOK_AT).replace(COLOURS, "");
  const word = LEADING.exec(start)?.[1] ?? BRACKETED.exec(start)?.[1];
  const said = word === undefined ? undefined : LEVELS[word.toUpperCase()];
  return said ?? (stream === "stderr" ? "ERROR" : "INFO");
};
