"use client";
// The owner of a new server, made by whoever can read its log.
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { useRefusalSentence } from "../../ui/error-state";
import { Field, Input } from "../../ui/field";
import { refusalOf } from "../../ui/refusal";
import { useTRPC } from "../../ui/trpc";
import { enter } from "../enter";
import { EntryPage } from "../entry-page";
import { MIN_PASSWORD_LENGTH, NewPassword } from "../new-password";

export const SetUpForm = () => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const [token, setToken] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const setUp = useMutation(
    useTRPC().entry.setUp.mutationOptions({ onSuccess: (made) => enter(made.email, password) }),
  );
  const isComplete = token.trim() !== "" && email.trim() !== "" && password.length >= MIN_PASSWORD_LENGTH;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isComplete) setUp.mutate({ token: token.trim(), email: email.trim(), password });
  };
  return (
    <EntryPage title={t("setUp.title")} intro={t("setUp.intro")}>
      <form onSubmit={submit} className="mt-6 space-y-4">
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
        <NewPassword value={password} onChange={setPassword} />
        {setUp.error && (
          <p role="alert" className="text-sm text-bad">
            {sentence(refusalOf(setUp.error))}
          </p>
        )}
        <Button
          type="submit"
          look="primary"
          busy={setUp.isPending || setUp.isSuccess}
          disabled={!isComplete}
          className="h-9! w-full"
        >
          {t("setUp.submit")}
        </Button>
      </form>
    </EntryPage>
  );
};
