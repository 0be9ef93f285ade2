"use client";
import Link from "next/link";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { useNow } from "../../ui/clock";
import { ConfirmDialog } from "../../ui/dialog";
import { RunningIcon, StopIcon } from "../../ui/icons";
import { ProgressBar } from "../../ui/progress-bar";
import { Duration, RelativeTime } from "../../ui/time";
import type { Run } from "../run";
// The runs that go on now, each with how far it is and when it should end.
import { endOf } from "./unit-end";
import { Parameters } from "./unit-waiting-row";
import { useUnitActions } from "./use-unit-actions";

const RunningCard = ({ run, keys, onCancel }: { run: Run; keys: string[]; onCancel: () => void }) => {
  const { t, format } = useLanguage();
  const now = useNow();
  const end = endOf(run, now);
  const { progress } = run;
  const share = progress && progress.total > 0 ? progress.done / progress.total : 0;
  return (
    <li className="flex min-w-0 flex-col gap-2 rounded-xl border border-line bg-surface p-4 text-sm">
      <div className="flex items-start justify-between gap-2">
        <Link
          href={`/runs/${encodeURIComponent(run.runId)}`}
          className="flex min-w-0 items-center gap-1.5 rounded font-medium hover:underline"
          title={run.name}
        >
          <RunningIcon className="text-accent" />
          <span className="truncate">{run.name}</span>
        </Link>
        <Button
          changes
          size="sm"
          icon={<StopIcon />}
          aria-label={t("unit.cancelNamed", { name: run.name })}
          onClick={onCancel}
        >
          {t("unit.cancel")}
        </Button>
      </div>
      <Parameters run={run} keys={keys} />
      {progress ? (
        <div className="flex items-center gap-2">
          <ProgressBar share={share} label={t("unit.progress", { done: progress.done, total: progress.total })} />
          <span className="w-10 text-right text-xs tabular-nums">{format.percent(share)}</span>
        </div>
      ) : (
        <p className="text-xs text-ink-3">{t("unit.noEnd")}</p>
      )}
      <p className="flex flex-wrap justify-between gap-x-3 text-xs text-ink-2">
        <span>
          {t("unit.started")} {run.startedAt && <RelativeTime at={run.startedAt} />}
          {run.driverId && ` · ${run.driverId}`}
        </span>
        <span className="tabular-nums">
          {end === null ? (
            run.startedAt && <Duration from={run.startedAt} to={null} />
          ) : (
            <time dateTime={new Date(end).toISOString()} title={format.dateTime(new Date(end).toISOString())}>
              {t("unit.endsAbout", { time: format.clock(end) })}
            </time>
          )}
        </span>
      </p>
    </li>
  );
};

export const UnitRunning = ({ runs, keys }: { runs: Run[]; keys: string[] }) => {
  const { t, format } = useLanguage();
  const { cancel } = useUnitActions();
  const [asking, setAsking] = useState<Run | null>(null);
  if (runs.length === 0) return null;
  return (
    <section aria-labelledby="running">
      <h2 id="running" className="mb-2 flex items-baseline gap-2 text-sm font-semibold">
        {t("unit.running")}
        <span className="font-normal text-ink-2 tabular-nums">{format.number(runs.length)}</span>
      </h2>
      <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {runs.map((run) => (
          <RunningCard key={run.runId} run={run} keys={keys} onCancel={() => setAsking(run)} />
        ))}
      </ul>
      {asking && (
        <ConfirmDialog
          open
          onOpenChange={() => setAsking(null)}
          title={t("unit.cancelTitle", { name: asking.name })}
          description={t("unit.cancelNote")}
          confirm={t("unit.cancel")}
          keep={t("unit.keep")}
          danger
          busy={cancel.isPending}
          onConfirm={() => cancel.mutate({ runId: asking.runId }, { onSettled: () => setAsking(null) })}
        />
      )}
    </section>
  );
};
