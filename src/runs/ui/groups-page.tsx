"use client";
// All groups: what is in them, and the first steps where there is none.
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button, IconButton } from "../../ui/button";
import { CopyButton } from "../../ui/copy-button";
import { ConfirmDialog } from "../../ui/dialog";
import { EmptyState } from "../../ui/empty-state";
import { ErrorState } from "../../ui/error-state";
import { CrossIcon, PlusIcon, TrayIcon } from "../../ui/icons";
import { useMayChange } from "../../ui/may-change";
import { ScrollRegion } from "../../ui/scroll-region";
import { Skeleton } from "../../ui/skeleton";
import { RelativeTime } from "../../ui/time";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { NameDialog } from "./name-dialog";
import { SharedBadge } from "./shared-badge";
import { TrashCard } from "./trash-card";
import { driverSnippet } from "./unit-banners";
import { useGroupActions } from "./use-group-actions";

type Group = Outputs["groups"]["list"]["groups"][number];

const NewGroup = ({ onClose }: { onClose: () => void }) => {
  const { t } = useLanguage();
  const { createGroup } = useGroupActions();
  return (
    <NameDialog
      title={t("groups.new")}
      confirm={t("groups.create")}
      error={createGroup.error}
      busy={createGroup.isPending}
      onClose={onClose}
      onSubmit={({ name, description }) =>
        createGroup.mutate({ name, ...(description === "" ? {} : { description }) }, { onSuccess: onClose })
      }
    />
  );
};

const Step = ({ number, title, children }: { number: number; title: string; children: ReactNode }) => (
  <li className="flex gap-3 px-4 py-4 sm:px-5">
    <span
      aria-hidden="true"
      className="flex size-6 shrink-0 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent tabular-nums"
    >
      {number}
    </span>
    <div className="min-w-0 flex-1 pt-0.5">
      <p className="font-medium">{title}</p>
      {children}
    </div>
  </li>
);

/** What a group, a unit and a driver are, told by making them. */
const FirstSteps = ({ onNew }: { onNew: () => void }) => {
  const { t } = useLanguage();
  const text = driverSnippet("cli", { unitId: "", groupName: "my-group", name: "my-unit" }, window.location.origin);
  return (
    <section aria-labelledby="first-steps" className="overflow-hidden rounded-xl border border-line bg-surface text-sm">
      <div className="border-b border-line px-4 py-3 sm:px-5">
        <h2 id="first-steps" className="text-base font-medium">
          {t("groups.none")}
        </h2>
        <p className="mt-0.5 text-ink-2">{t("groups.noneNote")}</p>
      </div>
      <ol className="divide-y divide-line">
        <Step number={1} title={t("groups.step.group")}>
          <p className="mt-0.5 text-ink-2">{t("groups.step.groupNote")}</p>
          <Button size="sm" className="mt-2.5" icon={<PlusIcon />} onClick={onNew}>
            {t("groups.new")}
          </Button>
        </Step>
        <Step number={2} title={t("groups.step.unit")}>
          <p className="mt-0.5 text-ink-2">{t("groups.step.unitNote")}</p>
        </Step>
        <Step number={3} title={t("groups.step.driver")}>
          <p className="mt-0.5 text-ink-2">{t("groups.step.driverNote")}</p>
          <div className="relative mt-2.5 rounded-lg border border-line bg-sunken">
            <ScrollRegion label={t("unit.snippetLabel")} className="overflow-auto rounded-lg -outline-offset-2">
              <pre className="px-3 py-2.5 pr-12 font-mono text-xs whitespace-pre-wrap wrap-anywhere">{text}</pre>
            </ScrollRegion>
            <span className="absolute top-1 right-1">
              <CopyButton text={text} label={t("unit.snippetCopy")} />
            </span>
          </div>
        </Step>
      </ol>
    </section>
  );
};

const NoGroups = ({ onNew }: { onNew: () => void }) => {
  const { t } = useLanguage();
  if (useMayChange()) return <FirstSteps onNew={onNew} />;
  return (
    <div className="rounded-xl border border-line bg-surface">
      <EmptyState icon={<TrayIcon />} title={t("groups.none")}>
        {t("groups.noneViewer")}
      </EmptyState>
    </div>
  );
};

const GroupRow = ({ group, onRemove }: { group: Group; onRemove: () => void }) => {
  const { t } = useLanguage();
  const statistics = useQuery(useTRPC().groups.statistics.queryOptions({ groupId: group.groupId }));
  const counts = statistics.data;
  return (
    <li className="flex items-center gap-3 px-4 py-3 hover:bg-sunken">
      <Link href={`/groups/${encodeURIComponent(group.groupId)}`} className="min-w-0 flex-1">
        <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5 font-medium wrap-anywhere">
          {group.name}
          <SharedBadge of={group} />
        </span>
        {group.description && <span className="block truncate text-sm text-ink-2">{group.description}</span>}
        <span className="mt-0.5 flex flex-wrap gap-x-3 text-xs text-ink-2 tabular-nums">
          <span>{t("groups.units", { count: group.unitCount })}</span>
          {counts && counts.running > 0 && (
            <span className="text-accent">{t("groups.running", { count: counts.running })}</span>
          )}
          {counts && counts.pending > 0 && <span>{t("groups.waiting", { count: counts.pending })}</span>}
          {counts && counts.completed > 0 && <span>{t("groups.completed", { count: counts.completed })}</span>}
          {counts && counts.failed > 0 && (
            <span className="text-bad">{t("groups.failed", { count: counts.failed })}</span>
          )}
        </span>
      </Link>
      <span className="text-xs text-ink-2 max-sm:hidden">
        <RelativeTime at={group.updatedAt} />
      </span>
      {group.role === "owner" && (
        <IconButton changes label={t("groups.removeNamed", { name: group.name })} size="sm" onClick={onRemove}>
          <CrossIcon />
        </IconButton>
      )}
    </li>
  );
};

const RemoveGroup = ({ group, onClose }: { group: Group; onClose: () => void }) => {
  const { t } = useLanguage();
  const { removeGroup } = useGroupActions();
  const statistics = useQuery(useTRPC().groups.statistics.queryOptions({ groupId: group.groupId }));
  const counts = statistics.data;
  const running = counts?.running ?? 0;
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={t("groups.removeNamed", { name: group.name })}
      description={
        counts === undefined
          ? statistics.isPending && t("groups.counting")
          : running > 0
            ? t("groups.removeRunning", { count: running })
            : t("groups.removeNote", { count: counts.total })
      }
      confirm={t("groups.remove")}
      keep={t("action.close")}
      danger
      busy={removeGroup.isPending}
      disabled={counts === undefined}
      onConfirm={() => removeGroup.mutate({ groupId: group.groupId, force: running > 0 }, { onSettled: onClose })}
    >
      {statistics.isError && counts === undefined && (
        <ErrorState compact error={statistics.error} onRetry={() => statistics.refetch()} />
      )}
    </ConfirmDialog>
  );
};

export const GroupsPage = () => {
  const { t } = useLanguage();
  const query = useQuery(useTRPC().groups.list.queryOptions({}));
  const [isMaking, setMaking] = useState(false);
  const [removing, setRemoving] = useState<Group | null>(null);
  const groups = query.data?.groups;
  return (
    <div className="space-y-4">
      <title>{t("groups.title")}</title>
      <header className="flex flex-wrap items-center justify-between gap-3">
        <h1 className="text-xl font-semibold tracking-tight">{t("nav.groups")}</h1>
        <Button changes look="primary" icon={<PlusIcon />} onClick={() => setMaking(true)}>
          {t("groups.new")}
        </Button>
      </header>
      {query.isPending && (
        <div aria-busy="true" className="animate-late space-y-2">
          <Skeleton className="h-16 rounded-xl" />
          <Skeleton className="h-16 rounded-xl" />
        </div>
      )}
      {query.isError && !groups && (
        <ErrorState error={query.error} onRetry={() => query.refetch()} retrying={query.isFetching} />
      )}
      {groups?.length === 0 && <NoGroups onNew={() => setMaking(true)} />}
      {groups && groups.length > 0 && (
        <ul className="divide-y divide-line overflow-hidden rounded-xl border border-line bg-surface">
          {groups.map((group) => (
            <GroupRow key={group.groupId} group={group} onRemove={() => setRemoving(group)} />
          ))}
        </ul>
      )}
      <TrashCard />
      {isMaking && <NewGroup onClose={() => setMaking(false)} />}
      {removing && <RemoveGroup group={removing} onClose={() => setRemoving(null)} />}
    </div>
  );
};
