"use client";
// Labelled inputs. A field's error stands right below it and is read with it.
import clsx from "clsx";
import { type ComponentProps, type ReactNode, useId } from "react";
import { ChevronDownIcon } from "./icons";
import { useIsLeftOut } from "./may-change";

// 16 px on phones: iOS zooms into anything smaller.
const box =
  "w-full rounded-md border bg-surface px-2.5 text-base text-ink placeholder:text-ink-3 focus-visible:outline-offset-0 aria-invalid:border-bad max-sm:text-[1rem] sm:text-sm disabled:opacity-60";
const calm = "border-control";

type FieldProps = {
  label: string /** where a heading nearby says the same */;
  labelHidden?: boolean;
  hint?: ReactNode;
  error?: string | undefined;
  optional?: string;
  className?: string;
  children: (props: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": true | undefined;
  }) => ReactNode;
};

export const Field = ({ label, labelHidden = false, hint, error, optional, className, children }: FieldProps) => {
  const id = useId();
  const noteId = `${id}-note`;
  const hasNote = Boolean(error) || Boolean(hint);
  return (
    <div className={className}>
      <label
        htmlFor={id}
        className={labelHidden ? "sr-only" : "mb-1.5 flex items-baseline gap-1.5 text-sm font-medium"}
      >
        {label}
        {optional && <span className="text-xs font-normal text-ink-3">{optional}</span>}
      </label>
      {children({ id, "aria-describedby": hasNote ? noteId : undefined, "aria-invalid": error ? true : undefined })}
      {hasNote && (
        <div id={noteId} className={clsx("mt-1.5 text-xs", error ? "text-bad" : "text-ink-2")}>
          {error || hint}
        </div>
      )}
    </div>
  );
};

export const Input = ({ className, ...rest }: ComponentProps<"input">) => (
  <input className={clsx(box, calm, "h-8 max-sm:h-10", className)} {...rest} />
);

export const Select = ({ className, children, ...rest }: ComponentProps<"select">) => (
  <span className={clsx("relative inline-flex", className)}>
    <select className={clsx(box, calm, "h-8 w-full appearance-none truncate pr-7 max-sm:h-10")} {...rest}>
      {children}
    </select>
    <ChevronDownIcon className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 text-ink-3" />
  </span>
);

/** @param changes whether what is chosen is then changed: those who only look find an empty place */
export const Checkbox = ({
  className,
  indeterminate = false,
  changes = false,
  ...rest
}: ComponentProps<"input"> & { indeterminate?: boolean; changes?: boolean }) =>
  useIsLeftOut(changes) ? (
    <span />
  ) : (
    <input
      type="checkbox"
      ref={(element) => {
        if (element) element.indeterminate = indeterminate;
      }}
      className={clsx(
        "size-4 appearance-none rounded border border-control bg-surface bg-center bg-no-repeat checked:border-accent-solid checked:bg-accent-solid indeterminate:border-accent-solid indeterminate:bg-accent-solid",
        "checked:bg-(image:--tick) indeterminate:bg-(image:--dash)",
        className,
      )}
      {...rest}
    />
  );
