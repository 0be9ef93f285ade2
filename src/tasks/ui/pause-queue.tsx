"use client";
// Pausing a queue, and resuming it, which asks nothing.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { useRefusalSentence } from "../../ui/error-state";
import { PauseDialog } from "../../ui/pause-dialog";
import { refusalOf } from "../../ui/refusal";
import { useTRPC } from "../../ui/trpc";

const useChanged = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: trpc.tasks.pathKey() });
};

export const useResume = () => {
  const trpc = useTRPC();
  const onSuccess = useChanged();
  const sentence = useRefusalSentence();
  return useMutation(
    trpc.tasks.resume.mutationOptions({ onSuccess, onError: (error) => toast.error(sentence(refusalOf(error))) }),
  );
};

export const PauseQueue = ({ queue, onClose }: { queue: string; onClose: () => void }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const changed = useChanged();
  const pause = useMutation(
    trpc.tasks.pause.mutationOptions({
      onSuccess: async () => {
        await changed();
        onClose();
      },
    }),
  );
  return (
    <PauseDialog
      title={t("pause.title", { queue })}
      note={t("pause.note")}
      confirm={t("pause.confirm")}
      error={pause.error}
      busy={pause.isPending}
      onPause={(given) => pause.mutate({ queue, ...given })}
      onClose={onClose}
    />
  );
};
