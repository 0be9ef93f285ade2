"use client";
// A group: its units, whether somebody works for each, and how far it is.
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { ActivityCard } from "../../activity/ui/activity-list";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge } from "../../ui/badge";
import { Button, IconButton } from "../../ui/button";
import { ConfirmDialog } from "../../ui/dialog";
import { EmptyState } from "../../ui/empty-state";
import { ErrorState } from "../../ui/error-state";
import { CrossIcon, MachineIcon, PlusIcon, UserIcon } from "../../ui/icons";
import { Skeleton } from "../../ui/skeleton";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { DriverDot } from "./driver-dot";
import { MayEdit } from "./may-edit";
import { NameDialog } from "./name-dialog";
import { ShareDialog, useShareActions } from "./share-dialog";
import { SharedBadge } from "./shared-badge";
import { useGroupActions } from "./use-group-actions";

type Group = Outputs["groups"]["get"];
type Unit = Outputs["units"]["list"]["units"][number];
type Result = Outputs["units"]["results"]["results"][number];

/** A driver that falls silent tells nobody. */
const ASK_MS = 10_000;

/** The best so far and the latest, where it is known which way is better. */
const UnitResult = ({ result }: { result: Result }) => {
  const { t, format } = useLanguage();
  const { key, best, last } = result;
  return (
    <span className="flex min-w-0 flex-wrap gap-x-3 text-xs tabular-nums max-sm:mt-1 sm:max-w-56 sm:shrink-0 sm:flex-col sm:items-end sm:text-right">
      {best && (
        <span className="text-sm wrap-anywhere max-sm:text-xs" title={best.name}>
          <span className="text-ink-2">{t("groups.best", { key })}</span>{" "}
          <span className="font-medium">{format.metric(best.value)}</span>
        </span>
      )}
      <span className="text-ink-2 wrap-anywhere" title={last.name}>
        {best?.runId === last.runId
          ? t("groups.lastIsBest")
          : t(best ? "groups.lastOf" : "groups.last", { key, value: format.metric(last.value) })}
      </span>
    </span>
  );
};

const UnitRow = ({ unit, result, onRemove }: { unit: Unit; result: Result | undefined; onRemove: () => void }) => {
  const { t } = useLanguage();
  const { running, pending, completed, failed } = unit.counts;
  return (
    <li className="flex items-center gap-3 px-4 py-3 hover:bg-sunken">
      <Link
        href={`/units/${encodeURIComponent(unit.unitId)}`}
        className="min-w-0 flex-1 sm:flex sm:items-center sm:gap-4"
      >
        <span className="block min-w-0 flex-1">
          <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5 font-medium wrap-anywhere">
            {unit.name}
            <Badge tone={unit.paused ? "warn" : unit.status === "running" ? "accent" : "neutral"}>
              {t(`unit.state.${unit.paused ? "paused" : unit.status}`)}
            </Badge>
          </span>
          {unit.description && <span className="block truncate text-sm text-ink-2">{unit.description}</span>}
          <span className="mt-0.5 flex flex-wrap items-center gap-x-3 text-xs text-ink-2 tabular-nums">
            <DriverDot unit={unit} />
            {running > 0 && <span className="text-accent">{t("groups.running", { count: running })}</span>}
            {pending > 0 && <span>{t("groups.waiting", { count: pending })}</span>}
            {completed > 0 && <span>{t("groups.completed", { count: completed })}</span>}
            {failed > 0 && <span className="text-bad">{t("groups.failed", { count: failed })}</span>}
          </span>
        </span>
        {result && <UnitResult result={result} />}
      </Link>
      <IconButton changes label={t("groups.removeNamed", { name: unit.name })} size="sm" onClick={onRemove}>
        <CrossIcon />
      </IconButton>
    </li>
  );
};

const RemoveUnit = ({ unit, onClose }: { unit: Unit; onClose: () => void }) => {
  const { t } = useLanguage();
  const { removeUnit } = useGroupActions();
  const { running } = unit.counts;
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={t("groups.removeNamed", { name: unit.name })}
      description={
        running > 0 ? t("groups.removeRunning", { count: running }) : t("groups.removeNote", { count: unit.runCount })
      }
      confirm={t("groups.remove")}
      keep={t("action.close")}
      danger
      busy={removeUnit.isPending}
      onConfirm={() => removeUnit.mutate({ unitId: unit.unitId, force: running > 0 }, { onSettled: onClose })}
    />
  );
};

const LeaveGroup = ({ group, onClose }: { group: Group; onClose: () => void }) => {
  const { t } = useLanguage();
  const router = useRouter();
  const me = useQuery(useTRPC().accounts.me.queryOptions()).data?.userId;
  const { withdraw } = useShareActions();
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={t("share.leaveTitle", { name: group.name })}
      description={t("share.leaveNote", { email: group.ownerEmail })}
      confirm={t("share.leave")}
      keep={t("action.close")}
      danger
      busy={withdraw.isPending}
      disabled={me === undefined}
      onConfirm={() => {
        if (me === undefined) return;
        withdraw.mutate(
          { groupId: group.groupId, userId: me },
          { onSuccess: () => router.push("/groups"), onError: onClose },
        );
      }}
    />
  );
};

type Opened = "unit" | "rename" | "share" | "leave";

const Dialogs = ({ group, opened, onClose }: { group: Group; opened: Opened; onClose: () => void }) => {
  const { t } = useLanguage();
  const { createUnit, updateGroup } = useGroupActions();
  const { groupId } = group;
  if (opened === "share") return <ShareDialog group={group} onClose={onClose} />;
  if (opened === "leave") return <LeaveGroup group={group} onClose={onClose} />;
  return opened === "unit" ? (
    <NameDialog
      title={t("groups.newUnit")}
      confirm={t("groups.create")}
      error={createUnit.error}
      busy={createUnit.isPending}
      onClose={onClose}
      onSubmit={({ name, description }) =>
        createUnit.mutate({ groupId, name, ...(description === "" ? {} : { description }) }, { onSuccess: onClose })
      }
    />
  ) : (
    <NameDialog
      title={t("groups.rename")}
      confirm={t("action.save")}
      initial={group}
      error={updateGroup.error}
      busy={updateGroup.isPending}
      onClose={onClose}
      onSubmit={({ name, description }) =>
        updateGroup.mutate(
          { groupId, name, description: description === "" ? null : description },
          { onSuccess: onClose },
        )
      }
    />
  );
};

export const GroupPage = ({ groupId }: { groupId: string }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const query = useQuery(trpc.groups.get.queryOptions({ groupId }));
  const list = useQuery(trpc.units.list.queryOptions({ groupId }, { refetchInterval: ASK_MS }));
  const results = useQuery(trpc.units.results.queryOptions({ groupId }));
  const resultOf = new Map(results.data?.results.map((result) => [result.unitId, result]));
  const [opened, setOpened] = useState<Opened | null>(null);
  const [removing, setRemoving] = useState<Unit | null>(null);
  const group = query.data;
  if (query.isError && !group)
    return (
      <>
        <title>{t("groups.title")}</title>
        <ErrorState error={query.error} onRetry={() => query.refetch()} retrying={query.isFetching} />
      </>
    );
  if (!group)
    return (
      <div aria-busy="true" className="animate-late space-y-3">
        <h1 className="sr-only">{t("unit.loading")}</h1>
        <Skeleton className="h-7 w-64" />
        <Skeleton className="h-40 rounded-xl" />
      </div>
    );
  const units = list.data?.units;
  return (
    <MayEdit role={group.role}>
      <div className="space-y-4">
        <title>{t("unit.title", { name: group.name })}</title>
        <header className="flex flex-wrap items-start justify-between gap-3">
          <div className="min-w-0">
            <Link href="/groups" className="text-sm text-ink-2 hover:text-ink">
              {t("nav.groups")}
            </Link>
            <h1 className="flex flex-wrap items-center gap-2 text-xl font-semibold tracking-tight wrap-anywhere">
              {group.name}
              <SharedBadge of={group} />
            </h1>
            {group.description && <p className="mt-1 max-w-2xl text-sm text-ink-2">{group.description}</p>}
          </div>
          <div className="flex flex-wrap gap-2">
            {group.role === "owner" ? (
              <>
                <Button changes onClick={() => setOpened("rename")}>
                  {t("groups.rename")}
                </Button>
                <Button changes icon={<UserIcon />} onClick={() => setOpened("share")}>
                  {t("share.open")}
                </Button>
              </>
            ) : (
              <Button onClick={() => setOpened("leave")}>{t("share.leave")}</Button>
            )}
            <Button changes look="primary" icon={<PlusIcon />} onClick={() => setOpened("unit")}>
              {t("groups.newUnit")}
            </Button>
          </div>
        </header>
        {list.isError && !units && (
          <ErrorState error={list.error} onRetry={() => list.refetch()} retrying={list.isFetching} />
        )}
        {list.isPending && (
          <div aria-busy="true" className="animate-late">
            <Skeleton className="h-40 rounded-xl" />
          </div>
        )}
        {units && (
          <div className="overflow-hidden rounded-xl border border-line bg-surface">
            {units.length === 0 ? (
              <EmptyState
                icon={<MachineIcon />}
                title={t("groups.noUnit")}
                action={
                  <Button changes look="primary" icon={<PlusIcon />} onClick={() => setOpened("unit")}>
                    {t("groups.newUnit")}
                  </Button>
                }
              >
                {group.role !== "viewer" && t("groups.noUnitNote")}
              </EmptyState>
            ) : (
              <ul className="divide-y divide-line">
                {units.map((unit) => (
                  <UnitRow
                    key={unit.unitId}
                    unit={unit}
                    result={resultOf.get(unit.unitId)}
                    onRemove={() => setRemoving(unit)}
                  />
                ))}
              </ul>
            )}
          </div>
        )}
        <ActivityCard groupId={groupId} />
        {opened && <Dialogs group={group} opened={opened} onClose={() => setOpened(null)} />}
        {removing && <RemoveUnit unit={removing} onClose={() => setRemoving(null)} />}
      </div>
    </MayEdit>
  );
};
