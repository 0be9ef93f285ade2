// Line icons on a 16 px grid, drawn here so that they share one weight. All are decoration: the word stands beside them.
import clsx from "clsx";
import type { ReactNode } from "react";

const icon = (drawing: ReactNode) => {
  const Icon = ({ className }: { className?: string }) => (
    <svg
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={clsx("size-4 shrink-0", className)}
    >
      {drawing}
    </svg>
  );
  return Icon;
};

export const CheckIcon = icon(<path d="m3.5 8.5 3 3 6-7" />);
export const CrossIcon = icon(<path d="m4 4 8 8m0-8-8 8" />);
export const PlusIcon = icon(<path d="M8 3.5v9M3.5 8h9" />);
export const SearchIcon = icon(
  <>
    <circle cx="7" cy="7" r="4" />
    <path d="m10 10 3.5 3.5" />
  </>,
);
export const ChevronDownIcon = icon(<path d="m4.5 6.5 3.5 3.5 3.5-3.5" />);
export const ChevronRightIcon = icon(<path d="m6.5 4.5 3.5 3.5-3.5 3.5" />);
export const ChevronLeftIcon = icon(<path d="M9.5 4.5 6 8l3.5 3.5" />);
export const ArrowUpIcon = icon(<path d="M8 12.5v-9m-3.5 3.5L8 3.5 11.5 7" />);
export const ArrowDownIcon = icon(<path d="M8 3.5v9M4.5 9 8 12.5 11.5 9" />);
export const PauseIcon = icon(<path d="M5.5 3.5v9m5-9v9" />);
export const PlayIcon = icon(<path d="M5 3.5v9l7-4.5z" />);
export const StopIcon = icon(<rect x="4" y="4" width="8" height="8" rx="1.5" />);
export const RetryIcon = icon(<path d="M12.5 3v3h-3m2.8 0A5 5 0 1 0 13 8.5" />);
export const CopyIcon = icon(
  <>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
    <path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" />
  </>,
);
export const MoreIcon = icon(<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.25" />);
export const WarningIcon = icon(<path d="M8 6.5V9m0 2.25v.01M7.1 2.9 1.9 12a1 1 0 0 0 .9 1.5h10.4a1 1 0 0 0 .9-1.5L8.9 2.9a1 1 0 0 0-1.8 0Z" />);
export const DownloadIcon = icon(<path d="M8 2.5v7.5M4.5 7 8 10.5 11.5 7M3 13.5h10" />);
export const WrapIcon = icon(<path d="M2.5 4h11m-11 4h8.75a2.25 2.25 0 0 1 0 4.5H8.5m0 0 1.75-1.75M8.5 12.5l1.75 1.75M2.5 12h3" />);
export const PencilIcon = icon(<path d="m3 13 .7-3L10.5 3.2a1.2 1.2 0 0 1 1.7 0l.6.6a1.2 1.2 0 0 1 0 1.7L6 12.3z" />);
export const SignOutIcon = icon(<path d="M6.5 13.5H4A1.5 1.5 0 0 1 2.5 12V4A1.5 1.5 0 0 1 4 2.5h2.5m4 8.5L13.5 8l-3-3m3 3h-7" />);
export const ClockIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M8 5v3l2 1.5" />
  </>,
);
export const TableIcon = icon(
  <>
    <rect x="2.5" y="3" width="11" height="10" rx="1.5" />
    <path d="M2.5 6.5h11m-11 3.25h11M7 6.5V13" />
  </>,
);
export const ChartIcon = icon(<path d="M2.5 2.5v11h11M5 10l2.5-3 2 1.5L13 4.5" />);
export const GlobeIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M2.5 8h11M8 2.5c1.7 1.5 2.4 3.4 2.4 5.5S9.7 12 8 13.5C6.3 12 5.6 10.1 5.6 8S6.3 4 8 2.5Z" />
  </>,
);
export const UserIcon = icon(
  <>
    <circle cx="8" cy="5.5" r="2.5" />
    <path d="M3.5 13c.5-2.3 2.2-3.5 4.5-3.5s4 1.2 4.5 3.5" />
  </>,
);
export const TerminalIcon = icon(<path d="m3.5 5 3 3-3 3M8.5 11h4" />);
export const TrayIcon = icon(<path d="M2.5 9.5 4.2 3.4a1 1 0 0 1 1-.7h5.6a1 1 0 0 1 1 .7l1.7 6.1v2.5a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1zh3.3l1 1.5h2.4l1-1.5h3.3" />);
export const MachineIcon = icon(
  <>
    <rect x="2.5" y="3" width="11" height="4" rx="1" />
    <rect x="2.5" y="9" width="11" height="4" rx="1" />
    <path d="M5 5h.01M5 11h.01" strokeWidth="2" />
  </>,
);
export const DuplicateIcon = icon(<path d="M2.5 4A1.5 1.5 0 0 1 4 2.5h5A1.5 1.5 0 0 1 10.5 4v1.5m-5 0h6.5A1.5 1.5 0 0 1 13.5 7v5a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 12zm4 2v4m-2-2h4" />);

// The states of a task. Each has a shape of its own, so that they can be told apart without colour.
export const PendingIcon = icon(<circle cx="8" cy="8" r="5.25" strokeDasharray="2 2.12" />);
export const QueuedIcon = icon(<circle cx="8" cy="8" r="5.25" />);
export const RunningIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.25" opacity=".35" />
    <path d="M8 2.75A5.25 5.25 0 0 1 13.25 8" className="origin-center animate-spin [animation-duration:1.4s] motion-reduce:animate-none" />
  </>,
);
export const CompletedIcon = icon(
  <>
    <circle cx="8" cy="8" r="6" fill="currentColor" stroke="none" />
    <path d="m5.5 8.25 1.75 1.75 3.25-3.75" className="stroke-surface" />
  </>,
);
export const FailedIcon = icon(
  <>
    <circle cx="8" cy="8" r="6" fill="currentColor" stroke="none" />
    <path d="m6 6 4 4m0-4-4 4" className="stroke-surface" />
  </>,
);
export const CancelledIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.25" />
    <path d="m4.5 11.5 7-7" />
  </>,
);
