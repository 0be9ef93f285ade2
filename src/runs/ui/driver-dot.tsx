"use client";
// Whether somebody works for a unit, and since when nobody does.
import clsx from "clsx";
import { useLanguage } from "../../i18n/locale-provider";
import { RelativeTime } from "../../ui/time";
import type { Outputs } from "../../ui/trpc";

type Unit = Outputs["units"]["get"];

const LastSeen = ({ at }: { at: string }) => {
  const { t } = useLanguage();
  const [before = "", after = ""] = t("unit.lastSeen", { time: "\u0000" }).split("\u0000");
  return (
    <>
      {before}
      <RelativeTime at={at} />
      {after}
    </>
  );
};

export const DriverDot = ({ unit }: { unit: Unit }) => {
  const { t } = useLanguage();
  const isThere = unit.connectionStatus === "connected";
  return (
    <span className="flex flex-wrap items-center gap-x-1">
      <span
        aria-hidden="true"
        className={clsx("mr-0.5 size-2 rounded-full", isThere ? "bg-ok" : "border border-control")}
      />
      <span className={isThere ? "text-ok" : undefined}>{t(isThere ? "unit.connected" : "unit.disconnected")}</span>
      {!isThere && <span>· {unit.lastHeartbeat ? <LastSeen at={unit.lastHeartbeat} /> : t("unit.neverSeen")}</span>}
    </span>
  );
};
