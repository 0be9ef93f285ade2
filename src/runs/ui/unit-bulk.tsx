"use client";
// One action on many runs: the server counts first, the reader agrees, one statement does it.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { Spinner } from "../../ui/button";
import { ConfirmDialog } from "../../ui/dialog";
import { useRefusalSentence } from "../../ui/error-state";
import { Field, Input } from "../../ui/field";
import { refusalOf } from "../../ui/refusal";
import { type Inputs, useTRPC, useTRPCClient } from "../../ui/trpc";
import { useUnitRefetch } from "./use-unit-actions";

export type Bulk = Omit<Inputs["runs"]["bulk"], "dryRun">;

/** Above this many, the number has to be typed. */
const TYPED_ABOVE = 100;

const CONFIRM = { cancel: "unit.bulkCancel", remove: "unit.bulkRemove", retry: "unit.bulkRetry" } as const;

/** What is said of those that were named but left alone; of runs that only had to wait, that they started. */
const useSkipped = ({ filter }: Bulk) => {
  const { t } = useLanguage();
  const onlyWaiting = filter?.status?.join() === "pending";
  return (count: number) =>
    count === 0 ? null : onlyWaiting ? t("unit.started.some", { count }) : t("unit.bulkSkipped", { count });
};

export const BulkDialog = ({ bulk, onClose, onDone }: { bulk: Bulk; onClose: () => void; onDone: () => void }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const client = useTRPCClient();
  const refetch = useUnitRefetch();
  const sentence = useRefusalSentence();
  const skippedText = useSkipped(bulk);
  const [typed, setTyped] = useState("");
  const counted = useQuery({
    queryKey: ["count of runs", bulk],
    queryFn: () => client.runs.bulk.mutate({ ...bulk, dryRun: true }),
    gcTime: 0,
    staleTime: 0,
  });
  const run = useMutation(
    trpc.runs.bulk.mutationOptions({
      onSuccess: async (done) => {
        const description = skippedText(done.skipped);
        const tell = done.count > 0 ? toast.success : toast.warning;
        tell(t(`unit.bulkDone.${bulk.action}`, { count: done.count }), description === null ? {} : { description });
        onDone();
        await refetch();
      },
    }),
  );
  const count = counted.data?.count;
  const skipped = skippedText(counted.data?.skipped ?? 0);
  const mustType = count !== undefined && count > TYPED_ABOVE;
  const isAgreed = count !== undefined && count > 0 && (!mustType || typed.trim() === String(count));
  const problem = counted.error ?? run.error;
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={
        count === undefined ? t(`unit.bulkCounting.${bulk.action}`) : t(`unit.bulkTitle.${bulk.action}`, { count })
      }
      confirm={count === undefined ? t("unit.bulkConfirm") : t(CONFIRM[bulk.action], { count })}
      keep={t("unit.keep")}
      danger={bulk.action !== "retry"}
      busy={run.isPending || counted.isPending}
      disabled={!isAgreed}
      onConfirm={() => isAgreed && run.mutate(bulk)}
    >
      {counted.isPending && <Spinner />}
      {skipped !== null && <p className="text-sm text-ink-2">{skipped}</p>}
      {mustType && (
        <Field label={t("unit.typeCount", { count: String(count) })}>
          {(field) => (
            <Input {...field} inputMode="numeric" value={typed} onChange={(event) => setTyped(event.target.value)} />
          )}
        </Field>
      )}
      {problem && (
        <p role="alert" className="text-sm text-bad">
          {sentence(refusalOf(problem))}
        </p>
      )}
    </ConfirmDialog>
  );
};
