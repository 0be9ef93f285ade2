"use client";
// What can be done to the runs of a unit, with what the page shows about them brought up to date.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { useRefusalSentence } from "../../ui/error-state";
import { refusalOf } from "../../ui/refusal";
import { useTRPC } from "../../ui/trpc";

export const useUnitRefetch = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return () =>
    Promise.all(
      [trpc.units, trpc.runs, trpc.line].map((room) => queryClient.invalidateQueries({ queryKey: room.pathKey() })),
    );
};

export const useUnitActions = () => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const refetch = useUnitRefetch();
  const sentence = useRefusalSentence();
  const onError = (error: unknown) => {
    toast.error(sentence(refusalOf(error)));
    // The page showed something that was no longer so.
    void refetch();
  };

  const cancel = useMutation(
    trpc.runs.cancel.mutationOptions({
      onSuccess: (run) => {
        toast.success(t("unit.cancelledOne", { name: run.name }));
        return refetch();
      },
      onError,
    }),
  );
  const retry = useMutation(
    trpc.runs.retry.mutationOptions({
      onSuccess: () => {
        toast.success(t("unit.retried", { count: 1 }));
        return refetch();
      },
      onError,
    }),
  );
  const restore = useMutation(trpc.runs.restore.mutationOptions({ onSuccess: refetch, onError }));
  const remove = useMutation(trpc.runs.remove.mutationOptions({ onSuccess: refetch, onError }));
  const removeRun = (run: { runId: string; name: string }, onRemoved?: () => void) =>
    remove.mutate(
      { runId: run.runId },
      {
        onSuccess: () => {
          toast.success(t("unit.removedOne", { name: run.name }), {
            duration: 10_000,
            action: { label: t("unit.undo"), onClick: () => restore.mutate({ runId: run.runId }) },
          });
          onRemoved?.();
        },
      },
    );
  const resume = useMutation(trpc.units.resume.mutationOptions({ onSuccess: refetch, onError }));
  return { cancel, retry, removeRun, isRemoving: remove.isPending, resume };
};
