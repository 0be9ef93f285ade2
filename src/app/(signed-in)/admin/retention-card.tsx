"use client";
// For how long what is kept.
import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../../../i18n/locale-provider";
import { useTRPC } from "../../../ui/trpc";
import { Fact, FactsCard } from "./facts";

const Variable = ({ name }: { name: string }) => <code className="font-mono">{name}</code>;

export const RetentionCard = () => {
  const { t } = useLanguage();
  const query = useQuery(useTRPC().admin.retention.queryOptions());
  const days = (count: number) => t("keys.days", { count });
  return (
    <FactsCard title={t("admin.retention")} query={query}>
      {({ taskDays, logDays, metricDays, ...kept }) => {
        /** Never longer than what they belong to. */
        const withThem = (own: number) =>
          own > 0 && (taskDays === 0 || own < taskDays)
            ? days(own)
            : t(taskDays > 0 ? "admin.keep.withThem" : "admin.keep.forEver");
        return (
          <dl className="divide-y divide-line">
            <Fact name={t("admin.keep.tasks")} note={<Variable name="RETENTION_DAYS" />}>
              {taskDays > 0 ? days(taskDays) : t("admin.keep.forEver")}
            </Fact>
            <Fact name={t("admin.keep.logs")} note={<Variable name="LOG_RETENTION_DAYS" />}>
              {withThem(logDays)}
            </Fact>
            <Fact name={t("admin.keep.metrics")} note={<Variable name="METRIC_RETENTION_DAYS" />}>
              {withThem(metricDays)}
            </Fact>
            <Fact name={t("admin.keep.trash")} note={<Variable name="TRASH_DAYS" />}>
              {days(kept.trashDays)}
            </Fact>
            <Fact name={t("admin.keep.activity")} note={<Variable name="ACTIVITY_DAYS" />}>
              {days(kept.activityDays)}
            </Fact>
            <Fact name={t("admin.keep.webhooks")}>{days(kept.webhookDays)}</Fact>
            <Fact name={t("admin.keep.idempotency")}>{t("admin.keep.hours", { count: kept.idempotencyHours })}</Fact>
            <Fact name={t("admin.keep.signIns")}>{days(kept.signInDays)}</Fact>
            <Fact name={t("admin.keep.invitations")}>{days(kept.invitationDays)}</Fact>
          </dl>
        );
      }}
    </FactsCard>
  );
};
