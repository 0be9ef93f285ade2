"use client";
// Each try of a task: where, how long, how it ended.
import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../../i18n/locale-provider";
import type { PlainKey } from "../../i18n/translate";
import { Badge, type Tone } from "../../ui/badge";
import { Card } from "../../ui/card";
import { ErrorState } from "../../ui/error-state";
import { ScrollRegion } from "../../ui/scroll-region";
import { Skeleton } from "../../ui/skeleton";
import { DateTime, Duration } from "../../ui/time";
import { type Outputs, useTRPC } from "../../ui/trpc";
import type { AttemptOutcome } from "../status";
import type { Task } from "../task";

type Attempt = Outputs["tasks"]["attempts"][number];

const OUTCOMES = {
  succeeded: { word: "outcome.succeeded", tone: "ok" },
  failed: { word: "outcome.failed", tone: "bad" },
  cancelled: { word: "outcome.cancelled", tone: "neutral" },
  lost: { word: "outcome.lost", tone: "warn" },
  given_back: { word: "outcome.givenBack", tone: "neutral" },
} as const satisfies Record<AttemptOutcome, { word: PlainKey; tone: Tone }>;

const cell = "px-4 py-2 align-top";

const Row = ({ attempt }: { attempt: Attempt }) => {
  const { t } = useLanguage();
  const outcome = attempt.outcome && OUTCOMES[attempt.outcome];
  const exit = attempt.signal ?? (attempt.exitCode === null ? null : t("attempts.exit", { code: attempt.exitCode }));
  return (
    <tr className="border-t border-line">
      <th scope="row" className={`${cell} text-left font-normal tabular-nums`}>
        {attempt.attempt}
      </th>
      <td className={cell}>
        {outcome ? (
          <Badge tone={outcome.tone}>{t(outcome.word)}</Badge>
        ) : (
          <Badge tone="accent">{t("status.running")}</Badge>
        )}
      </td>
      <td className={`${cell} whitespace-nowrap`}>{attempt.workerId ?? t("attempts.client")}</td>
      <td className={`${cell} whitespace-nowrap text-ink-2`}>
        <DateTime at={attempt.startedAt} />
      </td>
      <td className={`${cell} whitespace-nowrap`}>
        <Duration from={attempt.startedAt} to={attempt.endedAt} />
      </td>
      <td className={`${cell} text-ink-2`}>{exit}</td>
    </tr>
  );
};

export const AttemptsCard = ({ task }: { task: Task }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const attempts = useQuery(trpc.tasks.attempts.queryOptions({ taskId: task.taskId }));
  return (
    <Card title={t("task.attempts")}>
      {attempts.isPending && (
        <div className="p-4">
          <Skeleton className="h-4 w-2/3" />
        </div>
      )}
      {attempts.isError && !attempts.data && (
        <ErrorState compact error={attempts.error} onRetry={() => attempts.refetch()} retrying={attempts.isFetching} />
      )}
      {attempts.data?.length === 0 && <p className="px-4 py-3 text-sm text-ink-2">{t("attempts.none")}</p>}
      {attempts.data && attempts.data.length > 0 && (
        <ScrollRegion label={t("task.attempts")} className="overflow-x-auto">
          <table className="w-full min-w-[34rem] text-sm">
            <thead>
              <tr className="text-left text-xs text-ink-2">
                {(
                  [
                    "attempts.column",
                    "attempts.outcome",
                    "task.worker",
                    "task.started",
                    "attempts.duration",
                    "attempts.end",
                  ] as const
                ).map((title) => (
                  <th key={title} scope="col" className="px-4 py-2 font-medium">
                    {t(title)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {attempts.data.toReversed().map((attempt) => (
                <Row key={attempt.attempt} attempt={attempt} />
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
    </Card>
  );
};
