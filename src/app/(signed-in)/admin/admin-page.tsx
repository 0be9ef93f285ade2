"use client";
// The server as its owner sees it; accounts and queues are shown by their own rooms.
import { AccountsCard } from "../../../accounts/ui/accounts-card";
import { useLanguage } from "../../../i18n/locale-provider";
import { AllQueuesCard } from "../../../tasks/ui/all-queues-card";
import { Tabs } from "../../../ui/tabs";
import { useUrlState } from "../../../ui/url-state";
import { HealthCards } from "./health-cards";
import { LimitsCard } from "./limits-card";
import { RetentionCard } from "./retention-card";
import { RoomCard } from "./room-card";

const PARTS = ["accounts", "queues", "limits", "retention", "health"] as const;

export const AdminPage = ({ myId }: { myId: string }) => {
  const { t } = useLanguage();
  const { params, change } = useUrlState();
  const part = PARTS.find((one) => one === params.get("part")) ?? PARTS[0];
  return (
    <div className="mx-auto max-w-3xl space-y-5">
      <title>{t("title.admin")}</title>
      <h1 className="text-xl font-semibold tracking-tight">{t("admin.title")}</h1>
      <Tabs
        label={t("admin.parts")}
        value={part}
        options={PARTS.map((value) => ({ value, label: t(`admin.${value}`) }))}
        onChange={(value) => change({ part: value })}
      />
      {part === "accounts" && <AccountsCard myId={myId} />}
      {part === "queues" && <AllQueuesCard />}
      {part === "limits" && <LimitsCard />}
      {part === "retention" && (
        <div className="space-y-5">
          <RetentionCard />
          <RoomCard />
        </div>
      )}
      {part === "health" && <HealthCards />}
    </div>
  );
};
