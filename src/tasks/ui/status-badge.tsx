"use client";
// A task's state: shape, word and colour together.
import clsx from "clsx";
import { useLanguage } from "../../i18n/locale-provider";
import type { PlainKey } from "../../i18n/translate";
import { TONE_TEXT, type Tone } from "../../ui/badge";
import { CancelledIcon, CompletedIcon, FailedIcon, PendingIcon, QueuedIcon, RunningIcon } from "../../ui/icons";
import type { TaskStatus } from "../status";

export const STATUS_LOOK = {
  pending: { icon: PendingIcon, tone: "neutral", word: "status.pending" },
  queued: { icon: QueuedIcon, tone: "neutral", word: "status.queued" },
  running: { icon: RunningIcon, tone: "accent", word: "status.running" },
  completed: { icon: CompletedIcon, tone: "ok", word: "status.completed" },
  failed: { icon: FailedIcon, tone: "bad", word: "status.failed" },
  cancelled: { icon: CancelledIcon, tone: "neutral", word: "status.cancelled" },
} as const satisfies Record<TaskStatus, { icon: typeof PendingIcon; tone: Tone; word: PlainKey }>;

export const StatusBadge = ({ status, stopping = false }: { status: TaskStatus; stopping?: boolean }) => {
  const { t } = useLanguage();
  const { icon: Icon, tone, word } = STATUS_LOOK[status];
  return (
    <span className={clsx("flex items-center gap-1.5 whitespace-nowrap", TONE_TEXT[tone])}>
      <Icon />
      <span className="font-medium">{stopping ? t("status.stopping") : t(word)}</span>
    </span>
  );
};
