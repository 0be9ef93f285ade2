"use client";
// How fresh the page is: live, asking by itself, or standing still since when.
import clsx from "clsx";
import { useLanguage } from "../../i18n/locale-provider";
import { TONE_TEXT, type Tone } from "../badge";
import type { Connection } from "../live/connection";
import { useConnection } from "../live/live-provider";

const TONES: Record<Connection, Tone> = {
  connecting: "neutral",
  live: "ok",
  reconnecting: "warn",
  polling: "warn",
  offline: "bad",
};

export const ConnectionChip = () => {
  const { t, format } = useLanguage();
  const { connection, asOf } = useConnection();
  const word =
    connection === "offline"
      ? t("connection.offlineSince", { time: format.clock(asOf) })
      : t(`connection.${connection}`);
  const tone = TONE_TEXT[TONES[connection]];
  return (
    <span
      role="status"
      title={t(`connection.${connection}Note`)}
      className="inline-flex h-7 items-center gap-1.5 rounded-full border border-line px-2.5 text-xs whitespace-nowrap text-ink-2"
    >
      <span
        aria-hidden="true"
        className={clsx(
          "size-1.5 rounded-full bg-current",
          tone,
          (connection === "connecting" || connection === "reconnecting") && "animate-breathe",
        )}
      />
      {word}
    </span>
  );
};
