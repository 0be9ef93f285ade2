"use client";
// The owner of a new server, made by whoever can read its log.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Field, Input } from "../../ui/field";
import { useTRPC } from "../../ui/trpc";
import { EntryPage } from "../entry-page";
import { NewAccountForm } from "../new-account-form";

export const SetUpForm = () => {
  const { t } = useLanguage();
  const [token, setToken] = useState("");
  const [email, setEmail] = useState("");
  const setUp = useMutation(useTRPC().entry.setUp.mutationOptions());
  const isComplete = token.trim() !== "" && email.trim() !== "";
  return (
    <EntryPage title={t("setUp.title")} intro={t("setUp.intro")}>
      <NewAccountForm
        send={setUp}
        given={isComplete ? { token: token.trim(), email: email.trim() } : null}
        submit={t("setUp.submit")}
      >
        <Field label={t("setUp.token")} hint={t("setUp.tokenHint")}>
          {(field) => (
            <Input
              {...field}
              autoFocus
              autoComplete="off"
              className="h-9! font-mono"
              value={token}
              maxLength={200}
              onChange={({ target }) => setToken(target.value)}
            />
          )}
        </Field>
        <Field label={t("signIn.email")}>
          {(field) => (
            <Input
              {...field}
              type="email"
              autoComplete="username"
              className="h-9!"
              value={email}
              maxLength={254}
              onChange={({ target }) => setEmail(target.value)}
            />
          )}
        </Field>
      </NewAccountForm>
    </EntryPage>
  );
};
