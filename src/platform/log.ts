// The log of this process: JSON lines on stdout, ids as fields, sentences in the past tense.
import { type Logger, pino } from "pino";
import { readLogLevel } from "./env";

type Level = "debug" | "info" | "warn" | "error" | "fatal";

let logger: Logger | undefined;

/** Made at the first line, so that importing this file reads no setting. */
const current = (): Logger => {
  logger ??= pino({
    level: readLogLevel(),
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ["authorization", "*.authorization", "headers.cookie", "password", "*.password"],
    formatters: { level: (label) => ({ level: label }) },
  });
  return logger;
};

const writerOf = <L extends Level>(level: L): Logger[L] => {
  const made = current();
  return made[level].bind(made);
};

export const log: Pick<Logger, Level> = {
  get debug() {
    return writerOf("debug");
  },
  get info() {
    return writerOf("info");
  },
  get warn() {
    return writerOf("warn");
  },
  get error() {
    return writerOf("error");
  },
  get fatal() {
    return writerOf("fatal");
  },
};
