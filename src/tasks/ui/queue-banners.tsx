"use client";
// Why nothing starts: a paused queue, or nobody who works.
import { useLanguage } from "../../i18n/locale-provider";
import { Banner } from "../../ui/banner";
import { Button } from "../../ui/button";
import { CommandChip } from "../../ui/command-chip";
import { MachineIcon, PauseIcon } from "../../ui/icons";
import { useResume } from "./pause-queue";
import type { QueueOverview, QueueState } from "./use-queue-overview";

export const WORKER_COMMAND = "npm run worker";

const Paused = ({ state }: { state: QueueState }) => {
  const { t } = useLanguage();
  const resume = useResume();
  return (
    <Banner
      tone="warn"
      icon={<PauseIcon />}
      action={
        <Button changes size="sm" busy={resume.isPending} onClick={() => resume.mutate({ queue: state.queue })}>
          {t("queue.resumeNamed", { queue: state.queue })}
        </Button>
      }
    >
      {state.pauseReason === null
        ? t("banner.paused", { queue: state.queue })
        : t("banner.pausedBecause", { queue: state.queue, reason: state.pauseReason })}
    </Banner>
  );
};

export const QueueBanners = ({ overview }: { overview: QueueOverview | null }) => {
  const { t } = useLanguage();
  if (!overview) return null;
  return (
    <>
      {overview.workers.length === 0 && (
        <Banner
          tone="warn"
          icon={<MachineIcon />}
          action={<CommandChip command={WORKER_COMMAND} label={t("banner.copyWorker")} />}
        >
          {overview.waiting > 0 ? t("banner.noWorkerWaiting", { count: overview.waiting }) : t("banner.noWorker")}
        </Banner>
      )}
      {overview.paused.map((state) => (
        <Paused key={state.queue} state={state} />
      ))}
    </>
  );
};
