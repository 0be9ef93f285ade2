"use client";
// When a whole sweep would have ended, and for how long its runs run, before it is made; else why nobody can tell.
import { useLanguage } from "../../i18n/locale-provider";
import type { Outputs } from "../../ui/trpc";

type Outlook = Outputs["sweeps"]["outlook"];

const WHY = {
  nothingMeasured: "sweep.outlook.nothingMeasured",
  unitPaused: "sweep.outlook.unitPaused",
  noDriver: "sweep.outlook.noDriver",
} as const;

export const SweepOutlook = ({ outlook }: { outlook: Outlook }) => {
  const { t, format } = useLanguage();
  const { end, why, runSeconds, measured, misfits } = outlook;
  return (
    <div className="space-y-1 border-b border-line px-4 py-3 text-sm text-ink-2">
      {end && (
        <p className="text-ink" title={t("unit.bandNote")}>
          {t("sweep.outlook.end", { p50: format.dateTime(end.p50), p90: format.dateTime(end.p90) })}
        </p>
      )}
      {why !== null && why !== "noRuns" && <p>{t(WHY[why])}</p>}
      {runSeconds && (
        <p>
          {t("sweep.outlook.time", {
            ...{ p50: format.duration(runSeconds.p50), p90: format.duration(runSeconds.p90) },
            count: measured,
          })}
        </p>
      )}
      {misfits > 0 && <p className="text-warn">{t("sweep.outlook.misfits", { count: misfits })}</p>}
    </div>
  );
};
