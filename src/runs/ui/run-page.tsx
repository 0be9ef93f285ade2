"use client";
// One run: how it goes, what it was given, what came out, and where it comes from.
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type ReactNode, useMemo, useState } from "react";
import { ActivityCard } from "../../activity/ui/activity-list";
import { useLanguage } from "../../i18n/locale-provider";
import { LogCard, type OutputState } from "../../logs/ui/log-card";
import { MAX_POINTS, MetricsCard } from "../../metrics/ui/metrics-card";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { useNow } from "../../ui/clock";
import { CopyButton } from "../../ui/copy-button";
import { ErrorState } from "../../ui/error-state";
import { JsonView } from "../../ui/json-view";
import { ProgressBar } from "../../ui/progress-bar";
import { Skeleton } from "../../ui/skeleton";
import { DateTime } from "../../ui/time";
import { type Outputs, useTRPC, useTRPCClient } from "../../ui/trpc";
import { MayEdit } from "./may-edit";
import { runSentence } from "./run-sentence";
import { SharedBadge } from "./shared-badge";
import { AddRun } from "./unit-add-run";
import { jsonText } from "./unit-parameters";
import { RunBadge } from "./unit-status";
import { useUnitActions } from "./use-unit-actions";

type Run = Outputs["runs"]["get"];

const stateOf = ({ status }: Run): OutputState =>
  status === "running" ? "running" : status === "pending" ? "waiting" : "ended";

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div className="flex min-h-8 items-center justify-between gap-4 px-4 py-1">
    <dt className="shrink-0 text-ink-2">{name}</dt>
    <dd className="min-w-0 text-right wrap-anywhere">{children}</dd>
  </div>
);

const Facts = ({ run }: { run: Run }) => {
  const { t, format } = useLanguage();
  const seconds =
    run.startedAt && run.completedAt ? (Date.parse(run.completedAt) - Date.parse(run.startedAt)) / 1000 : null;
  return (
    <Card title={t("task.facts")}>
      <dl className="py-2 text-sm">
        <Fact name={t("run.order")}>{format.number(run.order)}</Fact>
        <Fact name={t("task.attempts")}>{format.number(run.attempt)}</Fact>
        {run.sweepId !== null && (
          <Fact name={t("sweep.loading")}>
            <Link href={`/sweeps/${encodeURIComponent(run.sweepId)}`} className="text-accent hover:underline">
              {t("sweep.show")}
            </Link>
          </Fact>
        )}
        {run.driverId !== null && <Fact name={t("run.driver")}>{run.driverId}</Fact>}
        <Fact name={t("column.created")}>
          <DateTime at={run.createdAt} />
        </Fact>
        {run.startedAt && (
          <Fact name={t("run.started")}>
            <DateTime at={run.startedAt} />
          </Fact>
        )}
        {run.completedAt && (
          <Fact name={t("run.ended")}>
            <DateTime at={run.completedAt} />
          </Fact>
        )}
        {seconds !== null && <Fact name={t("run.took")}>{format.duration(seconds)}</Fact>}
      </dl>
    </Card>
  );
};

const shown = (value: unknown): string => (value === undefined ? "–" : JSON.stringify(value));

const Lineage = ({ run }: { run: Run }) => {
  const { t } = useLanguage();
  const query = useQuery(useTRPC().runs.lineage.queryOptions({ runId: run.runId }, { enabled: run.parentId !== null }));
  const [own, parent] = query.data?.line ?? [];
  if (!own || !parent) return null;
  return (
    <Card title={t("run.lineage")}>
      <div className="space-y-2 px-4 py-3 text-sm">
        <p>
          {t("run.from")}{" "}
          <Link href={`/runs/${encodeURIComponent(parent.runId)}`} className="text-accent hover:underline">
            {parent.name}
          </Link>
        </p>
        <ul className="space-y-1 font-mono text-xs">
          {own.differences.map((difference) => (
            <li key={difference.name} className="wrap-anywhere">
              {difference.name}: <span className="text-ink-2">{shown(difference.before)}</span> →{" "}
              {shown(difference.after)}
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
};

const Sentence = ({ run }: { run: Run }) => {
  const { t, format } = useLanguage();
  const text = runSentence(t, format, run, useNow());
  return text === "" ? null : <span className="text-ink-2 tabular-nums wrap-anywhere">{text}</span>;
};

const Header = ({ run }: { run: Run }) => {
  const { t, format } = useLanguage();
  const router = useRouter();
  const { cancel, retry, removeRun, isRemoving } = useUnitActions();
  const unit = useQuery(useTRPC().units.get.queryOptions({ unitId: run.unitId }));
  const [isCloning, setCloning] = useState(false);
  const { runId, progress } = run;
  const canCancel = run.status === "pending" || run.status === "running";
  const canRetry = run.status === "failed" || run.status === "cancelled";
  const unitPath = `/units/${encodeURIComponent(run.unitId)}`;
  const share = progress ? Math.min(1, progress.done / progress.total) : null;
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0 flex-1 basis-80">
        <Link href={unitPath} className="text-sm wrap-anywhere text-ink-2 hover:text-ink">
          {unit.data ? `${unit.data.groupName} / ${unit.data.name}` : t("run.unit")}
        </Link>
        <h1 className="flex flex-wrap items-center gap-2 text-xl font-semibold tracking-tight wrap-anywhere">
          {run.name}
          {unit.data && <SharedBadge of={unit.data} />}
        </h1>
        <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
          <RunBadge status={run.status} />
          <Sentence run={run} />
          {run.misfit !== null && <span className="text-warn wrap-anywhere">{run.misfit}</span>}
          {share !== null && run.status === "running" && (
            <span className="text-ink-2 tabular-nums">{format.percent(share)}</span>
          )}
        </div>
        {share !== null && run.status === "running" && (
          <div className="mt-2 max-w-md">
            <ProgressBar share={share} label={t("run.progress")} />
          </div>
        )}
      </div>
      <MayEdit role={unit.data?.role}>
        <div className="flex flex-wrap gap-2">
          <Button changes onClick={() => setCloning(true)}>
            {t("run.clone")}
          </Button>
          {canRetry && (
            <Button changes busy={retry.isPending} onClick={() => retry.mutate({ runId })}>
              {t("action.retry")}
            </Button>
          )}
          {run.status !== "running" && (
            <Button changes busy={isRemoving} onClick={() => removeRun(run, () => router.push(unitPath))}>
              {t("run.remove")}
            </Button>
          )}
          {canCancel && (
            <Button changes look="danger" busy={cancel.isPending} onClick={() => cancel.mutate({ runId })}>
              {t("run.cancel")}
            </Button>
          )}
        </div>
      </MayEdit>
      {isCloning && (
        <AddRun
          unitId={run.unitId}
          title={t("run.clone")}
          schema={null}
          from={run}
          onAdded={(made) => router.push(`/runs/${encodeURIComponent(made.runId)}`)}
          onClose={() => setCloning(false)}
        />
      )}
    </header>
  );
};

const Found = ({ run }: { run: Run }) => {
  const { t } = useLanguage();
  const client = useTRPCClient();
  const { runId } = run;
  const metrics = useQuery(useTRPC().runs.metrics.queryOptions({ runId, maxPoints: MAX_POINTS }));
  const source = useMemo(
    () => ({ subjectId: runId, read: (query: object) => client.runs.logs.query({ runId, ...query }) }),
    [client, runId],
  );
  return (
    <div className="space-y-6">
      <title>{t("unit.title", { name: run.name })}</title>
      <Header run={run} />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="min-w-0 space-y-4">
          {run.errorMessage !== null && (
            <section
              aria-label={t("run.error")}
              className="rounded-xl border border-line bg-bad-soft px-4 py-3 font-mono text-xs whitespace-pre-wrap wrap-anywhere text-bad"
            >
              {run.errorKind === "lost" ? t("run.lost") : run.errorMessage}
            </section>
          )}
          <MetricsCard query={metrics} state={stateOf(run)} />
          <LogCard source={source} state={stateOf(run)} attempts={run.attempt} />
        </div>
        <div className="min-w-0 space-y-4">
          {run.result !== null && (
            <Card
              title={t("task.result")}
              actions={<CopyButton text={jsonText(run.result)} label={t("task.copyResult")} />}
            >
              <JsonView value={run.result} label={t("task.result")} />
            </Card>
          )}
          <Card
            title={t("run.parameters")}
            actions={<CopyButton text={jsonText(run.parameters)} label={t("run.copyParameters")} />}
          >
            <JsonView value={run.parameters} label={t("run.parameters")} />
          </Card>
          <Lineage run={run} />
          <Facts run={run} />
          <ActivityCard objectId={run.runId} />
        </div>
      </div>
    </div>
  );
};

export const RunPage = ({ runId }: { runId: string }) => {
  const { t } = useLanguage();
  const query = useQuery(useTRPC().runs.get.queryOptions({ runId }));
  if (query.data) return <Found run={query.data} />;
  if (query.isPending)
    return (
      <div aria-busy="true" className="animate-late space-y-4">
        <h1 className="sr-only">{t("unit.loading")}</h1>
        <Skeleton className="h-7 w-72 max-w-full" />
        <Skeleton className="h-64 rounded-xl" />
      </div>
    );
  return (
    <>
      <title>{t("groups.title")}</title>
      <ErrorState error={query.error} onRetry={() => query.refetch()} retrying={query.isFetching} />
    </>
  );
};
