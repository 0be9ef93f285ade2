"use client";
// What can be done to groups and units as a whole, with what the pages show about them brought up to date.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { useRefusalSentence } from "../../ui/error-state";
import { refusalOf } from "../../ui/refusal";
import { useTRPC } from "../../ui/trpc";

export const useGroupActions = () => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const sentence = useRefusalSentence();
  const refetch = () =>
    Promise.all(
      [trpc.groups, trpc.units, trpc.runs].map((room) => queryClient.invalidateQueries({ queryKey: room.pathKey() })),
    );
  const onError = (error: unknown) => void toast.error(sentence(refusalOf(error)));
  const removed = () => {
    toast.success(t("groups.removed"));
    return refetch();
  };
  const restored = () => {
    toast.success(t("groups.restored"));
    return refetch();
  };
  return {
    createGroup: useMutation(trpc.groups.create.mutationOptions({ onSuccess: refetch })),
    updateGroup: useMutation(trpc.groups.update.mutationOptions({ onSuccess: refetch })),
    removeGroup: useMutation(trpc.groups.remove.mutationOptions({ onSuccess: removed, onError })),
    restoreGroup: useMutation(trpc.groups.restore.mutationOptions({ onSuccess: restored, onError })),
    createUnit: useMutation(trpc.units.create.mutationOptions({ onSuccess: refetch })),
    updateUnit: useMutation(trpc.units.update.mutationOptions({ onSuccess: refetch })),
    removeUnit: useMutation(trpc.units.remove.mutationOptions({ onSuccess: removed, onError })),
    restoreUnit: useMutation(trpc.units.restore.mutationOptions({ onSuccess: restored, onError })),
    restoreRun: useMutation(trpc.runs.restore.mutationOptions({ onSuccess: restored, onError })),
  };
};
