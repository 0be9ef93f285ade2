"use client";
// Buttons and links that look like buttons.
import clsx from "clsx";
import Link from "next/link";
import type { ComponentProps, ReactNode } from "react";
import { useIsLeftOut } from "./may-change";

type Look = "primary" | "secondary" | "ghost" | "danger";
type Size = "sm" | "md";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent-solid text-white hover:bg-accent-solid-hover",
  secondary: "border border-line-strong bg-surface text-ink hover:bg-hover",
  ghost: "text-ink-2 hover:bg-sunken hover:text-ink",
  danger: "bg-bad-solid text-white hover:opacity-90",
};

const SIZES: Record<Size, string> = {
  sm: "h-7 px-2.5 text-sm max-sm:h-8",
  md: "h-8 px-3 text-sm max-sm:h-10 max-sm:text-base",
};
const SQUARES: Record<Size, string> = { sm: "size-7 max-sm:size-8", md: "size-8 max-sm:size-10" };

const shape =
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors disabled:opacity-50 disabled:pointer-events-none";

type Common = {
  look?: Look;
  size?: Size;
  icon?: ReactNode;
  /** left out for those who only look */
  changes?: boolean;
};

export const Button = ({
  look = "secondary",
  size = "md",
  icon,
  busy = false,
  className,
  children,
  disabled,
  changes = false,
  ...rest
}: Common & { busy?: boolean } & ComponentProps<"button">) =>
  useIsLeftOut(changes) ? null : (
    <button
      type="button"
      className={clsx(shape, LOOKS[look], SIZES[size], className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  );

export const LinkButton = ({
  look = "secondary",
  size = "md",
  icon,
  className,
  children,
  changes = false,
  ...rest
}: Common & ComponentProps<typeof Link>) =>
  useIsLeftOut(changes) ? null : (
    <Link className={clsx(shape, LOOKS[look], SIZES[size], className)} {...rest}>
      {icon}
      {children}
    </Link>
  );

/** A button whose word is read aloud and shown by its tooltip only. */
export const IconButton = ({
  label,
  look = "ghost",
  size = "md",
  className,
  children,
  changes = false,
  ...rest
}: { label: string } & Omit<Common, "icon"> & ComponentProps<"button">) =>
  useIsLeftOut(changes) ? null : (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={clsx(shape, LOOKS[look], SQUARES[size], className)}
      {...rest}
    >
      {children}
    </button>
  );

export const Spinner = () => (
  <svg
    viewBox="0 0 16 16"
    className="size-4 animate-spin"
    aria-hidden="true"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.5"
  >
    <circle cx="8" cy="8" r="5.25" opacity=".3" />
    <path d="M8 2.75A5.25 5.25 0 0 1 13.25 8" strokeLinecap="round" />
  </svg>
);
