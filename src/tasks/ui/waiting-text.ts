// Why a task waits, in the reader's language. The server says it in English (src/tasks/waiting-reason.ts); a sentence
// that is not known here is shown as it came.
import type { Translate } from "../../i18n/translate";

type Rule = [RegExp, (t: Translate, parts: string[]) => string];

const RULES: Rule[] = [
  [/^no worker is running$/, (t) => t("waiting.noWorker")],
  [/^waits for a client to start it/, (t) => t("waiting.client")],
  [/^queue (\S+) is paused$/, (t, [queue = ""]) => t("waiting.paused", { queue })],
  [/^queue (.+?) is paused: (.*)$/s, (t, [queue = "", reason = ""]) => t("waiting.pausedBecause", { queue, reason })],
  [/^queue (.+) is paused$/s, (t, [queue = ""]) => t("waiting.paused", { queue })],
  [/^no running worker serves queue (.+)$/s, (t, [queue = ""]) => t("waiting.notServed", { queue })],
  [/^no running worker has the program (.+)$/s, (t, [program = ""]) => t("waiting.noProgram", { program })],
  [/^the workers that could run it are shutting down$/, (t) => t("waiting.draining")],
  [/^no single worker has all that it needs$/, (t) => t("waiting.noSingleWorker")],
  [/^scheduled for (.+)$/, (t) => t("waiting.scheduled")],
  [
    /^waits for (.+) and (\d+) more$/,
    (t, [ids = "", count = ""]) => t("waiting.dependenciesMore", { ids, count: Number(count) }),
  ],
  [/^waits for (.+)$/, (t, [ids = ""]) => t("waiting.dependencies", { ids })],
  [
    /^needs (.+)$/,
    (t, [needs = ""]) =>
      needs
        .split("; ")
        .map((need) => lack(t, need))
        .join(t("list.separator")),
  ],
];

const lack = (t: Translate, text: string): string => {
  const match = /^(\d+) (.+), where the largest worker has (\d+)$/.exec(text);
  if (!match) return text;
  const values = { count: Number(match[1]), most: Number(match[3]) };
  if (match[2]?.startsWith("GPU")) return t("waiting.needsGpus", values);
  return match[2] === "CPUs" ? t("waiting.needsCpus", values) : t("waiting.needsMemory", values);
};

export const waitingText = (t: Translate, reason: string): string => {
  for (const [pattern, say] of RULES) {
    const match = pattern.exec(reason);
    if (match) return say(t, match.slice(1));
  }
  return reason;
};
