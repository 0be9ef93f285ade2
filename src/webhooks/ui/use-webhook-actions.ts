"use client";
// What can be done to webhooks, with what the page shows of them brought up to date.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { useRefusalSentence } from "../../ui/error-state";
import { refusalOf } from "../../ui/refusal";
import { useTRPC } from "../../ui/trpc";

export const useWebhookActions = () => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const sentence = useRefusalSentence();
  const refetch = () => queryClient.invalidateQueries({ queryKey: trpc.webhooks.pathKey() });
  const onError = (error: unknown) => void toast.error(sentence(refusalOf(error)));
  const say = (text: string) => () => {
    toast.success(text);
    return refetch();
  };
  return {
    create: useMutation(trpc.webhooks.create.mutationOptions({ onSuccess: refetch })),
    update: useMutation(trpc.webhooks.update.mutationOptions({ onSuccess: refetch })),
    turn: useMutation(trpc.webhooks.update.mutationOptions({ onSuccess: refetch, onError })),
    remove: useMutation(trpc.webhooks.remove.mutationOptions({ onSuccess: say(t("webhooks.removed")), onError })),
    rotate: useMutation(trpc.webhooks.rotate.mutationOptions({ onSuccess: refetch, onError })),
    test: useMutation(trpc.webhooks.test.mutationOptions({ onSuccess: say(t("webhooks.testSent")), onError })),
    replay: useMutation(trpc.webhooks.replay.mutationOptions({ onSuccess: say(t("webhooks.replayed")), onError })),
  };
};
