"use client";
import { useLanguage } from "../../i18n/locale-provider";
import { ConfirmDialog } from "../../ui/dialog";
import type { Task } from "../task";

type Props = {
  tasks: Task[];
  open: boolean;
  onOpenChange: (open: boolean) => void;
  busy: boolean;
  onConfirm: () => void;
};

/** What it means to cancel them differs: a running program is stopped, a waiting task never starts. */
export const CancelDialog = ({ tasks, open, onOpenChange, busy, onConfirm }: Props) => {
  const { t } = useLanguage();
  const running = tasks.filter((task) => task.status === "running").length;
  const [only] = tasks;
  const title =
    tasks.length === 1 && only ? t("cancel.titleOne", { name: only.name }) : t("cancel.title", { count: tasks.length });
  const description =
    running === 0
      ? t("cancel.waitingNote")
      : running === tasks.length
        ? t("cancel.runningNote", { count: running })
        : t("cancel.mixedNote", { running });
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={title}
      description={description}
      confirm={t("cancel.confirm", { count: tasks.length })}
      keep={t("cancel.keep")}
      danger
      busy={busy}
      onConfirm={onConfirm}
    />
  );
};
