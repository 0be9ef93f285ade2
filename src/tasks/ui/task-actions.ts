"use client";
// What can be done to one task, with what the page shows about it brought up to date.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { useRefusalSentence } from "../../ui/error-state";
import { refusalOf } from "../../ui/refusal";
import { useTRPC } from "../../ui/trpc";
import { isEnded } from "../status";
import type { Task } from "../task";

export const canCancel = (task: Task): boolean => !isEnded(task.status) && task.cancelRequestedAt === null;
export const canRetry = (task: Task): boolean => task.status === "failed" || task.status === "cancelled";
export const canChangePriority = (task: Task): boolean => task.status === "queued" || task.status === "pending";

export const useTaskActions = () => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const sentence = useRefusalSentence();

  const refetch = () => queryClient.invalidateQueries({ queryKey: trpc.tasks.pathKey() });
  const show = async (task: Task) => {
    queryClient.setQueryData(trpc.tasks.get.queryKey({ taskId: task.taskId }), task);
    await refetch();
  };
  const complain = (error: unknown) => {
    toast.error(sentence(refusalOf(error)));
    // The page showed something that was no longer so.
    void refetch();
  };

  const cancel = useMutation(trpc.tasks.cancel.mutationOptions({ onSuccess: show, onError: complain }));
  const retry = useMutation(
    trpc.tasks.retry.mutationOptions({
      onSuccess: (task) => {
        toast.success(t("task.retried", { name: task.name }));
        return show(task);
      },
      onError: complain,
    }),
  );
  const setPriority = useMutation(trpc.tasks.setPriority.mutationOptions({ onSuccess: show }));
  return { cancel, retry, setPriority };
};
