"use client";
// What was removed and can be brought back.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { DateTime } from "../../ui/time";
import { useTRPC } from "../../ui/trpc";
import { useGroupActions } from "./use-group-actions";

const FIRST = 5;

export const TrashCard = () => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const { restoreGroup, restoreUnit, restoreRun } = useGroupActions();
  const query = useQuery(trpc.groups.trash.queryOptions({}));
  const [showsAll, setShowsAll] = useState(false);
  const removed = query.data?.removed ?? [];
  if (removed.length === 0) return null;
  const restore = (kind: "group" | "unit" | "run", id: string) => {
    if (kind === "group") restoreGroup.mutate({ groupId: id });
    else if (kind === "unit") restoreUnit.mutate({ unitId: id });
    else restoreRun.mutate({ runId: id });
  };
  const isBusy = restoreGroup.isPending || restoreUnit.isPending || restoreRun.isPending;
  return (
    <Card title={t("groups.trash")}>
      <ul className="divide-y divide-line text-sm">
        {(showsAll ? removed : removed.slice(0, FIRST)).map(({ kind, id, name, purgedAt }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2">
            <span className="min-w-0 wrap-anywhere">
              <span className="text-ink-2">{t(`groups.kind.${kind}`)}</span> {name}
            </span>
            <span className="flex items-center gap-3 text-xs text-ink-2">
              <span>
                {t("groups.purged")} <DateTime at={purgedAt} />
              </span>
              <Button changes size="sm" disabled={isBusy} onClick={() => restore(kind, id)}>
                {t("groups.restore")}
              </Button>
            </span>
          </li>
        ))}
      </ul>
      {!showsAll && removed.length > FIRST && (
        <div className="border-t border-line px-4 py-2">
          <Button size="sm" look="ghost" onClick={() => setShowsAll(true)}>
            {t("groups.trashAll", { count: removed.length })}
          </Button>
        </div>
      )}
    </Card>
  );
};
