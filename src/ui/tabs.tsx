"use client";
// Parts of a page, of which one is shown; which one stands in the address.
import clsx from "clsx";

type Props<Value extends string> = {
  label: string;
  value: Value;
  options: { value: Value; label: string }[];
  onChange: (value: Value) => void;
};

export const Tabs = <Value extends string>({ label, value, options, onChange }: Props<Value>) => (
  <nav aria-label={label} className="flex gap-4 overflow-x-auto border-b border-line">
    {options.map((one) => (
      <button
        key={one.value}
        type="button"
        aria-current={one.value === value ? "page" : undefined}
        onClick={() => onChange(one.value)}
        className={clsx(
          "-mb-px border-b-2 px-1 py-2 text-sm whitespace-nowrap",
          one.value === value ? "border-accent font-medium text-ink" : "border-transparent text-ink-2 hover:text-ink",
        )}
      >
        {one.label}
      </button>
    ))}
  </nav>
);
