"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useId, useRef, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button, LinkButton } from "../../ui/button";
import { useRefusalSentence } from "../../ui/error-state";
import { Field, Input } from "../../ui/field";
import { JsonEditor } from "../../ui/json-editor";
import { readJsonObject } from "../../ui/json-problem";
import { refusalOf } from "../../ui/refusal";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { MoreFields } from "./more-fields";
import { ProgramFields } from "./program-fields";
import { QueueNames } from "./queue-names";
import { type FieldName, type NewTaskInput, type Problems, problemsFrom, readForm, type TaskForm } from "./task-form";
import { useProblemText } from "./use-problem-text";

const MORE: FieldName[] = ["tags", "maxAttempts", "timeout", "gpus", "cpus", "memoryMb"];

export type FieldsProps = { form: TaskForm; problems: Problems; set: (changes: Partial<TaskForm>) => void };

export const NewTaskForm = ({
  initial,
  programs,
}: {
  initial: TaskForm;
  programs: Outputs["tasks"]["entrypoints"];
}) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const refusalSentence = useRefusalSentence();
  const textOf = useProblemText();
  const element = useRef<HTMLFormElement>(null);
  const queueListId = useId();
  const [form, setForm] = useState(initial);
  const [problems, setProblems] = useState<Problems>({});

  const showProblems = (found: Problems) => {
    setProblems(found);
    // After they are drawn: to the first wrong field, wherever it is.
    requestAnimationFrame(() => element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };

  const create = useMutation(
    trpc.tasks.create.mutationOptions({
      onSuccess: (task) => {
        queryClient.setQueryData(trpc.tasks.get.queryKey({ taskId: task.taskId }), task);
        router.push(`/tasks/${task.taskId}`);
      },
      onError: (error) => showProblems(problemsFrom(refusalOf(error).details)),
    }),
  );

  const set = (changes: Partial<TaskForm>) => {
    setForm((before) => ({ ...before, ...changes }));
    // What is being mended is no longer wrong.
    setProblems((before) => Object.fromEntries(Object.entries(before).filter(([name]) => !(name in changes))));
  };

  const checkConfig = () => {
    const found = readJsonObject(form.config);
    if ("problem" in found && form.config.trim() !== "")
      setProblems((before) => ({ ...before, config: { json: found.problem } }));
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = readForm(form);
    if ("problems" in read) showProblems(read.problems);
    else create.mutate(read.task satisfies NewTaskInput);
  };

  const config = problems.config;
  const badLine = typeof config === "object" && "json" in config ? config.json.line : null;
  const refusal = create.isError ? refusalOf(create.error) : null;
  const hasOwnField = refusal !== null && Object.keys(problemsFrom(refusal.details)).length > 0;
  return (
    <form ref={element} onSubmit={submit} noValidate className="space-y-5">
      <Field label={t("form.name")} error={textOf(problems.name)}>
        {(field) => (
          <Input
            {...field}
            autoFocus
            value={form.name}
            maxLength={500}
            placeholder={t("form.nameExample")}
            onChange={(event) => set({ name: event.target.value })}
          />
        )}
      </Field>
      <ProgramFields form={form} problems={problems} set={set} programs={programs} />
      <Field label={t("form.config")} hint={t("form.configHint")} error={textOf(config)}>
        {(field) => (
          <JsonEditor
            {...field}
            value={form.config}
            badLine={badLine}
            onChange={(text) => set({ config: text })}
            onBlur={checkConfig}
          />
        )}
      </Field>
      <div className="grid gap-5 sm:grid-cols-2">
        <Field label={t("form.queue")} error={textOf(problems.queue)}>
          {(field) => (
            <Input
              {...field}
              list={queueListId}
              value={form.queue}
              maxLength={100}
              onChange={(event) => set({ queue: event.target.value })}
            />
          )}
        </Field>
        <Field label={t("form.priority")} hint={t("form.priorityHint")} error={textOf(problems.priority)}>
          {(field) => (
            <Input
              {...field}
              inputMode="numeric"
              className="tabular-nums"
              value={form.priority}
              onChange={(event) => set({ priority: event.target.value })}
            />
          )}
        </Field>
      </div>
      <QueueNames id={queueListId} />
      <MoreFields
        form={form}
        problems={problems}
        set={set}
        open={MORE.some((name) => initial[name] !== "")}
        hasProblem={MORE.some((name) => name in problems)}
      />
      {refusal && !hasOwnField && (
        <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-sm text-bad">
          {refusalSentence(refusal)}
          {refusal.requestId && <span className="ml-1 font-mono text-xs">({refusal.requestId})</span>}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2 border-t border-line pt-5">
        <Button changes type="submit" look="primary" busy={create.isPending || create.isSuccess}>
          {t("form.submit")}
        </Button>
        <LinkButton href="/tasks" look="ghost">
          {t("form.discard")}
        </LinkButton>
      </div>
    </form>
  );
};
