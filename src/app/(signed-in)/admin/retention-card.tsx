"use client";
// For how long what is kept.
import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../../../i18n/locale-provider";
import { useTRPC } from "../../../ui/trpc";
import { Fact, FactsCard } from "./facts";

export const RetentionCard = () => {
  const { t } = useLanguage();
  const query = useQuery(useTRPC().admin.retention.queryOptions());
  const days = (count: number) => t("keys.days", { count });
  return (
    <FactsCard title={t("admin.retention")} query={query}>
      {({ trashDays, webhookDays, idempotencyHours, signInDays, invitationDays }) => (
        <dl className="divide-y divide-line">
          <Fact name={t("admin.keep.tasks")} note={t("admin.keep.tasksNote")}>
            {t("admin.keep.forEver")}
          </Fact>
          <Fact name={t("admin.keep.trash")} note={<code className="font-mono">TRASH_DAYS</code>}>
            {days(trashDays)}
          </Fact>
          <Fact name={t("admin.keep.webhooks")}>{days(webhookDays)}</Fact>
          <Fact name={t("admin.keep.idempotency")}>{t("admin.keep.hours", { count: idempotencyHours })}</Fact>
          <Fact name={t("admin.keep.signIns")}>{days(signInDays)}</Fact>
          <Fact name={t("admin.keep.invitations")}>{days(invitationDays)}</Fact>
        </dl>
      )}
    </FactsCard>
  );
};
