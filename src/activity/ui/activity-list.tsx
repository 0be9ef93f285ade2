"use client";
// Who did what, as sentences, newest first, a page at a time.
import { useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ReactNode } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { EmptyState } from "../../ui/empty-state";
import { ErrorState } from "../../ui/error-state";
import { ClockIcon } from "../../ui/icons";
import { Skeleton } from "../../ui/skeleton";
import { RelativeTime } from "../../ui/time";
import { type Outputs, useTRPC } from "../../ui/trpc";
import type { Kind } from "../verbs";

type Activity = Outputs["activity"]["list"]["activity"][number];

/** Where an object's page is; null for a kind that has none. */
const pageOf = ({ kind, objectId }: Activity): string | null => {
  const id = encodeURIComponent(objectId ?? "");
  if (objectId === null) return null;
  switch (kind) {
    case "group":
    case "share":
      return `/groups/${id}`;
    case "unit":
      return `/units/${id}`;
    case "run":
      return `/runs/${id}`;
    case "sweep":
      return `/sweeps/${id}`;
    case "task":
      return `/tasks/${id}`;
    default:
      return null;
  }
};

/** @param here the object whose page this is: its name is not told again */
const Row = ({ one, here }: { one: Activity; here: string | undefined }) => {
  const { t } = useLanguage();
  const who = one.actorEmail ?? t("activity.someone");
  const path = pageOf(one);
  const isNamed = one.objectName !== null && (one.objectId === null || one.objectId !== here || one.kind === "share");
  const { fields, from, to, role } = one.details;
  return (
    <li className="px-4 py-2.5 text-sm">
      <p className="wrap-anywhere">
        {t(`activity.${one.verb}`, { who, count: one.count })}
        {isNamed && (
          <>
            {t("activity.colon")}
            {path === null ? (
              <span className="font-medium">{one.objectName}</span>
            ) : (
              <Link href={path} className="rounded font-medium hover:underline">
                {one.objectName}
              </Link>
            )}
          </>
        )}
      </p>
      <p className="mt-0.5 flex flex-wrap gap-x-2 text-xs text-ink-2">
        <RelativeTime at={one.at} />
        <span title={one.requestId ?? undefined}>
          {one.via === "key" ? t("activity.via.key", { key: one.keyPrefix ?? "" }) : t(`activity.via.${one.via}`)}
        </span>
        {from !== undefined && to !== undefined && (
          <span>
            {from} → {to}
          </span>
        )}
        {(role === "viewer" || role === "editor") && <span>{t(`share.role.${role}`)}</span>}
        {Array.isArray(fields) && fields.length > 0 && (
          <span>{t("activity.fields", { fields: fields.join(", ") })}</span>
        )}
      </p>
    </li>
  );
};

export type ActivityFilter = {
  objectId?: string;
  unitId?: string;
  groupId?: string;
  kind?: Kind;
  actorId?: string;
};

/** A unit's driver and other people act all the time; hints tell of most, and this of the rest. */
const ASK_MS = 30_000;

export const useActivity = (filter: ActivityFilter, limit: number) =>
  useInfiniteQuery(
    useTRPC().activity.list.infiniteQueryOptions(
      { ...filter, limit },
      { getNextPageParam: ({ nextCursor }) => nextCursor, refetchInterval: ASK_MS },
    ),
  );

export const ActivityRows = ({
  query,
  here,
  last,
}: {
  query: ReturnType<typeof useActivity>;
  here?: string | undefined;
  last?: ReactNode;
}) => {
  const { t } = useLanguage();
  if (query.isPending)
    return (
      <div aria-busy="true" className="animate-late px-4 py-3">
        <Skeleton className="h-16" />
      </div>
    );
  if (query.isError && !query.data)
    return <ErrorState compact error={query.error} onRetry={() => query.refetch()} retrying={query.isFetching} />;
  const all = query.data.pages.flatMap((page) => page.activity);
  if (all.length === 0 && !last) return <EmptyState icon={<ClockIcon />} title={t("activity.none")} />;
  return (
    <>
      <ol className="divide-y divide-line">
        {all.map((one) => (
          <Row key={one.activityId} one={one} here={here} />
        ))}
        {!query.hasNextPage && last}
      </ol>
      {query.hasNextPage && (
        <div className="border-t border-line px-4 py-2">
          <Button size="sm" look="ghost" busy={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
            {t("activity.older")}
          </Button>
        </div>
      )}
    </>
  );
};

/** @param createdAt of an object whose own row tells of its creation */
export const ActivityCard = ({ createdAt, ...filter }: ActivityFilter & { createdAt?: string }) => {
  const { t } = useLanguage();
  const query = useActivity(filter, 10);
  return (
    <Card title={t("activity.title")}>
      <ActivityRows
        query={query}
        here={filter.objectId ?? filter.unitId ?? filter.groupId}
        last={
          createdAt !== undefined && (
            <li className="px-4 py-2.5 text-sm">
              <p>{t("activity.taskCreated")}</p>
              <p className="mt-0.5 text-xs text-ink-2">
                <RelativeTime at={createdAt} />
              </p>
            </li>
          )
        }
      />
    </Card>
  );
};
