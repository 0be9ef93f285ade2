"use client";
// A run's state: shape, word and colour together.
import clsx from "clsx";
import { useLanguage } from "../../i18n/locale-provider";
import type { PlainKey } from "../../i18n/translate";
import { TONE_TEXT, type Tone } from "../../ui/badge";
import { CancelledIcon, CompletedIcon, FailedIcon, QueuedIcon, RunningIcon } from "../../ui/icons";
import type { RunStatus } from "../run";

export const RUN_LOOK = {
  pending: { icon: QueuedIcon, tone: "neutral", word: "status.queued" },
  running: { icon: RunningIcon, tone: "accent", word: "status.running" },
  completed: { icon: CompletedIcon, tone: "ok", word: "status.completed" },
  failed: { icon: FailedIcon, tone: "bad", word: "status.failed" },
  cancelled: { icon: CancelledIcon, tone: "neutral", word: "status.cancelled" },
} as const satisfies Record<RunStatus, { icon: typeof QueuedIcon; tone: Tone; word: PlainKey }>;

export const RunBadge = ({ status }: { status: RunStatus }) => {
  const { t } = useLanguage();
  const { icon: Icon, tone, word } = RUN_LOOK[status];
  return (
    <span className={clsx("flex items-center gap-1.5 whitespace-nowrap", TONE_TEXT[tone])}>
      <Icon />
      <span className="font-medium">{t(word)}</span>
    </span>
  );
};
