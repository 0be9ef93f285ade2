"use client";
// What runs: a program of this server, a command, or nothing here, when a client runs it itself.
import clsx from "clsx";
import { useId } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Field, Input, Select } from "../../ui/field";
import type { Outputs } from "../../ui/trpc";
import { splitArguments } from "./arguments";
import type { FieldsProps } from "./new-task-form";
import type { Program } from "./task-form";
import { useProblemText } from "./use-problem-text";

const Choice = ({
  name,
  value,
  chosen,
  disabled = false,
  onChoose,
  children,
}: {
  name: string;
  value: Program;
  chosen: Program;
  disabled?: boolean;
  onChoose: (value: Program) => void;
  children: string;
}) => (
  <label
    className={clsx(
      "flex h-7 flex-1 cursor-pointer items-center justify-center rounded px-3 text-sm whitespace-nowrap has-focus-visible:outline-2 has-focus-visible:outline-accent max-sm:h-9 max-sm:px-1.5",
      chosen === value
        ? "bg-surface font-medium text-ink shadow-[0_1px_2px_rgb(0_0_0/0.12)] dark:bg-line-strong"
        : "text-ink-2 hover:text-ink",
      disabled && "cursor-not-allowed opacity-50",
    )}
  >
    <input
      type="radio"
      className="sr-only"
      name={name}
      checked={chosen === value}
      disabled={disabled}
      onChange={() => onChoose(value)}
    />
    {children}
  </label>
);

/** The arguments as they are passed on, so that nobody has to guess about quotes. */
const Arguments = ({ line }: { line: string }) => {
  const { t } = useLanguage();
  const split = splitArguments(line);
  if ("unclosed" in split || split.args.length === 0) return t("form.commandHint", { params: "{params}" });
  return (
    <span className="flex flex-wrap items-center gap-1">
      <span className="mr-1">{t("form.arguments", { count: split.args.length })}</span>
      {split.args.map((arg, index) => (
        <code
          // biome-ignore lint/suspicious/noArrayIndexKey: arguments are told apart by their place
          key={index}
          className="rounded border border-line bg-sunken px-1 font-mono [overflow-wrap:anywhere] whitespace-pre-wrap text-ink"
        >
          {arg === "" ? '""' : arg}
        </code>
      ))}
    </span>
  );
};

export const ProgramFields = ({
  form,
  problems,
  set,
  programs,
}: FieldsProps & { programs: Outputs["tasks"]["entrypoints"] }) => {
  const { t } = useLanguage();
  const textOf = useProblemText();
  const groupName = useId();
  const { entrypoints, commandsAllowed } = programs;
  // A copied task may name a program that is gone.
  const options =
    form.entrypoint === "" || entrypoints.includes(form.entrypoint) ? entrypoints : [form.entrypoint, ...entrypoints];
  const choose = (program: Program) => set({ program, entrypoint: form.entrypoint || (entrypoints[0] ?? "") });
  return (
    <div className="space-y-3">
      <fieldset>
        <legend className="mb-1.5 text-sm font-medium">{t("form.program")}</legend>
        <div className="flex rounded-md bg-sunken p-0.5 sm:inline-flex">
          <Choice name={groupName} value="entrypoint" chosen={form.program} onChoose={choose}>
            {t("form.entrypoint")}
          </Choice>
          <Choice name={groupName} value="command" chosen={form.program} disabled={!commandsAllowed} onChoose={choose}>
            {t("form.command")}
          </Choice>
          <Choice name={groupName} value="client" chosen={form.program} onChoose={choose}>
            {t("form.client")}
          </Choice>
        </div>
        {!commandsAllowed && <p className="mt-1.5 text-xs text-ink-2">{t("form.commandsOff")}</p>}
      </fieldset>
      {form.program === "entrypoint" && (
        <Field
          labelHidden
          label={t("form.entrypoint")}
          hint={entrypoints.length === 0 ? t("form.noEntrypoints") : t("form.entrypointHint")}
          error={textOf(problems.entrypoint)}
        >
          {(field) => (
            <Select
              {...field}
              className="w-full"
              value={form.entrypoint}
              onChange={(event) => set({ entrypoint: event.target.value })}
            >
              {options.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </Select>
          )}
        </Field>
      )}
      {form.program === "command" && (
        <Field
          labelHidden
          label={t("form.command")}
          hint={<Arguments line={form.command} />}
          error={textOf(problems.command)}
        >
          {(field) => (
            <Input
              {...field}
              className="font-mono"
              spellCheck={false}
              autoCapitalize="off"
              value={form.command}
              placeholder="python train.py {params}"
              onChange={(event) => set({ command: event.target.value })}
            />
          )}
        </Field>
      )}
      {form.program === "client" && <p className="text-sm text-ink-2">{t("form.clientHint")}</p>}
    </div>
  );
};
