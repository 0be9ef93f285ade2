"use client";
// What went in, and what came out.
import { useLanguage } from "../../i18n/locale-provider";
import { Card } from "../../ui/card";
import { CopyButton } from "../../ui/copy-button";
import { JsonView } from "../../ui/json-view";
import type { Task } from "../task";
import { mainMetric } from "./main-metric";

const asText = (value: unknown) => JSON.stringify(value, null, 2);

export const TaskConfig = ({ task }: { task: Task }) => {
  const { t } = useLanguage();
  return (
    <Card title={t("task.config")} actions={<CopyButton text={asText(task.config)} label={t("task.copyConfig")} />}>
      <JsonView value={task.config} label={t("task.config")} />
    </Card>
  );
};

export const TaskResult = ({ task }: { task: Task }) => {
  const { t, format } = useLanguage();
  if (task.result === null) return null;
  const main = mainMetric(task.result);
  return (
    <Card title={t("task.result")} actions={<CopyButton text={asText(task.result)} label={t("task.copyResult")} />}>
      {main && (
        <p className="border-b border-line px-4 py-3">
          <span className="block text-xs text-ink-2">{main.name}</span>
          <span className="text-xl font-semibold tracking-tight tabular-nums">{format.metric(main.value)}</span>
        </p>
      )}
      <JsonView value={task.result} label={t("task.result")} />
    </Card>
  );
};
