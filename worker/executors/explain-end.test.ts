import { describe, expect, test } from "vitest";
import { explainEnd } from "./explain-end";
import type { ProgramEnd } from "./process";

const end = (given: Partial<ProgramEnd>): ProgramEnd => ({
  exitCode: null,
  signal: null,
  reason: "exited",
  oomKilled: false,
  ...given,
});

describe("the message says what happened", () => {
  test.each([
    [end({ exitCode: 3 }), "exit_code", "The program ended with exit code 3."],
    [end({ exitCode: 137 }), "exit_code", "The program ended with exit code 137, as after SIGKILL."],
    [
      end({ signal: "SIGSEGV" }),
      "signal",
      "The program was killed by SIGSEGV (it touched memory that is not its own).",
    ],
    [end({ signal: "SIGKILL" }), "signal", "The program was killed by SIGKILL (out of memory?)."],
    [end({ signal: "SIGUSR1" }), "signal", "The program was killed by SIGUSR1."],
    [
      end({ signal: "SIGKILL", oomKilled: true }),
      "out_of_memory",
      "The program was killed because memory ran out (by SIGKILL).",
    ],
    [
      end({ exitCode: 1, oomKilled: true, overMemoryMb: 512 }),
      "out_of_memory",
      "The program used more memory than its 512 MiB (resources.memory_mb) and was killed (with exit code 1).",
    ],
    [
      end({ signal: "SIGKILL", reason: "timeout" }),
      "timeout",
      "The program ran longer than its 60 seconds and was stopped.",
    ],
    [
      end({ reason: "spawn_failed", spawnError: "The program x was not found." }),
      "spawn_failed",
      "The program x was not found.",
    ],
  ])("%j", (given, errorKind, message) => {
    expect(explainEnd(given, [], 60)).toEqual({ errorKind, message });
  });
});

test("the last lines on stderr follow, at most 20 and 4 KiB of them", () => {
  const { message } = explainEnd(end({ exitCode: 1 }), ["Traceback", "ValueError: no"], null);
  expect(message).toBe("The program ended with exit code 1. Its last 2 lines on stderr:\nTraceback\nValueError: no");
  const many = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  expect(
    explainEnd(end({ exitCode: 1 }), many, null)
      .message.split("\n")
      .slice(1),
  ).toEqual(many.slice(-20));
  const long = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(1000));
  expect(explainEnd(end({ exitCode: 1 }), long, null).message.split("\n")).toHaveLength(5);
  const one = explainEnd(end({ exitCode: 1 }), [`${"é".repeat(5000)} the end`], null).message;
  expect(Buffer.byteLength(one)).toBeLessThan(4300);
  expect(one).toMatch(/^[^\uFFFD]* the end$/);
});
