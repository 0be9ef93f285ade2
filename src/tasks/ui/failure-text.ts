// A failure's message in parts: what happened, in the reader's language, and what the program itself said last.
import type { Translate } from "../../i18n/translate";

export type Failure = {
  sentence: string /** the program's last line on stderr, mostly the exception */;
  cause: string | null /** its last lines */;
  tail: string;
};

/** How the worker introduces the program's own lines; see worker/executors/explain-end.ts. */
const INTRODUCTION = / Its last (?:line|\d+ lines) on stderr:$/;

type Rule = [RegExp, (t: Translate, parts: string[]) => string];

const RULES: Rule[] = [
  [
    /^The program ended with exit code (-?\d+)(?:, as after (\w+))?\.$/,
    (t, [code = "", signal]) => (signal ? t("failure.exitAfter", { code, signal }) : t("failure.exit", { code })),
  ],
  [/^The program was killed by (\w+)(?: \(.*\))?\.$/, (t, [signal = ""]) => t("failure.signal", { signal })],
  [/^The program was killed because memory ran out/, (t) => t("failure.memory")],
  [
    /^The program ran longer than its (\d+) seconds/,
    (t, [seconds = ""]) => t("failure.timeout", { count: Number(seconds) }),
  ],
  [/^dependency (\S+) failed$/, (t, [id = ""]) => t("failure.dependency", { id })],
];

/** A sentence that is not known here stays as it came. */
const translated = (t: Translate, sentence: string): string => {
  for (const [pattern, say] of RULES) {
    const match = pattern.exec(sentence);
    if (match) return say(t, match.slice(1));
  }
  return sentence;
};

export const failureOf = (t: Translate, message: string): Failure => {
  const [first = "", ...rest] = message.split("\n");
  const lines = rest.filter((line) => line.trim() !== "");
  return {
    sentence: translated(t, first.replace(INTRODUCTION, "")),
    cause: lines.at(-1)?.trim() ?? null,
    tail: rest.join("\n").trim(),
  };
};
