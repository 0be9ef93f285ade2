// A task's state as a sentence: what, for how long, where, why.
import type { Format } from "../../i18n/format";
import type { Translate } from "../../i18n/translate";
import type { Task } from "../task";
import { failureOf } from "./failure-text";
import { waitingText } from "./waiting-text";

const seconds = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

/**
 * @param nowMs              for what is still going on
 * @param queueWaitSeconds   until a task that is queued now would start; null when nobody can say
 * @param queueLength        waiting tasks, this one included
 */
export const statusSentence = (
  t: Translate,
  format: Format,
  task: Task,
  nowMs: number,
  queueWaitSeconds: number | null,
  queueLength: number,
): string => {
  switch (task.status) {
    case "pending":
      if (task.runAt !== null && Date.parse(task.runAt) > nowMs)
        return t("sentence.scheduled", { time: format.dateTime(task.runAt) });
      return task.waitingReason === null
        ? t("sentence.pending")
        : t("sentence.waitingBecause", { reason: waitingText(t, task.waitingReason) });
    case "queued": {
      if (task.waitingReason !== null)
        return t("sentence.waitingBecause", { reason: waitingText(t, task.waitingReason) });
      if (task.queuePosition === null) return t("sentence.queued", { queue: task.queue });
      const place =
        task.queuePosition === 1
          ? t("sentence.next", { queue: task.queue })
          : t("sentence.position", { position: task.queuePosition, queue: task.queue });
      // The estimate is for the end of the line: nearer to its head it is shorter.
      const wait =
        queueWaitSeconds === null || queueLength === 0
          ? null
          : (queueWaitSeconds * Math.min(task.queuePosition, queueLength)) / queueLength;
      return wait === null || wait < 1 ? place : t("sentence.about", { place, duration: format.duration(wait, true) });
    }
    case "running": {
      if (task.cancelRequestedAt !== null) return t("sentence.stopping");
      const duration = format.duration((nowMs - Date.parse(task.startedAt ?? task.updatedAt)) / 1000, true);
      if (task.workerId === null) return t("sentence.runningByClient", { duration });
      return task.attempt > 1 || task.maxAttempts > 1
        ? t("sentence.runningAttempt", { duration, worker: task.workerId, attempt: task.attempt })
        : t("sentence.running", { duration, worker: task.workerId });
    }
    case "completed":
      return task.startedAt && task.completedAt
        ? t("sentence.completed", { duration: format.duration(seconds(task.startedAt, task.completedAt)) })
        : t("status.completed");
    case "failed": {
      const reason = task.errorMessage === null ? "" : failureOf(t, task.errorMessage).sentence;
      const end = task.completedAt ?? task.updatedAt;
      if (task.startedAt === null)
        return reason === "" ? t("status.failed") : t("sentence.failedUnstarted", { reason });
      const duration = format.duration(seconds(task.startedAt, end));
      return reason === "" ? t("sentence.failed", { duration }) : t("sentence.failedBecause", { duration, reason });
    }
    case "cancelled":
      return task.startedAt === null
        ? t("sentence.cancelledUnstarted")
        : t("sentence.cancelled", {
            duration: format.duration(seconds(task.startedAt, task.completedAt ?? task.updatedAt)),
          });
  }
};
