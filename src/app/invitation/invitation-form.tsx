"use client";
// The password of an account that an owner made. The link's token stands behind the #, which only the browser sees.
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState, useSyncExternalStore } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { useRefusalSentence } from "../../ui/error-state";
import { refusalOf } from "../../ui/refusal";
import { useTRPC } from "../../ui/trpc";
import { enter } from "../enter";
import { EntryPage } from "../entry-page";
import { MIN_PASSWORD_LENGTH, NewPassword } from "../new-password";

const onHash = (changed: () => void) => {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
};

/** Null until the page's script runs. */
const useToken = (): string | null =>
  useSyncExternalStore(
    onHash,
    () => window.location.hash.slice(1),
    () => null,
  );

export const InvitationForm = () => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const token = useToken();
  const [password, setPassword] = useState("");
  const accept = useMutation(
    useTRPC().entry.acceptInvitation.mutationOptions({ onSuccess: ({ email }) => enter(email, password) }),
  );
  const isComplete = token !== null && token !== "" && password.length >= MIN_PASSWORD_LENGTH;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isComplete) accept.mutate({ token, password });
  };
  return (
    <EntryPage title={t("invitation.title")} intro={t("invitation.intro")}>
      <form onSubmit={submit} className="mt-6 space-y-4">
        <NewPassword value={password} onChange={setPassword} />
        {(accept.error || token === "") && (
          <p role="alert" className="text-sm text-bad">
            {accept.error ? sentence(refusalOf(accept.error)) : t("invitation.missing")}
          </p>
        )}
        <Button
          type="submit"
          look="primary"
          busy={accept.isPending || accept.isSuccess}
          disabled={!isComplete}
          className="h-9! w-full"
        >
          {t("invitation.submit")}
        </Button>
      </form>
    </EntryPage>
  );
};
