"use client";
// The one list of what a task's menu and its page offer: words, icons, and what happens.
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { copyText } from "../../ui/copy-text";
import { CopyIcon, DuplicateIcon, RetryIcon, StopIcon, TerminalIcon } from "../../ui/icons";
import { useMayChange } from "../../ui/may-change";
import type { Task } from "../task";
import { CancelDialog } from "./cancel-dialog";
import { bodyOf, curlFor } from "./curl";
import { canCancel, canRetry, useTaskActions } from "./task-actions";

export type ActionId = "retry" | "cancel" | "duplicate" | "copyCurl" | "copyId";

export type Action = { id: ActionId; label: string; icon: ReactNode; busy: boolean; run: () => void };

/**
 * @returns the named actions that this task allows, in the order of their names, and the dialog that asks before a cancel:
 *   it has to stand beside whatever shows the actions
 */
export const useActionList = (task: Task): { list: (...ids: ActionId[]) => Action[]; dialog: ReactNode } => {
  const { t } = useLanguage();
  const router = useRouter();
  const { cancel, retry } = useTaskActions();
  const [asking, setAsking] = useState(false);
  const { taskId } = task;
  const mayChange = useMayChange();
  const copy = async (text: string) => {
    if (await copyText(text)) toast.success(t("copy.done"));
    else toast.error(t("copy.failed"));
  };

  const actions: Record<ActionId, Omit<Action, "id" | "busy"> & { busy?: boolean; allowed?: boolean }> = {
    retry: {
      label: t("action.retry"),
      icon: <RetryIcon />,
      busy: retry.isPending,
      allowed: mayChange && canRetry(task),
      run: () => retry.mutate({ taskId }),
    },
    cancel: {
      label: t("action.cancelTask"),
      icon: <StopIcon />,
      allowed: mayChange && canCancel(task),
      run: () => setAsking(true),
    },
    duplicate: {
      label: t("action.duplicate"),
      icon: <DuplicateIcon />,
      allowed: mayChange,
      run: () => router.push(`/tasks/new?from=${taskId}`),
    },
    copyCurl: {
      label: t("action.copyCurl"),
      icon: <TerminalIcon />,
      run: () => void copy(curlFor(window.location.origin, bodyOf(task))),
    },
    copyId: { label: t("action.copyId"), icon: <CopyIcon />, run: () => void copy(taskId) },
  };
  const list = (...ids: ActionId[]): Action[] =>
    ids.flatMap((id) => {
      const { allowed = true, busy = false, ...action } = actions[id];
      return allowed ? [{ id, busy, ...action }] : [];
    });

  const dialog = asking ? (
    <CancelDialog
      tasks={[task]}
      open
      onOpenChange={setAsking}
      busy={cancel.isPending}
      onConfirm={() => cancel.mutate({ taskId }, { onSettled: () => setAsking(false) })}
    />
  ) : null;
  return { list, dialog };
};
