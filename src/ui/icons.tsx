// Line icons on a 16 px grid, drawn here so that they share one weight. All are decoration: the word stands beside them.
import clsx from "clsx";
import type { ReactNode } from "react";

type IconProps = { className?: string };

const Icon = ({ className, children }: IconProps & { children: ReactNode }) => (
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
    {children}
  </svg>
);

export const CheckIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m3.5 8.5 3 3 6-7" />
  </Icon>
);
export const CrossIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m4 4 8 8m0-8-8 8" />
  </Icon>
);
export const PlusIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M8 3.5v9M3.5 8h9" />
  </Icon>
);
export const SearchIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="7" cy="7" r="4" />
    <path d="m10 10 3.5 3.5" />
  </Icon>
);
export const ChevronDownIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m4.5 6.5 3.5 3.5 3.5-3.5" />
  </Icon>
);
export const ChevronRightIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m6.5 4.5 3.5 3.5-3.5 3.5" />
  </Icon>
);
export const ChevronLeftIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M9.5 4.5 6 8l3.5 3.5" />
  </Icon>
);
export const ArrowUpIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M8 12.5v-9m-3.5 3.5L8 3.5 11.5 7" />
  </Icon>
);
export const ArrowDownIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M8 3.5v9M4.5 9 8 12.5 11.5 9" />
  </Icon>
);
export const PauseIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M5.5 3.5v9m5-9v9" />
  </Icon>
);
export const PlayIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M5 3.5v9l7-4.5z" />
  </Icon>
);
export const StopIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="4" y="4" width="8" height="8" rx="1.5" />
  </Icon>
);
export const RetryIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M12.5 3v3h-3m2.8 0A5 5 0 1 0 13 8.5" />
  </Icon>
);
export const CopyIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
    <path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" />
  </Icon>
);
export const MoreIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.25" />
  </Icon>
);
export const WarningIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M8 6.5V9m0 2.25v.01M7.1 2.9 1.9 12a1 1 0 0 0 .9 1.5h10.4a1 1 0 0 0 .9-1.5L8.9 2.9a1 1 0 0 0-1.8 0Z" />
  </Icon>
);
export const DownloadIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M8 2.5v7.5M4.5 7 8 10.5 11.5 7M3 13.5h10" />
  </Icon>
);
export const WrapIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M2.5 4h11m-11 4h8.75a2.25 2.25 0 0 1 0 4.5H8.5m0 0 1.75-1.75M8.5 12.5l1.75 1.75M2.5 12h3" />
  </Icon>
);
export const PencilIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m3 13 .7-3L10.5 3.2a1.2 1.2 0 0 1 1.7 0l.6.6a1.2 1.2 0 0 1 0 1.7L6 12.3z" />
  </Icon>
);
export const SignOutIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M6.5 13.5H4A1.5 1.5 0 0 1 2.5 12V4A1.5 1.5 0 0 1 4 2.5h2.5m4 8.5L13.5 8l-3-3m3 3h-7" />
  </Icon>
);
export const ClockIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M8 5v3l2 1.5" />
  </Icon>
);
export const TableIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="2.5" y="3" width="11" height="10" rx="1.5" />
    <path d="M2.5 6.5h11m-11 3.25h11M7 6.5V13" />
  </Icon>
);
export const ChartIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M2.5 2.5v11h11M5 10l2.5-3 2 1.5L13 4.5" />
  </Icon>
);
export const GlobeIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M2.5 8h11M8 2.5c1.7 1.5 2.4 3.4 2.4 5.5S9.7 12 8 13.5C6.3 12 5.6 10.1 5.6 8S6.3 4 8 2.5Z" />
  </Icon>
);
export const UserIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="5.5" r="2.5" />
    <path d="M3.5 13c.5-2.3 2.2-3.5 4.5-3.5s4 1.2 4.5 3.5" />
  </Icon>
);
export const GearIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M2.5 4.5h6m3 0h2m-11 7h2m3 0h6" />
    <circle cx="10" cy="4.5" r="1.5" />
    <circle cx="6" cy="11.5" r="1.5" />
  </Icon>
);
export const TerminalIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m3.5 5 3 3-3 3M8.5 11h4" />
  </Icon>
);
export const TrayIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M2.5 9.5 4.2 3.4a1 1 0 0 1 1-.7h5.6a1 1 0 0 1 1 .7l1.7 6.1v2.5a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1zh3.3l1 1.5h2.4l1-1.5h3.3" />
  </Icon>
);
export const MachineIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="2.5" y="3" width="11" height="4" rx="1" />
    <rect x="2.5" y="9" width="11" height="4" rx="1" />
    <path d="M5 5h.01M5 11h.01" strokeWidth="2" />
  </Icon>
);
export const DuplicateIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M2.5 4A1.5 1.5 0 0 1 4 2.5h5A1.5 1.5 0 0 1 10.5 4v1.5m-5 0h6.5A1.5 1.5 0 0 1 13.5 7v5a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 12zm4 2v4m-2-2h4" />
  </Icon>
);

// The states of a task. Each has a shape of its own, so that they can be told apart without colour.
export const PendingIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="5.25" strokeDasharray="2 2.12" />
  </Icon>
);
export const QueuedIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="5.25" />
  </Icon>
);
export const RunningIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="5.25" opacity=".35" />
    <path
      d="M8 2.75A5.25 5.25 0 0 1 13.25 8"
      className="origin-center animate-spin [animation-duration:1.4s] motion-reduce:animate-none"
    />
  </Icon>
);
export const CompletedIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="6" fill="currentColor" stroke="none" />
    <path d="m5.5 8.25 1.75 1.75 3.25-3.75" className="stroke-surface" />
  </Icon>
);
export const FailedIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="6" fill="currentColor" stroke="none" />
    <path d="m6 6 4 4m0-4-4 4" className="stroke-surface" />
  </Icon>
);
export const CancelledIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="5.25" />
    <path d="m4.5 11.5 7-7" />
  </Icon>
);
export const GripIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M6 4v.01M10 4v.01M6 8v.01M10 8v.01M6 12v.01M10 12v.01" strokeWidth="2" />
  </Icon>
);
export const TrashIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M3 4.5h10M6.5 4.5v-1h3v1m-5 0 .5 8.5h6l.5-8.5M7 7v3.5m2-3.5v3.5" />
  </Icon>
);
