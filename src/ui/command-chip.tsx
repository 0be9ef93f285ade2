"use client";
import clsx from "clsx";
import { CopyButton } from "./copy-button";

/** A command to be run in a terminal. */
export const CommandChip = ({ command, label, className }: { command: string; label: string; className?: string }) => (
  <span
    className={clsx(
      "inline-flex items-center gap-1 rounded-md border border-line-strong bg-surface pl-2.5 font-mono text-xs text-ink",
      className,
    )}
  >
    {command}
    <CopyButton text={command} label={label} />
  </span>
);
