"use client";
// The form of an account that gets its password here: what proves that it may, the password, and the way in.
import type { UseMutationResult } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { isPasswordLong, NewPassword } from "../accounts/ui/new-password";
import { useLanguage } from "../i18n/locale-provider";
import { Button } from "../ui/button";
import { useRefusalSentence } from "../ui/error-state";
import { refusalOf } from "../ui/refusal";
import { enter } from "./enter";

export const NewAccountForm = <Given extends { password: string }>({
  send,
  given,
  problem,
  submit,
  children,
}: {
  send: UseMutationResult<{ email: string }, unknown, Given>;
  /** all but the password; null while something is missing */
  given: Omit<Given, "password"> | null;
  /** what is wrong before anything was sent */
  problem?: string | undefined;
  /** on the button */
  submit: string;
  children?: ReactNode;
}) => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const [password, setPassword] = useState("");
  const isComplete = given !== null && isPasswordLong(password);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (isComplete) send.mutate({ ...given, password } as Given, { onSuccess: ({ email }) => enter(email, password) });
  };
  const said = send.error ? sentence(refusalOf(send.error)) : problem;
  return (
    <form onSubmit={onSubmit} className="mt-6 space-y-4">
      {children}
      <NewPassword label={t("profile.next")} value={password} onChange={setPassword} className="h-9!" />
      {said !== undefined && (
        <p role="alert" className="text-sm text-bad">
          {said}
        </p>
      )}
      <Button
        type="submit"
        look="primary"
        busy={send.isPending || send.isSuccess}
        disabled={!isComplete}
        className="h-9! w-full"
      >
        {submit}
      </Button>
    </form>
  );
};
