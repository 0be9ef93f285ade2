"use client";
// What belongs to the account as a whole; each part is its service's own.
import { KeysCard } from "../../../accounts/ui/keys-card";
import { ProfileCards } from "../../../accounts/ui/profile-card";
import { useLanguage } from "../../../i18n/locale-provider";
import { Tabs } from "../../../ui/tabs";
import { useUrlState } from "../../../ui/url-state";
import { WebhooksCard } from "../../../webhooks/ui/webhooks-card";

const PARTS = ["keys", "webhooks", "profile"] as const;

export const SettingsPage = () => {
  const { t } = useLanguage();
  const { params, change } = useUrlState();
  const part = PARTS.find((one) => one === params.get("part")) ?? PARTS[0];
  return (
    <div className="mx-auto max-w-3xl space-y-5">
      <title>{t("title.settings")}</title>
      <h1 className="text-xl font-semibold tracking-tight">{t("settings.title")}</h1>
      <Tabs
        label={t("settings.parts")}
        value={part}
        options={PARTS.map((value) => ({ value, label: t(`settings.${value}`) }))}
        onChange={(value) => change({ part: value, webhook: null })}
      />
      {part === "keys" && <KeysCard />}
      {part === "webhooks" && <WebhooksCard />}
      {part === "profile" && <ProfileCards />}
    </div>
  );
};
