"use client";
// Who this is, the password, and where else the account is signed in.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { useRefusalSentence } from "../../ui/error-state";
import { Field, Input } from "../../ui/field";
import { Loaded } from "../../ui/loaded";
import { refusalOf } from "../../ui/refusal";
import { RelativeTime } from "../../ui/time";
import { useTRPC } from "../../ui/trpc";
import { isPasswordLong, NewPassword } from "./new-password";
import { useAccountActions } from "./use-account-actions";

const Account = () => {
  const { t } = useLanguage();
  const query = useQuery(useTRPC().accounts.me.queryOptions());
  return (
    <Card title={t("profile.account")}>
      <Loaded query={query} height="h-8">
        {(me) => (
          <div className="flex flex-wrap items-center gap-2 px-4 py-3 text-sm">
            <span className="font-medium wrap-anywhere">{me.email}</span>
            <Badge>{t(`profile.role.${me.role}`)}</Badge>
            <Badge>{t(`profile.tier.${me.tier}`)}</Badge>
            {me.role === "viewer" && <span className="text-ink-2">{t("profile.viewerNote")}</span>}
          </div>
        )}
      </Loaded>
    </Card>
  );
};

const Password = () => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const { changePassword } = useAccountActions();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const refusal = changePassword.error ? refusalOf(changePassword.error) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (current === "" || !isPasswordLong(next)) return;
    changePassword.mutate(
      { current, next },
      {
        onSuccess: () => {
          setCurrent("");
          setNext("");
        },
      },
    );
  };
  return (
    <Card title={t("profile.password")}>
      <form onSubmit={submit} className="grid gap-4 p-4 sm:grid-cols-2">
        <Field label={t("profile.current")} error={refusal ? sentence(refusal) : undefined}>
          {(field) => (
            <Input
              {...field}
              type="password"
              autoComplete="current-password"
              value={current}
              maxLength={1000}
              onChange={(event) => setCurrent(event.target.value)}
            />
          )}
        </Field>
        <NewPassword label={t("profile.next")} value={next} onChange={setNext} />
        <div className="flex flex-wrap items-center gap-3 sm:col-span-2">
          <Button
            type="submit"
            look="primary"
            busy={changePassword.isPending}
            disabled={current === "" || !isPasswordLong(next)}
          >
            {t("profile.change")}
          </Button>
          <span className="text-xs text-ink-2">{t("profile.changeNote")}</span>
        </div>
      </form>
    </Card>
  );
};

const SignIns = () => {
  const { t } = useLanguage();
  const query = useQuery(useTRPC().accounts.signIns.queryOptions());
  const { endSignIn } = useAccountActions();
  return (
    <Card title={t("profile.signIns")}>
      <Loaded query={query} height="h-8">
        {({ signIns }) => (
          <ul className="divide-y divide-line">
            {signIns.map(({ signInId, createdAt, isThis }) => (
              <li key={signInId} className="flex min-h-12 items-center justify-between gap-3 px-4 py-2 text-sm">
                <span>
                  {t("profile.since")} <RelativeTime at={createdAt} />
                </span>
                {isThis ? (
                  <Badge tone="ok">{t("profile.thisBrowser")}</Badge>
                ) : (
                  <Button size="sm" disabled={endSignIn.isPending} onClick={() => endSignIn.mutate({ signInId })}>
                    {t("profile.end")}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
};

export const ProfileCards = () => (
  <div className="space-y-5">
    <Account />
    <Password />
    <SignIns />
  </div>
);
