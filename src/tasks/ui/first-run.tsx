"use client";
// The first page of an account that has no task yet: from nothing to a trained result in three steps. Who only looks is told where to.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type ReactNode, useSyncExternalStore } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button, LinkButton } from "../../ui/button";
import { CommandChip } from "../../ui/command-chip";
import { CopyButton } from "../../ui/copy-button";
import { EmptyState } from "../../ui/empty-state";
import { useRefusalSentence } from "../../ui/error-state";
import { CheckIcon, PlayIcon, PlusIcon, TrayIcon } from "../../ui/icons";
import { useMayChange } from "../../ui/may-change";
import { refusalOf } from "../../ui/refusal";
import { ScrollRegion } from "../../ui/scroll-region";
import { useTRPC } from "../../ui/trpc";
import { curlFor } from "./curl";
import { EXAMPLE_ENTRYPOINT, EXAMPLE_TASK } from "./example-task";
import { WORKER_COMMAND } from "./queue-banners";
import type { QueueOverview } from "./use-queue-overview";

const never = () => () => {};
const useOrigin = () =>
  useSyncExternalStore(
    never,
    () => window.location.origin,
    () => "",
  );

const Step = ({
  number,
  done,
  title,
  children,
}: {
  number: number;
  done?: boolean;
  title: string;
  children: ReactNode;
}) => (
  <li className="flex gap-4">
    <span
      className={`flex size-6 shrink-0 items-center justify-center rounded-full text-xs font-semibold tabular-nums ${done ? "bg-ok-soft text-ok" : "bg-sunken text-ink-2"}`}
    >
      {done ? <CheckIcon className="size-3.5" /> : number}
    </span>
    <div className="min-w-0 flex-1">
      <h2 className="text-base leading-6 font-medium">{title}</h2>
      <div className="mt-1 text-sm text-ink-2">{children}</div>
    </div>
  </li>
);

const NothingToSee = () => {
  const { t } = useLanguage();
  return (
    <div className="space-y-4">
      <h1 className="text-xl font-semibold tracking-tight">{t("nav.tasks")}</h1>
      <div className="rounded-xl border border-line bg-surface">
        <EmptyState
          icon={<TrayIcon />}
          title={t("first.viewerTitle")}
          action={<LinkButton href="/groups">{t("nav.groups")}</LinkButton>}
        >
          {t("first.viewerNote")}
        </EmptyState>
      </div>
    </div>
  );
};

export const FirstRun = ({ overview }: { overview: QueueOverview | null }) =>
  useMayChange() ? <Steps overview={overview} /> : <NothingToSee />;

const Steps = ({ overview }: { overview: QueueOverview | null }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const router = useRouter();
  const sentence = useRefusalSentence();
  const origin = useOrigin();
  const curl = curlFor(origin, EXAMPLE_TASK);
  const entrypoints = useQuery(trpc.tasks.entrypoints.queryOptions());
  const hasExample = entrypoints.data?.entrypoints.includes(EXAMPLE_ENTRYPOINT) ?? true;
  const create = useMutation(
    trpc.tasks.create.mutationOptions({ onSuccess: (task) => router.push(`/tasks/${task.taskId}`) }),
  );
  const slots = overview?.slots ?? 0;
  return (
    <section
      aria-label={t("first.title")}
      className="mx-auto max-w-3xl rounded-xl border border-line bg-surface px-5 py-8 sm:px-10"
    >
      <h1 className="text-xl font-semibold tracking-tight">{t("first.title")}</h1>
      <p className="mt-1 max-w-xl text-base text-ink-2">{t("first.intro")}</p>
      <ol className="mt-8 space-y-8">
        <Step number={1} done={slots > 0} title={t("first.worker")}>
          {slots > 0 ? (
            t("first.workerReady", { count: slots })
          ) : (
            <>
              <p>{t("first.workerMissing")}</p>
              <CommandChip command={WORKER_COMMAND} label={t("banner.copyWorker")} className="mt-2" />
            </>
          )}
        </Step>
        <Step number={2} title={t("first.queue")}>
          {hasExample && <p>{t("first.queueNote")}</p>}
          <div className="mt-3 flex flex-wrap gap-2">
            {hasExample && (
              <Button
                look="primary"
                icon={<PlayIcon />}
                busy={create.isPending || create.isSuccess}
                onClick={() => create.mutate(EXAMPLE_TASK)}
              >
                {t("first.queueExample")}
              </Button>
            )}
            <LinkButton href="/tasks/new" look={hasExample ? "secondary" : "primary"} icon={<PlusIcon />}>
              {t("first.ownTask")}
            </LinkButton>
          </div>
          {create.isError && (
            <p role="alert" className="mt-2 text-bad">
              {sentence(refusalOf(create.error))}
            </p>
          )}
          {hasExample && (
            <>
              <p className="mt-4">{t("first.orCurl")}</p>
              <div className="mt-2 flex items-start gap-2 rounded-lg border border-line bg-sunken">
                <ScrollRegion label={t("first.orCurl")} className="min-w-0 flex-1 overflow-x-auto">
                  <pre className="px-3 py-2.5 font-mono text-xs leading-5 text-ink">{curl}</pre>
                </ScrollRegion>
                <CopyButton text={curl} label={t("first.copyCurl")} className="mt-1.5 mr-1.5" />
              </div>
              <p className="mt-2 text-xs text-ink-3">{t("first.keyNote")}</p>
            </>
          )}
        </Step>
        <Step number={3} title={t("first.watch")}>
          {t("first.watchNote")}
        </Step>
      </ol>
    </section>
  );
};
