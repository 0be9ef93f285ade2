"use client";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge } from "../../ui/badge";
import type { Outputs } from "../../ui/trpc";

type Shared = Pick<Outputs["groups"]["get"], "role" | "ownerEmail">;

/** Whose a shared group is, and what the reader may do in it; nothing for an own one. */
export const SharedBadge = ({ of: { role, ownerEmail } }: { of: Shared }) => {
  const { t } = useLanguage();
  if (role === "owner") return null;
  return (
    <span className="inline-flex flex-wrap items-center gap-x-1.5 text-xs font-normal tracking-normal text-ink-2">
      <Badge tone="accent">{t(`share.role.${role}`)}</Badge>
      {t("share.by", { email: ownerEmail })}
    </span>
  );
};
