// The log of this process: JSON lines on stdout, ids as fields, sentences in the past tense.
import { type DestinationStream, type Logger, pino } from "pino";
import { readLogLevel } from "./env";

type Level = "debug" | "info" | "warn" | "error" | "fatal";

let logger: Logger | undefined;

/** Lines of so many ms are written together: each write costs 0.1 ms. Whatever may be the last words is written at once. */
const GATHER_MS = 20;

const openOutput = (): DestinationStream => {
  const output = pino.destination({ dest: 1, sync: true });
  let lines = "";
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    output.write(lines);
    lines = "";
  };
  process.on("exit", () => {
    if (lines !== "") flush();
  });
  return {
    write: (line) => {
      lines += line;
      if (!line.startsWith('{"level":"info"') && !line.startsWith('{"level":"debug"')) flush();
      else timer ??= setTimeout(flush, GATHER_MS);
    },
  };
};

/** Made at the first line, so that importing this file reads no setting. */
const current = (): Logger => {
  logger ??= pino(
    {
      level: readLogLevel(),
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ["authorization", "*.authorization", "headers.cookie", "password", "*.password"],
      formatters: { level: (label) => ({ level: label }) },
    },
    openOutput(),
  );
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
