"use client";
// Why it failed: the whole message, with the last lines of stderr that came along.
import { useLanguage } from "../../i18n/locale-provider";
import { CopyButton } from "../../ui/copy-button";
import { WarningIcon } from "../../ui/icons";
import type { Task } from "../task";
import { AnsiText } from "./ansi-text";
import { firstLine } from "./status-sentence";

export const TaskError = ({ task }: { task: Task }) => {
  const { t } = useLanguage();
  const message = task.errorMessage;
  if (message === null || (task.status !== "failed" && task.status !== "cancelled")) return null;
  const first = firstLine(message);
  const rest = message.slice(first.length).trim();
  // A single line is in the header already.
  if (rest === "") return null;
  return (
    <section aria-label={t("error.title")} className="overflow-hidden rounded-xl border border-line bg-surface">
      <div className="flex items-center justify-between gap-3 bg-bad-soft py-1.5 pr-1.5 pl-4 text-sm">
        <span className="flex min-w-0 items-center gap-2 font-medium text-bad">
          <WarningIcon />
          <span className="[overflow-wrap:anywhere]">{first}</span>
        </span>
        <CopyButton text={message} label={t("error.copy")} />
      </div>
      <pre tabIndex={0} className="max-h-72 overflow-auto px-4 py-3 font-mono text-xs leading-5 [overflow-wrap:anywhere] whitespace-pre-wrap -outline-offset-2">
        <AnsiText text={rest} />
      </pre>
    </section>
  );
};
