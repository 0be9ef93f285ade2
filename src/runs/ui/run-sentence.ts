// What follows the word of a run's state: for how long, and on which driver.
import type { Format } from "../../i18n/format";
import type { Translate } from "../../i18n/translate";
import type { RunStatus } from "../run";

type Told = { status: RunStatus; driverId: string | null; startedAt: string | null; completedAt: string | null };

/** @param nowMs for what is still going on. Empty where nothing more is known than the state. */
export const runSentence = (t: Translate, format: Format, run: Told, nowMs: number): string => {
  if (run.status === "pending") return t("run.says.pending");
  if (run.startedAt === null) return run.status === "cancelled" ? t("run.says.unstarted") : "";
  const started = Date.parse(run.startedAt);
  if (run.status === "running") {
    // The clock of the browser may be behind the server's.
    const duration = format.duration(Math.max(0, nowMs - started) / 1000, true);
    return run.driverId === null
      ? t("run.says.running", { duration })
      : t("run.says.runningOn", { duration, driver: run.driverId });
  }
  if (run.completedAt === null) return "";
  const duration = format.duration((Date.parse(run.completedAt) - started) / 1000);
  return run.status === "completed" ? t("run.says.completed", { duration }) : t("run.says.ended", { duration });
};
