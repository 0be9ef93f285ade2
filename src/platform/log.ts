// The log of this process: JSON lines on stdout, ids as fields, sentences in the past tense.
import { pino } from "pino";

export const log = pino({
  level: process.env.LOG_LEVEL || "info",
  base: undefined,
  timestamp: pino.stdTimeFunctions.isoTime,
  redact: ["authorization", "*.authorization", "headers.cookie", "password", "*.password"],
  formatters: { level: (label) => ({ level: label }) },
});
