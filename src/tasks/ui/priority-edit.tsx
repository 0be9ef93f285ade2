"use client";
// The priority, to be changed where it stands while the task still waits.
import { type FormEvent, type KeyboardEvent, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { useRefusalSentence } from "../../ui/error-state";
import { Input } from "../../ui/field";
import { PencilIcon } from "../../ui/icons";
import { useMayChange } from "../../ui/may-change";
import { refusalOf } from "../../ui/refusal";
import type { Task } from "../task";
import { canChangePriority, useTaskActions } from "./task-actions";
import { readPriority } from "./task-form";

export const PriorityEdit = ({ task }: { task: Task }) => {
  const { t, format } = useLanguage();
  const { setPriority } = useTaskActions();
  const sentence = useRefusalSentence();
  const [text, setText] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const mayChange = useMayChange();

  if (!mayChange || !canChangePriority(task))
    return <span className="tabular-nums">{format.number(task.priority)}</span>;
  if (text === null)
    return (
      <Button
        size="sm"
        look="ghost"
        className="-mr-2.5 tabular-nums"
        aria-label={t("priority.change", { priority: task.priority })}
        onClick={() => setText(String(task.priority))}
      >
        {format.number(task.priority)}
        <PencilIcon className="text-ink-3" />
      </Button>
    );

  const close = () => {
    setText(null);
    setProblem(null);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const priority = readPriority(text);
    if (priority === null) {
      setProblem(t("form.badPriority"));
      return;
    }
    setPriority.mutate(
      { taskId: task.taskId, priority },
      { onSuccess: close, onError: (error) => setProblem(sentence(refusalOf(error))) },
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
  };
  return (
    <form onSubmit={submit} className="flex flex-col items-end gap-1">
      <span className="flex items-center gap-1.5">
        <Input
          autoFocus
          inputMode="numeric"
          aria-label={t("column.priority")}
          aria-invalid={problem !== null || undefined}
          className="h-7! w-24 text-right tabular-nums"
          value={text}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <Button size="sm" look="primary" type="submit" busy={setPriority.isPending}>
          {t("action.save")}
        </Button>
      </span>
      {problem && (
        <span role="alert" className="text-xs text-bad">
          {problem}
        </span>
      )}
    </form>
  );
};
