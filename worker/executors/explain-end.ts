// PURE. What is told of a program that did not succeed.
import type { ProgramEnd } from "./process";

export type ErrorKind =
  | "exit_code"
  | "signal"
  | "out_of_memory"
  | "timeout"
  | "spawn_failed"
  | "cancelled"
  | "shutdown"
  | "lost";

const SIGNALS: Record<string, string> = {
  SIGSEGV: "it touched memory that is not its own",
  SIGBUS: "it touched memory that is not there",
  SIGABRT: "it gave itself up",
  SIGFPE: "it divided by zero or overflowed",
  SIGILL: "it met an instruction that this processor does not know",
  SIGPIPE: "nobody read what it wrote",
  SIGXCPU: "its CPU time was used up",
  SIGKILL: "out of memory?",
};
/** Numbers that shells and wrappers add to 128 when their program was killed. */
const BY_NUMBER: Record<number, string> = {
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  15: "SIGTERM",
  24: "SIGXCPU",
};

const MAX_LINES = 20;
const MAX_BYTES = 4096;

/** The last lines that fit, oldest first; a single longer one keeps its end. */
const lastThatFit = (lines: string[]): string[] => {
  const kept: string[] = [];
  let left = MAX_BYTES;
  for (const line of lines.slice(-MAX_LINES).reverse()) {
    const bytes = Buffer.byteLength(line) + 1;
    if (bytes > left) {
      if (kept.length === 0)
        kept.unshift(
          `…${Buffer.from(line)
            .subarray(-left + 4)
            .toString()
            .replace(/^\uFFFD+/, "")}`,
        );
      break;
    }
    kept.unshift(line);
    left -= bytes;
  }
  return kept;
};

const explain = (end: ProgramEnd, timeoutSeconds: number | null): { errorKind: ErrorKind; sentence: string } => {
  switch (end.reason) {
    case "spawn_failed":
      return { errorKind: "spawn_failed", sentence: end.spawnError ?? "The program could not be started." };
    case "timeout":
      return {
        errorKind: "timeout",
        sentence:
          timeoutSeconds === null
            ? "The program ran out of time and was stopped."
            : `The program ran longer than its ${timeoutSeconds} seconds and was stopped.`,
      };
    case "cancelled":
      return { errorKind: "cancelled", sentence: "The program was cancelled." };
    case "shutdown":
      return { errorKind: "shutdown", sentence: "The worker was shut down, and the program with it." };
    case "lost":
      return { errorKind: "lost", sentence: "The worker no longer held this attempt, and the program was stopped." };
    case "launcher_died":
      return { errorKind: "lost", sentence: "What starts the worker's programs died, and the program with it." };
    case "guard":
      return { errorKind: "lost", sentence: "The worker stood still, and the program was killed." };
    case "exited":
      return explainExit(end);
  }
};

const explainExit = ({
  exitCode,
  signal,
  oomKilled,
  overMemoryMb,
}: ProgramEnd): { errorKind: ErrorKind; sentence: string } => {
  const how = signal === null ? `with exit code ${exitCode}` : `by ${signal}`;
  if (overMemoryMb !== undefined)
    return {
      errorKind: "out_of_memory",
      sentence: `The program used more memory than its ${overMemoryMb} MiB (resources.memory_mb) and was killed (${how}).`,
    };
  if (oomKilled)
    return { errorKind: "out_of_memory", sentence: `The program was killed because memory ran out (${how}).` };
  if (signal !== null)
    return {
      errorKind: "signal",
      sentence: `The program was killed by ${signal}${SIGNALS[signal] === undefined ? "" : ` (${SIGNALS[signal]})`}.`,
    };
  const inner = BY_NUMBER[(exitCode ?? 0) - 128];
  return {
    errorKind: "exit_code",
    sentence: `The program ended with exit code ${exitCode}${inner === undefined ? "" : `, as after ${inner}`}.`,
  };
};

/**
 * The message and kind of a failure.
 *
 * @param lastStderr     the program's last lines on stderr; at most 20 lines and 4 KiB are told
 * @param timeoutSeconds the task's limit, null without one
 */
export const explainEnd = (
  end: ProgramEnd,
  lastStderr: string[],
  timeoutSeconds: number | null,
): { errorKind: ErrorKind; message: string } => {
  const { errorKind, sentence } = explain(end, timeoutSeconds);
  const lines = lastThatFit(lastStderr);
  const message =
    lines.length === 0
      ? sentence
      : `${sentence} Its last ${lines.length === 1 ? "line" : `${lines.length} lines`} on stderr:\n${lines.join("\n")}`;
  return { errorKind, message };
};
