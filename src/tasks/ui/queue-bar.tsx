"use client";
// What goes on in the queue: running, waiting, workers, when the next one would start; pause and resume.
import { type ReactNode, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { Select } from "../../ui/field";
import { ChevronDownIcon, PauseIcon, PlayIcon } from "../../ui/icons";
import { Menu, MenuItem, MenuLabel } from "../../ui/menu";
import { Skeleton } from "../../ui/skeleton";
import { Tooltip } from "../../ui/tooltip";
import { PauseQueue, useResume } from "./pause-queue";
import type { QueueItem, QueueOverview } from "./use-queue-overview";

const Figure = ({ label, children }: { label: string; children: ReactNode }) => (
  <div className="min-w-0">
    <dt className="text-xs text-ink-2">{label}</dt>
    <dd className="mt-0.5 h-6 text-lg font-semibold tabular-nums">{children}</dd>
  </div>
);

const Workers = ({ overview }: { overview: QueueOverview }) => {
  const { t } = useLanguage();
  const { workers, busy, slots } = overview;
  if (workers.length === 0) return <span className="text-warn">{t("queue.none")}</span>;
  return (
    <Tooltip
      content={
        <ul className="space-y-1">
          {workers.map((worker) => (
            <li key={worker.id} className="flex justify-between gap-4 tabular-nums">
              <span>
                {worker.id}
                {worker.draining && ` · ${t("queue.draining")}`}
              </span>
              <span className="text-ink-2">{t("queue.slots", { busy: worker.busy, slots: worker.slots })}</span>
            </li>
          ))}
        </ul>
      }
    >
      <button
        type="button"
        className="rounded"
        aria-label={`${t("queue.workerCount", { count: workers.length })}: ${t("queue.slots", { busy, slots })}`}
      >
        {workers.length}
        <span className="ml-1.5 text-sm font-normal text-ink-2">{t("queue.slots", { busy, slots })}</span>
      </button>
    </Tooltip>
  );
};

const Figures = ({ overview }: { overview: QueueOverview | null }) => {
  const { t, format } = useLanguage();
  const wait = overview?.estimatedWaitSeconds ?? null;
  const gap = <Skeleton className="mt-1 h-4 w-10" />;
  return (
    <dl className="grid flex-1 grid-cols-2 gap-x-8 gap-y-3 sm:flex sm:flex-wrap" aria-busy={overview === null}>
      <Figure label={t("queue.running")}>{overview ? format.number(overview.running) : gap}</Figure>
      <Figure label={t("queue.waiting")}>{overview ? format.number(overview.waiting) : gap}</Figure>
      <Figure label={t("queue.workers")}>{overview ? <Workers overview={overview} /> : gap}</Figure>
      <Figure label={t("queue.wait")}>
        {overview === null ? (
          gap
        ) : overview.isPaused ? (
          <span className="text-warn">{t("queue.isPaused")}</span>
        ) : wait === null ? (
          <span className="font-normal text-ink-3">–</span>
        ) : wait < 1 ? (
          t("queue.waitNone")
        ) : (
          t("queue.waitAbout", { duration: format.duration(wait, true) })
        )}
      </Figure>
    </dl>
  );
};

const Control = ({
  queues,
  queue,
  onPause,
}: {
  queues: QueueItem[];
  queue: string | null;
  onPause: (queue: string) => void;
}) => {
  const { t } = useLanguage();
  const resume = useResume();
  const only = queue ?? (queues.length === 1 ? queues[0]?.queue : undefined);
  if (only !== undefined) {
    const isPaused = queues.find((item) => item.queue === only)?.paused ?? false;
    return isPaused ? (
      <Button
        changes
        look="primary"
        icon={<PlayIcon />}
        busy={resume.isPending}
        onClick={() => resume.mutate({ queue: only })}
      >
        {t("queue.resume")}
      </Button>
    ) : (
      <Button changes icon={<PauseIcon />} onClick={() => onPause(only)}>
        {t("queue.pause")}
      </Button>
    );
  }
  return (
    <Menu
      trigger={
        <Button changes icon={<PauseIcon />}>
          {t("queue.pauseOne")}
          <ChevronDownIcon className="-mr-1 text-ink-3" />
        </Button>
      }
    >
      <MenuLabel>{t("queue.pauseWhich")}</MenuLabel>
      {queues.map((item) => (
        <MenuItem
          key={item.queue}
          icon={item.paused ? <PlayIcon /> : <PauseIcon />}
          onSelect={() => (item.paused ? resume.mutate({ queue: item.queue }) : onPause(item.queue))}
        >
          {item.paused ? t("queue.resumeNamed", { queue: item.queue }) : item.queue}
        </MenuItem>
      ))}
    </Menu>
  );
};

type Props = {
  queues: QueueItem[] | undefined;
  overview: QueueOverview | null;
  queue: string | null;
  onQueue: (queue: string | null) => void;
};

export const QueueBar = ({ queues, overview, queue, onQueue }: Props) => {
  const { t } = useLanguage();
  const [pausing, setPausing] = useState<string | null>(null);
  const names = queues?.map((item) => item.queue) ?? [];
  // A queue from an old link may be empty by now.
  if (queue !== null && !names.includes(queue)) names.push(queue);
  return (
    <section
      aria-label={t("queue.label")}
      className="flex flex-wrap items-center gap-x-8 gap-y-4 rounded-xl border border-line bg-surface px-4 py-3"
    >
      <Figures overview={overview} />
      <div className="flex items-center gap-2 max-sm:w-full">
        <Select
          aria-label={t("queue.choose")}
          className="min-w-36 max-sm:flex-1"
          value={queue ?? ""}
          onChange={(event) => onQueue(event.target.value || null)}
        >
          <option value="">{t("queue.all")}</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Select>
        {queues ? <Control queues={queues} queue={queue} onPause={setPausing} /> : <Skeleton className="h-8 w-20" />}
      </div>
      {pausing !== null && <PauseQueue queue={pausing} onClose={() => setPausing(null)} />}
    </section>
  );
};
