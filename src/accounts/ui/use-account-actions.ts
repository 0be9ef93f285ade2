"use client";
// What can be done to keys and sign-ins, with what the page shows of them brought up to date.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { useRefusalSentence } from "../../ui/error-state";
import { refusalOf } from "../../ui/refusal";
import { useTRPC } from "../../ui/trpc";

export const useAccountActions = () => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const sentence = useRefusalSentence();
  const refetch = () => queryClient.invalidateQueries({ queryKey: trpc.accounts.pathKey() });
  const onError = (error: unknown) => void toast.error(sentence(refusalOf(error)));
  const say = (text: string) => () => {
    toast.success(text);
    return refetch();
  };
  return {
    createKey: useMutation(trpc.accounts.keys.create.mutationOptions({ onSuccess: refetch })),
    revokeKey: useMutation(trpc.accounts.keys.revoke.mutationOptions({ onSuccess: say(t("keys.revoked")), onError })),
    endSignIn: useMutation(trpc.accounts.endSignIn.mutationOptions({ onSuccess: say(t("profile.ended")), onError })),
    changePassword: useMutation(
      trpc.accounts.changePassword.mutationOptions({ onSuccess: say(t("profile.passwordChanged")) }),
    ),
  };
};
