"use client";
// Why it failed: the exception first, then the last lines that led to it.
import { useLanguage } from "../../i18n/locale-provider";
import { AnsiText } from "../../ui/ansi-text";
import { CopyButton } from "../../ui/copy-button";
import { WarningIcon } from "../../ui/icons";
import { ScrollRegion } from "../../ui/scroll-region";
import type { Task } from "../task";
import { failureOf } from "./failure-text";

export const TaskError = ({ task }: { task: Task }) => {
  const { t } = useLanguage();
  if (task.errorMessage === null || task.status !== "failed") return null;
  const { cause, tail } = failureOf(t, task.errorMessage);
  // A message without such lines is in the header already.
  if (cause === null) return null;
  return (
    <section aria-label={t("error.title")} className="overflow-hidden rounded-xl border border-line bg-surface">
      <div className="flex items-center gap-2 bg-bad-soft py-1.5 pr-1.5 pl-4 text-bad">
        <WarningIcon />
        <span className="min-w-0 flex-1 font-mono text-xs leading-5 font-semibold [overflow-wrap:anywhere]">
          <AnsiText text={cause} />
        </span>
        <CopyButton text={task.errorMessage} label={t("error.copy")} />
      </div>
      <ScrollRegion label={t("error.tail")} className="max-h-72 overflow-auto -outline-offset-2">
        <pre className="px-4 py-3 font-mono text-xs leading-5 [overflow-wrap:anywhere] whitespace-pre-wrap">
          <AnsiText text={tail} />
        </pre>
      </ScrollRegion>
    </section>
  );
};
