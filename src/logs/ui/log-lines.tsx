"use client";
// Thousands of lines: drawn in blocks that the browser skips while they are out of sight, each drawn again only when it changed.
import clsx from "clsx";
import { memo } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { AnsiText } from "../../ui/ansi-text";
import type { LogLine } from "./use-log";

const LINES_PER_BLOCK = 200;
const LINE_HEIGHT_PX = 20;

export type LogLook = { times: boolean; wrap: boolean };

const SOUNDS_BAD = /error|exception|traceback|fatal|panic/i;

/** All of stderr counts as ERROR unless the line says otherwise, but progress bars go there too: those stay calm. */
const toneOf = ({ level, stream, message }: LogLine): string | undefined =>
  level === "ERROR" && stream === "stderr" && !SOUNDS_BAD.test(message) ? undefined : LINE_TONES[level];

const LINE_TONES: Record<string, string> = {
  ERROR: "text-bad",
  CRITICAL: "text-bad",
  FATAL: "text-bad",
  WARN: "text-warn",
  WARNING: "text-warn",
  DEBUG: "text-ink-3",
};

const Line = ({ line, look, clock }: { line: LogLine; look: LogLook; clock: (iso: string) => string }) => (
  <div
    className={clsx(
      "flex min-h-5 border-l-2 pr-4 hover:bg-hover",
      line.stream === "stderr" ? "border-l-bad" : "border-l-transparent",
    )}
  >
    <span aria-hidden="true" className="w-12 shrink-0 pr-3 text-right text-ink-3 tabular-nums select-none">
      {line.line}
    </span>
    {look.times && (
      <time
        dateTime={line.timestamp}
        title={line.timestamp}
        className="w-18 shrink-0 text-ink-3 tabular-nums select-none"
      >
        {clock(line.timestamp)}
      </time>
    )}
    {line.stream === "stderr" && <span className="sr-only">stderr: </span>}
    <span
      className={clsx(
        look.wrap ? "min-w-0 [overflow-wrap:anywhere] whitespace-pre-wrap" : "whitespace-pre",
        toneOf(line),
      )}
    >
      <AnsiText text={line.message} />
    </span>
  </div>
);

type BlockProps = { lines: LogLine[]; look: LogLook; clock: (iso: string) => string; isLast: boolean };

const Block = memo(
  ({ lines, look, clock, isLast }: BlockProps) => (
    <div
      style={
        isLast
          ? undefined
          : { contentVisibility: "auto", containIntrinsicSize: `auto ${lines.length * LINE_HEIGHT_PX}px` }
      }
    >
      {lines.map((line) => (
        <Line key={line.line} line={line} look={look} clock={clock} />
      ))}
    </div>
  ),
  // Output never changes once it is written: same ends, same lines.
  (before, after) =>
    before.look === after.look &&
    before.isLast === after.isLast &&
    before.clock === after.clock &&
    before.lines[0]?.line === after.lines[0]?.line &&
    before.lines.at(-1)?.line === after.lines.at(-1)?.line,
);

const blocksOf = (lines: LogLine[]): Map<number, LogLine[]> => {
  const blocks = new Map<number, LogLine[]>();
  for (const line of lines) {
    const number = Math.floor(line.line / LINES_PER_BLOCK);
    const block = blocks.get(number);
    if (block) block.push(line);
    else blocks.set(number, [line]);
  }
  return blocks;
};

export const LogLines = ({ lines, look }: { lines: LogLine[]; look: LogLook }) => {
  const { format } = useLanguage();
  const blocks = [...blocksOf(lines)];
  return blocks.map(([number, block], index) => (
    <Block key={number} lines={block} look={look} clock={format.clockSeconds} isLast={index === blocks.length - 1} />
  ));
};
