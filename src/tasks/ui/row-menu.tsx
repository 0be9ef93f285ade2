"use client";
import { useLanguage } from "../../i18n/locale-provider";
import { IconButton } from "../../ui/button";
import { MoreIcon } from "../../ui/icons";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu";
import type { Task } from "../task";
import { type Action, useActionList } from "./use-action-list";

export const RowMenu = ({ task }: { task: Task }) => {
  const { t } = useLanguage();
  const { list, dialog } = useActionList(task);
  const dangerous = list("cancel");
  const item = (action: Action, danger: boolean) => (
    <MenuItem key={action.id} danger={danger} icon={action.icon} onSelect={action.run}>
      {action.label}
    </MenuItem>
  );
  return (
    <>
      <Menu
        trigger={
          <IconButton size="sm" label={t("task.actionsOf", { name: task.name })}>
            <MoreIcon />
          </IconButton>
        }
      >
        {list("retry", "duplicate", "copyId").map((action) => item(action, false))}
        {dangerous.length > 0 && <MenuSeparator />}
        {dangerous.map((action) => item(action, true))}
      </Menu>
      {dialog}
    </>
  );
};
