"use client";
// The queues of all accounts: how full they are, who paused which and why, and the way back.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { ErrorState } from "../../ui/error-state";
import { PauseIcon, PlayIcon } from "../../ui/icons";
import { Skeleton } from "../../ui/skeleton";
import { RelativeTime } from "../../ui/time";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { PauseQueue, useResume } from "./pause-queue";

type Queue = Outputs["admin"]["queues"]["queues"][number];

const ASK_MS = 5000;
const SHOWN = ["running", "queued", "pending", "failed", "completed"] as const;

const Row = ({ queue, onPause, onResumed }: { queue: Queue; onPause: () => void; onResumed: () => void }) => {
  const { t, format } = useLanguage();
  const resume = useResume();
  const { queue: name, counts, paused } = queue;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          <span className="wrap-anywhere">{name === "" ? t("admin.otherQueues") : name}</span>
          {paused && <Badge tone="warn">{t("queue.isPaused")}</Badge>}
        </p>
        <p className="mt-0.5 flex flex-wrap gap-x-3 text-xs text-ink-2 tabular-nums">
          {SHOWN.map((status) => (
            <span key={status}>
              {t(`status.${status}`)} {format.number(counts[status])}
            </span>
          ))}
        </p>
        {paused && (
          <p className="mt-0.5 text-xs text-ink-2 wrap-anywhere">
            {paused.by === null ? t("admin.pausedGone") : t("admin.pausedBy", { email: paused.by })}{" "}
            <RelativeTime at={paused.since} />
            {paused.reason !== null && `: ${paused.reason}`}
          </p>
        )}
      </div>
      {name !== "" &&
        (paused ? (
          <Button
            size="sm"
            icon={<PlayIcon />}
            aria-label={t("queue.resumeNamed", { queue: name })}
            busy={resume.isPending}
            onClick={() => resume.mutate({ queue: name }, { onSuccess: onResumed })}
          >
            {t("queue.resume")}
          </Button>
        ) : (
          <Button size="sm" icon={<PauseIcon />} aria-label={t("admin.pauseNamed", { queue: name })} onClick={onPause}>
            {t("queue.pause")}
          </Button>
        ))}
    </li>
  );
};

export const AllQueuesCard = () => {
  const { t } = useLanguage();
  const query = useQuery(useTRPC().admin.queues.queryOptions(undefined, { refetchInterval: ASK_MS }));
  const [pausing, setPausing] = useState<string | null>(null);
  const queues = query.data?.queues;
  const refetch = () => void query.refetch();
  return (
    <Card title={t("admin.queues")}>
      {query.isPending && (
        <div aria-busy="true" className="animate-late p-4">
          <Skeleton className="h-14" />
        </div>
      )}
      {query.isError && !queues && (
        <ErrorState compact error={query.error} onRetry={refetch} retrying={query.isFetching} />
      )}
      <ul className="divide-y divide-line">
        {queues?.map((queue) => (
          <Row key={queue.queue} queue={queue} onPause={() => setPausing(queue.queue)} onResumed={refetch} />
        ))}
      </ul>
      {pausing !== null && (
        <PauseQueue
          queue={pausing}
          onClose={() => {
            setPausing(null);
            refetch();
          }}
        />
      )}
    </Card>
  );
};
