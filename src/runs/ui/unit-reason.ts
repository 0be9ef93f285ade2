// Why a run waits, from the plan's code to a sentence.
import type { Format } from "../../i18n/format";
import type { Translate } from "../../i18n/translate";
import type { Reason } from "../why-waiting";

export const reasonText = (t: Translate, format: Format, reason: Reason, nowMs: number): string => {
  switch (reason.code) {
    case "unitPaused":
      return reason.params.reason === null
        ? t("unit.why.paused")
        : t("unit.why.pausedWhy", { reason: reason.params.reason });
    case "parametersDoNotFit":
      return t("unit.why.misfit", { misfit: reason.params.misfit });
    case "noDriver":
      return reason.params.lastHeartbeat === null
        ? t("unit.why.noDriver")
        : t("unit.why.noDriverSince", { time: format.relative(reason.params.lastHeartbeat, nowMs) });
    case "behindOthers":
      return t("unit.why.behind", { count: reason.params.ahead });
    case "allSlotsBusy":
      return t("unit.why.busy", { count: reason.params.running });
    case "next":
      return t("unit.why.next");
    case "notPending":
      return t("unit.why.notPending");
  }
};
