"use client";
// Whether somebody works for a unit, and since when nobody does.
import clsx from "clsx";
import { useLanguage } from "../../i18n/locale-provider";
import { RelativeTime } from "../../ui/time";
import type { Outputs } from "../../ui/trpc";

type Unit = Pick<Outputs["units"]["get"], "connectionStatus" | "lastHeartbeat" | "counts">;

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

/** A run is claimed without a heartbeat, and the first one comes when its training has begun, or never. */
const wordOf = ({ connectionStatus, lastHeartbeat, counts }: Unit) => {
  if (connectionStatus === "connected") return "unit.connected";
  if (counts.running === 0) return "unit.disconnected";
  return lastHeartbeat === null ? "unit.notHeardYet" : "unit.silent";
};

export const DriverDot = ({ unit }: { unit: Unit }) => {
  const { t } = useLanguage();
  const word = wordOf(unit);
  const isThere = word === "unit.connected";
  return (
    <span className="flex flex-wrap items-center gap-x-1">
      <span
        aria-hidden="true"
        className={clsx("mr-0.5 size-2 rounded-full", isThere ? "bg-ok" : "border border-control")}
      />
      <span className={isThere ? "text-ok" : word === "unit.silent" ? "text-warn" : undefined}>{t(word)}</span>
      {!isThere && unit.lastHeartbeat !== null && (
        <span>
          · <LastSeen at={unit.lastHeartbeat} />
        </span>
      )}
      {word === "unit.disconnected" && unit.lastHeartbeat === null && <span>· {t("unit.neverSeen")}</span>}
    </span>
  );
};
