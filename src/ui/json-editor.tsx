"use client";
// A text area for JSON with line numbers; the line that is wrong is marked where it stands.
import clsx from "clsx";
import { type KeyboardEvent, useRef } from "react";

const INDENT = "  ";

type Props = {
  id: string;
  value: string;
  onChange: (text: string) => void;
  onBlur?: () => void;
  /** from 1 */
  badLine: number | null;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
};

export const JsonEditor = ({ value, onChange, badLine, ...rest }: Props) => {
  const gutter = useRef<HTMLDivElement>(null);
  const lines = value.split("\n");
  const rows = Math.min(24, Math.max(8, lines.length + 1));

  /** Enter keeps the indent; Tab stays the key that leaves the field, as everywhere. */
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key !== "Enter" || event.nativeEvent.isComposing || event.metaKey || event.ctrlKey) return;
    const area = event.currentTarget;
    const before = value.slice(0, area.selectionStart);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    const indent = (/^\s*/.exec(line)?.[0] ?? "") + (/[{[]\s*$/.test(line) ? INDENT : "");
    if (indent === "") return;
    event.preventDefault();
    area.setRangeText(`\n${indent}`, area.selectionStart, area.selectionEnd, "end");
    onChange(area.value);
  };

  return (
    <div
      className={clsx(
        "flex overflow-hidden rounded-md border bg-surface font-mono focus-within:outline-2 focus-within:outline-accent max-sm:text-[1rem] max-sm:leading-6 sm:text-xs sm:leading-5",
        rest["aria-invalid"] ? "border-bad" : "border-control",
      )}
    >
      <div
        ref={gutter}
        aria-hidden="true"
        className="shrink-0 overflow-hidden border-r border-line bg-sunken py-2 text-right text-ink-3 tabular-nums select-none"
      >
        {lines.map((_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line number is the identity of its line
          <div key={index} className={clsx("pr-2 pl-3", index + 1 === badLine && "bg-bad-soft font-semibold text-bad")}>
            {index + 1}
          </div>
        ))}
      </div>
      <textarea
        {...rest}
        rows={rows}
        value={value}
        wrap="off"
        spellCheck={false}
        autoCapitalize="off"
        autoCorrect="off"
        onKeyDown={onKeyDown}
        onChange={(event) => onChange(event.target.value)}
        onScroll={(event) => {
          if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
        }}
        className="min-w-0 flex-1 resize-y bg-transparent px-3 py-2 outline-none"
      />
    </div>
  );
};
