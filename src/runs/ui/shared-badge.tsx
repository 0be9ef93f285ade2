"use client";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge } from "../../ui/badge";
import type { Outputs } from "../../ui/trpc";

/** Whose a shared group is, and what the reader may do in it; nothing for an own one. */
export const SharedBadge = ({
  of: { role, ownerEmail },
}: {
  of: Pick<Outputs["groups"]["get"], "role" | "ownerEmail">;
}) => {
  const { t } = useLanguage();
  if (role === "owner") return null;
  const text = t("share.by", { email: ownerEmail });
  return (
    <span className="inline-flex flex-wrap items-center gap-1 font-normal tracking-normal">
      <Badge tone="accent" title={text}>
        {text}
      </Badge>
      <Badge>{t(`share.role.${role}`)}</Badge>
    </span>
  );
};
