"use client";
// A sweep: what it was made from, how its runs stand, and what can be done to them together.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { Button, LinkButton } from "../../ui/button";
import { Card } from "../../ui/card";
import { ConfirmDialog } from "../../ui/dialog";
import { ErrorState, useRefusalSentence } from "../../ui/error-state";
import { PlusIcon, RetryIcon, TrashIcon } from "../../ui/icons";
import { refusalOf } from "../../ui/refusal";
import { Skeleton } from "../../ui/skeleton";
import { DateTime } from "../../ui/time";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { MayEdit } from "./may-edit";
import { SweepNewPage } from "./sweep-new-page";
import { RecipeWords } from "./sweep-recipe-words";
import { SweepRuns } from "./sweep-runs";
import { useUnitRefetch } from "./use-unit-actions";

type Sweep = Outputs["sweeps"]["get"];

const useSweepActions = ({ sweepId }: Sweep) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const sentence = useRefusalSentence();
  const refetchUnit = useUnitRefetch();
  const refetch = () =>
    Promise.all([refetchUnit(), queryClient.invalidateQueries({ queryKey: trpc.sweeps.pathKey() })]);
  const onError = (error: unknown) => {
    toast.error(sentence(refusalOf(error)));
    void refetch();
  };
  const retry = useMutation(
    trpc.sweeps.retryFailed.mutationOptions({
      onSuccess: ({ count }) => {
        toast.success(t("unit.retried", { count }));
        return refetch();
      },
      onError,
    }),
  );
  const trim = useMutation(
    trpc.sweeps.trim.mutationOptions({
      onSuccess: ({ removed }) => {
        toast.success(t("sweep.trimmed", { count: removed }));
        return refetch();
      },
      onError,
    }),
  );
  return { retryFailed: () => retry.mutate({ sweepId }), retry, dropWaiting: () => trim.mutate({ sweepId }), trim };
};

const Header = ({ sweep }: { sweep: Sweep }) => {
  const { t } = useLanguage();
  const unit = useQuery(useTRPC().units.get.queryOptions({ unitId: sweep.unitId }));
  const { retry, retryFailed, trim, dropWaiting } = useSweepActions(sweep);
  const [isTrimming, setTrimming] = useState(false);
  const { failed, pending } = sweep.counts;
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0 flex-1 basis-80">
        <Link
          href={`/units/${encodeURIComponent(sweep.unitId)}`}
          className="text-sm wrap-anywhere text-ink-2 hover:text-ink"
        >
          {unit.data ? `${unit.data.groupName} / ${unit.data.name}` : t("run.unit")}
        </Link>
        <h1 className="text-xl font-semibold tracking-tight wrap-anywhere">{sweep.name}</h1>
        <p className="mt-1 text-sm text-ink-2">
          {t("column.created")} <DateTime at={sweep.createdAt} />
        </p>
      </div>
      <MayEdit role={unit.data?.role}>
        <div className="flex flex-wrap gap-2">
          {failed > 0 && (
            <Button changes icon={<RetryIcon />} busy={retry.isPending} onClick={retryFailed}>
              {t("sweep.retryFailed", { count: failed })}
            </Button>
          )}
          {pending > 0 && (
            <Button changes icon={<TrashIcon />} busy={trim.isPending} onClick={() => setTrimming(true)}>
              {t("sweep.trim", { count: pending })}
            </Button>
          )}
          <LinkButton
            changes
            look="primary"
            icon={<PlusIcon />}
            href={`/sweeps/${encodeURIComponent(sweep.sweepId)}/extend`}
          >
            {t("sweep.extend")}
          </LinkButton>
        </div>
      </MayEdit>
      <ConfirmDialog
        open={isTrimming}
        onOpenChange={setTrimming}
        title={t("sweep.trimTitle", { count: pending })}
        description={t("sweep.trimNote")}
        confirm={t("sweep.trim", { count: pending })}
        keep={t("action.close")}
        danger
        onConfirm={() => {
          setTrimming(false);
          dropWaiting();
        }}
      />
    </header>
  );
};

const Found = ({ sweep }: { sweep: Sweep }) => {
  const { t } = useLanguage();
  return (
    <div className="space-y-6">
      <title>{t("unit.title", { name: sweep.name })}</title>
      <Header sweep={sweep} />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <Card title={t("sweep.rows")}>
          <SweepRuns sweep={sweep} />
        </Card>
        <div className="min-w-0 space-y-4 max-lg:order-first">
          {sweep.recipes.map((recipe, nth) => (
            <Card
              // biome-ignore lint/suspicious/noArrayIndexKey: recipes are only ever added at the end
              key={nth}
              title={sweep.recipes.length > 1 ? t("sweep.recipes", { number: nth + 1 }) : t("sweep.recipe")}
            >
              <RecipeWords recipe={recipe} />
            </Card>
          ))}
        </div>
      </div>
    </div>
  );
};

/** @param extending shows the editor that adds runs to it */
export const SweepPage = ({ sweepId, extending = false }: { sweepId: string; extending?: boolean }) => {
  const { t } = useLanguage();
  const query = useQuery(useTRPC().sweeps.get.queryOptions({ sweepId }));
  if (query.data)
    return extending ? <SweepNewPage unitId={query.data.unitId} extend={query.data} /> : <Found sweep={query.data} />;
  if (query.isPending)
    return (
      <div aria-busy="true" className="animate-late space-y-4">
        <h1 className="sr-only">{t("sweep.loading")}</h1>
        <Skeleton className="h-7 w-72 max-w-full" />
        <Skeleton className="h-64 rounded-xl" />
      </div>
    );
  return <ErrorState error={query.error} onRetry={() => query.refetch()} retrying={query.isFetching} />;
};
