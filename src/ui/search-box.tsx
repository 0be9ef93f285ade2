"use client";
// A search by name above a list: asked once the typing pauses, focused by a slash.
import clsx from "clsx";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../i18n/locale-provider";
import { IconButton } from "./button";
import { CrossIcon, SearchIcon } from "./icons";
import { useShortcut } from "./shortcut";

const TYPING_PAUSE_MS = 250;

export const SearchBox = ({
  q,
  onChange,
  className,
}: {
  q: string;
  /** once the reader pauses */
  onChange: (q: string) => void;
  className?: string;
}) => {
  const { t } = useLanguage();
  const [text, setText] = useState(q);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useShortcut("/", () => {
    input.current?.focus();
    input.current?.select();
  });
  // Back and forward change the address, and what is typed follows.
  useEffect(() => {
    if (document.activeElement !== input.current) setText(q);
  }, [q]);
  const set = (next: string, pauseMs: number) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(next), pauseMs);
  };
  return (
    <div className={clsx("relative min-w-0 flex-1 basis-40 md:flex-none", className)}>
      <SearchIcon className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-ink-3" />
      <input
        ref={input}
        type="search"
        value={text}
        maxLength={500}
        onChange={(event) => set(event.target.value, TYPING_PAUSE_MS)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            set("", 0);
            event.currentTarget.blur();
          }
        }}
        placeholder={t("search.byName")}
        aria-label={t("search.byName")}
        aria-keyshortcuts="/"
        className="h-8 w-full rounded-md border border-control bg-surface pr-8 pl-8 text-sm placeholder:text-ink-3 focus-visible:outline-offset-0 max-sm:h-10 max-sm:text-[1rem] [&::-webkit-search-cancel-button]:hidden"
      />
      {text === "" ? (
        <span
          aria-hidden="true"
          className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 rounded border border-line px-1.5 font-sans text-xs text-ink-3 max-sm:hidden"
        >
          /
        </span>
      ) : (
        <IconButton
          size="sm"
          label={t("search.clear")}
          onClick={() => set("", 0)}
          className="absolute! top-1/2 right-0.5 -translate-y-1/2"
        >
          <CrossIcon />
        </IconButton>
      )}
    </div>
  );
};
