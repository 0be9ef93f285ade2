"use client";
// What an owner can do to accounts, with the list brought up to date.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { useRefusalSentence } from "../../ui/error-state";
import { refusalOf } from "../../ui/refusal";
import { useTRPC } from "../../ui/trpc";

export const useAdminActions = () => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const sentence = useRefusalSentence();
  const refetch = () => queryClient.invalidateQueries({ queryKey: trpc.admin.accounts.pathKey() });
  const onError = (error: unknown) => void toast.error(sentence(refusalOf(error)));
  return {
    add: useMutation(trpc.admin.accounts.add.mutationOptions({ onSuccess: refetch })),
    change: useMutation(
      trpc.admin.accounts.change.mutationOptions({
        onSuccess: ({ email }) => {
          toast.success(t("admin.changed", { email }));
          // The reader's own role may be another now.
          void queryClient.invalidateQueries({ queryKey: trpc.accounts.pathKey() });
          return refetch();
        },
      }),
    ),
    invite: useMutation(trpc.admin.accounts.invite.mutationOptions({ onSuccess: refetch, onError })),
  };
};
