"use client";
// The program's output, live: follows the end until the reader scrolls away.
import { type UIEvent, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { Button, IconButton } from "../../ui/button";
import { Card } from "../../ui/card";
import { EmptyState } from "../../ui/empty-state";
import { ErrorState, useRefusalSentence } from "../../ui/error-state";
import { Select } from "../../ui/field";
import { ArrowDownIcon, ClockIcon, DownloadIcon, TerminalIcon, WrapIcon } from "../../ui/icons";
import { refusalOf } from "../../ui/refusal";
import { Skeleton } from "../../ui/skeleton";
import { downloadLog } from "./log-download";
import { LogLines } from "./log-lines";
import { type LogLine, type LogSource, useLog } from "./use-log";

/** So near to the end counts as at the end. */
const NEAR_PX = 24;

/** Follows the end until the reader scrolls up, and again from when they are back at the end. */
const useFollow = (lines: LogLine[]) => {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  const [seenLine, setSeenLine] = useState(0);
  const first = lines[0]?.line ?? 0;
  const last = lines.at(-1)?.line ?? 0;
  const before = useRef({ first, height: 0, scrollTop: 0 });

  const toEnd = useCallback(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: it runs when a line was added, at the end too
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    // Lines put in at the top must not move what is being read.
    if (first < before.current.first) element.scrollTop += element.scrollHeight - before.current.height;
    else if (isFollowing) toEnd();
    before.current = { first, height: element.scrollHeight, scrollTop: element.scrollTop };
  }, [first, last, isFollowing, toEnd]);

  // Lines that wrap, or are drawn for the first time, change the height without a new line.
  useLayoutEffect(() => {
    if (!content.current || !isFollowing) return;
    const resized = new ResizeObserver(toEnd);
    resized.observe(content.current);
    return () => resized.disconnect();
  }, [isFollowing, toEnd]);

  const onScroll = (event: UIEvent<HTMLDivElement>) => {
    const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    const wentUp = scrollTop < before.current.scrollTop;
    before.current.scrollTop = scrollTop;
    if (isFollowing && wentUp && !isAtEnd) {
      setFollowing(false);
      setSeenLine(last);
    } else if (!isFollowing && isAtEnd) setFollowing(true);
  };
  return {
    box,
    content,
    onScroll,
    isFollowing,
    newCount: isFollowing ? 0 : Math.max(0, last - seenLine),
    follow: () => setFollowing(true),
  };
};

const Loading = () => (
  <div className="space-y-2 p-4">
    {["w-2/3", "w-1/2", "w-3/5", "w-2/5"].map((width) => (
      <Skeleton key={width} className={`h-3 ${width}`} />
    ))}
  </div>
);

/** How far the subject is: it decides what an empty log means. */
export type OutputState = "waiting" | "running" | "ended";
const EMPTY = { waiting: "log.emptyWaiting", running: "log.emptyRunning", ended: "log.emptyEnded" } as const;

type LinesProps = {
  source: LogSource;
  state: OutputState;
  attempt: number | null;
  times: boolean;
  wrap: boolean;
};

const Lines = ({ source, state, attempt, times, wrap }: LinesProps) => {
  const { t } = useLanguage();
  const { log, loadEarlier, isLoadingEarlier } = useLog(source, attempt);
  const lines = log.data?.lines ?? [];
  const { box, content, onScroll, isFollowing, newCount, follow } = useFollow(lines);
  const look = useMemo(() => ({ times, wrap }), [times, wrap]);
  const sentence = useRefusalSentence();
  const showEarlier = () => loadEarlier().catch((error: unknown) => toast.error(sentence(refusalOf(error))));
  if (log.isPending) return <Loading />;
  if (log.isError && !log.data)
    return <ErrorState compact error={log.error} onRetry={() => log.refetch()} retrying={log.isFetching} />;
  if (lines.length === 0) return <EmptyState icon={<TerminalIcon />} title={t(EMPTY[state])} />;
  return (
    <div className="relative">
      <div
        ref={box}
        role="log"
        aria-live="off"
        aria-label={t("log.title")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows scroll only what has the focus
        tabIndex={0}
        onScroll={onScroll}
        className="max-h-[28rem] min-h-24 overflow-auto py-2 font-mono text-xs leading-5 -outline-offset-2 [overflow-anchor:none]"
      >
        <div ref={content} className={wrap ? undefined : "w-max min-w-full"}>
          {!log.data?.reachedStart && (
            <div className="flex justify-center pb-2">
              <Button size="sm" busy={isLoadingEarlier} onClick={showEarlier}>
                {t("log.loadEarlier")}
              </Button>
            </div>
          )}
          <LogLines lines={lines} look={look} />
        </div>
      </div>
      {!isFollowing && (
        <div className="pointer-events-none absolute inset-x-0 bottom-3 flex justify-center">
          <Button
            size="sm"
            look="primary"
            className="pointer-events-auto rounded-full! shadow-raised"
            icon={<ArrowDownIcon />}
            onClick={follow}
          >
            {newCount > 0 ? t("log.newLines", { count: newCount }) : t("log.toEnd")}
          </Button>
        </div>
      )}
    </div>
  );
};

/** @param attempts how many there were: a choice is offered from two on */
export const LogCard = ({ source, state, attempts }: { source: LogSource; state: OutputState; attempts: number }) => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const [attempt, setAttempt] = useState<number | null>(null);
  const [times, setTimes] = useState(false);
  const [wrap, setWrap] = useState(true);
  const [isDownloading, setDownloading] = useState(false);
  const download = async () => {
    setDownloading(true);
    try {
      await downloadLog(source, attempt);
    } catch (error) {
      toast.error(t("log.downloadFailed"), { description: sentence(refusalOf(error)) });
    } finally {
      setDownloading(false);
    }
  };
  return (
    <Card
      title={t("log.title")}
      actions={
        <>
          {attempts > 1 && (
            <Select
              aria-label={t("log.attempt")}
              value={attempt ?? ""}
              onChange={(event) => setAttempt(event.target.value === "" ? null : Number(event.target.value))}
              className="mr-1"
            >
              <option value="">{t("log.allAttempts")}</option>
              {Array.from({ length: attempts }, (_, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: attempts are numbered
                <option key={index} value={index + 1}>
                  {t("attempts.number", { number: index + 1 })}
                </option>
              ))}
            </Select>
          )}
          <IconButton
            size="sm"
            label={t("log.times")}
            aria-pressed={times}
            className="aria-pressed:bg-sunken aria-pressed:text-ink"
            onClick={() => setTimes(!times)}
          >
            <ClockIcon />
          </IconButton>
          <IconButton
            size="sm"
            label={t("log.wrap")}
            aria-pressed={wrap}
            className="aria-pressed:bg-sunken aria-pressed:text-ink"
            onClick={() => setWrap(!wrap)}
          >
            <WrapIcon />
          </IconButton>
          <IconButton size="sm" label={t("log.download")} disabled={isDownloading} onClick={download}>
            <DownloadIcon />
          </IconButton>
        </>
      }
    >
      <Lines key={attempt ?? "all"} source={source} state={state} attempt={attempt} times={times} wrap={wrap} />
    </Card>
  );
};
