"use client";
// The password of an account that an owner made. The link's token stands behind the #, which only the browser sees.
import { useMutation } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { useTRPC } from "../../ui/trpc";
import { EntryPage } from "../entry-page";
import { NewAccountForm } from "../new-account-form";

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
  const token = useToken();
  const accept = useMutation(useTRPC().entry.acceptInvitation.mutationOptions());
  return (
    <EntryPage title={t("invitation.title")} intro={t("invitation.intro")}>
      <NewAccountForm
        send={accept}
        given={token ? { token } : null}
        problem={token === "" ? t("invitation.missing") : undefined}
        submit={t("invitation.submit")}
      />
    </EntryPage>
  );
};
