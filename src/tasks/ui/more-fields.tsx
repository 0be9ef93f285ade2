"use client";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Field, Input } from "../../ui/field";
import { ChevronRightIcon } from "../../ui/icons";
import type { FieldsProps } from "./new-task-form";
import { useProblemText } from "./use-problem-text";

/** What most tasks leave at its default. It opens by itself when something in it is set or wrong. */
export const MoreFields = ({
  form,
  problems,
  set,
  open,
  hasProblem,
}: FieldsProps & { open: boolean; hasProblem: boolean }) => {
  const { t } = useLanguage();
  const textOf = useProblemText();
  const [isOpen, setOpen] = useState(open);
  const number = (
    name: "maxAttempts" | "timeout" | "gpus" | "cpus" | "memoryMb",
    label: string,
    placeholder: string,
    hint?: string,
  ) => (
    <Field label={label} hint={hint} error={textOf(problems[name])}>
      {(field) => (
        <Input
          {...field}
          inputMode="numeric"
          className="tabular-nums"
          placeholder={placeholder}
          value={form[name]}
          onChange={(event) => set({ [name]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <details open={isOpen || hasProblem} onToggle={(event) => setOpen(event.currentTarget.open)} className="group">
      <summary className="-ml-1 inline-flex list-none items-center gap-1 rounded pr-1 text-sm font-medium text-ink-2 hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRightIcon className="transition-transform group-open:rotate-90" />
        {t("form.more")}
      </summary>
      <div className="mt-4 space-y-5">
        <Field label={t("form.tags")} hint={t("form.tagsHint")} error={textOf(problems.tags)}>
          {(field) => (
            <Input
              {...field}
              value={form.tags}
              placeholder="baseline, seed-1"
              onChange={(event) => set({ tags: event.target.value })}
            />
          )}
        </Field>
        <div className="grid gap-5 sm:grid-cols-2">
          {number("maxAttempts", t("form.maxAttempts"), "1", t("form.maxAttemptsHint"))}
          {number("timeout", t("form.timeoutSeconds"), t("form.noLimit"), t("form.timeoutHint"))}
        </div>
        <div className="grid gap-5 sm:grid-cols-3">
          {number("gpus", t("form.gpus"), "0")}
          {number("cpus", t("form.cpus"), t("form.any"))}
          {number("memoryMb", t("form.memory"), t("form.any"))}
        </div>
      </div>
    </details>
  );
};
