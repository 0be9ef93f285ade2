"use client";
// Times in words: local, with UTC in the tooltip.
import { useLanguage } from "../i18n/locale-provider";
import { useNow } from "./clock";

export const RelativeTime = ({ at }: { at: string }) => {
  const { format } = useLanguage();
  const now = useNow();
  return (
    <time dateTime={at} title={`${format.dateTime(at)}\n${format.utc(at)}`} className="tabular-nums">
      {format.relative(at, now)}
    </time>
  );
};

export const DateTime = ({ at }: { at: string }) => {
  const { format } = useLanguage();
  return (
    <time dateTime={at} title={format.utc(at)} className="tabular-nums">
      {format.dateTime(at)}
    </time>
  );
};

/** How long something took, or has taken so far while it has no end. */
export const Duration = ({ from, to }: { from: string; to: string | null }) =>
  to === null ? <Ticking from={from} /> : <Fixed from={from} to={to} />;

const Ticking = ({ from }: { from: string }) => {
  const { format } = useLanguage();
  const now = useNow();
  return <span className="tabular-nums">{format.duration((now - Date.parse(from)) / 1000, true)}</span>;
};

const Fixed = ({ from, to }: { from: string; to: string }) => {
  const { format } = useLanguage();
  return <span className="tabular-nums">{format.duration((Date.parse(to) - Date.parse(from)) / 1000)}</span>;
};
