"use client";
// All groups: what is in them, and the first steps where there is none.
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button, IconButton } from "../../ui/button";
import { CopyButton } from "../../ui/copy-button";
import { ConfirmDialog } from "../../ui/dialog";
import { EmptyState } from "../../ui/empty-state";
import { ErrorState } from "../../ui/error-state";
import { CrossIcon, PlusIcon, TableIcon } from "../../ui/icons";
import { ScrollRegion } from "../../ui/scroll-region";
import { Skeleton } from "../../ui/skeleton";
import { RelativeTime } from "../../ui/time";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { NameDialog } from "./name-dialog";
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

const Snippet = () => {
  const { t } = useLanguage();
  const names = { unitId: "", groupName: "my-group", name: "my-unit" };
  const text = driverSnippet("cli", names, window.location.origin);
  return (
    <section aria-label={t("unit.snippets")} className="border-t border-line text-sm">
      <p className="px-4 py-3 text-ink-2">{t("groups.snippetNote")}</p>
      <div className="relative border-t border-line bg-sunken">
        <ScrollRegion label={t("unit.snippetLabel")} className="overflow-auto -outline-offset-2">
          <pre className="px-4 py-3 pr-12 font-mono text-xs whitespace-pre-wrap wrap-anywhere">{text}</pre>
        </ScrollRegion>
        <span className="absolute top-1.5 right-2">
          <CopyButton text={text} label={t("unit.snippetCopy")} />
        </span>
      </div>
    </section>
  );
};

const GroupRow = ({ group, onRemove }: { group: Group; onRemove: () => void }) => {
  const { t } = useLanguage();
  const statistics = useQuery(useTRPC().groups.statistics.queryOptions({ groupId: group.groupId }));
  const counts = statistics.data;
  return (
    <li className="flex items-center gap-3 px-4 py-3 hover:bg-sunken">
      <Link href={`/groups/${encodeURIComponent(group.groupId)}`} className="min-w-0 flex-1">
        <span className="block font-medium wrap-anywhere">{group.name}</span>
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
      <IconButton label={t("groups.removeNamed", { name: group.name })} size="sm" onClick={onRemove}>
        <CrossIcon />
      </IconButton>
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
        <Button look="primary" icon={<PlusIcon />} onClick={() => setMaking(true)}>
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
      {groups?.length === 0 && (
        <div className="overflow-hidden rounded-xl border border-line bg-surface">
          <EmptyState
            icon={<TableIcon />}
            title={t("groups.none")}
            action={
              <Button look="primary" icon={<PlusIcon />} onClick={() => setMaking(true)}>
                {t("groups.new")}
              </Button>
            }
          >
            {t("groups.noneNote")}
          </EmptyState>
          <Snippet />
        </div>
      )}
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
