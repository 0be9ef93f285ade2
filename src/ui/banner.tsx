import clsx from "clsx";
import type { ReactNode } from "react";
import { TONE_SOFT, type Tone } from "./badge";

/** Something about the whole page that the reader should know, with what to do about it. */
export const Banner = ({
  tone,
  icon,
  children,
  action,
}: {
  tone: Tone;
  icon: ReactNode;
  children: ReactNode;
  action?: ReactNode;
}) => (
  <div
    role="status"
    className={clsx("flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg px-3 py-2 text-sm", TONE_SOFT[tone])}
  >
    {icon}
    <div className="min-w-0 flex-1 basis-48 text-ink">{children}</div>
    {action}
  </div>
);
