"use client";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { IconButton } from "../../ui/button";
import { copyText } from "../../ui/copy-text";
import { CopyIcon, DuplicateIcon, MoreIcon, RetryIcon, StopIcon } from "../../ui/icons";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu";
import type { Task } from "../task";
import { CancelDialog } from "./cancel-dialog";
import { canCancel, canRetry, useTaskActions } from "./task-actions";

export const RowMenu = ({ task }: { task: Task }) => {
  const { t } = useLanguage();
  const router = useRouter();
  const { cancel, retry } = useTaskActions();
  const [asking, setAsking] = useState(false);
  const copyId = async () => {
    if (await copyText(task.taskId)) toast.success(t("copy.done"));
    else toast.error(t("copy.failed"));
  };
  return (
    <>
      <Menu
        trigger={
          <IconButton size="sm" label={t("task.actionsOf", { name: task.name })}>
            <MoreIcon />
          </IconButton>
        }
      >
        {canRetry(task) && (
          <MenuItem icon={<RetryIcon />} onSelect={() => retry.mutate({ taskId: task.taskId })}>
            {t("action.retry")}
          </MenuItem>
        )}
        <MenuItem icon={<DuplicateIcon />} onSelect={() => router.push(`/tasks/new?from=${task.taskId}`)}>
          {t("action.duplicate")}
        </MenuItem>
        <MenuItem icon={<CopyIcon />} onSelect={copyId}>
          {t("action.copyId")}
        </MenuItem>
        {canCancel(task) && (
          <>
            <MenuSeparator />
            <MenuItem danger icon={<StopIcon />} onSelect={() => setAsking(true)}>
              {t("action.cancelTask")}
            </MenuItem>
          </>
        )}
      </Menu>
      {asking && (
        <CancelDialog
          tasks={[task]}
          open
          onOpenChange={setAsking}
          busy={cancel.isPending}
          onConfirm={() => cancel.mutate({ taskId: task.taskId }, { onSettled: () => setAsking(false) })}
        />
      )}
    </>
  );
};
