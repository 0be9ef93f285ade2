"use client";
import { signIn } from "next-auth/react";
import { type FormEvent, useRef, useState, useSyncExternalStore } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { Field, Input } from "../../ui/field";
import { EntryPage } from "../entry-page";

const never = () => () => {};

type Trouble = "signIn.wrong" | "signIn.tooMany" | "error.offline" | "error.broken";

export type Problem =
  | "signIn.refused.NotVerified"
  | "signIn.refused.UnknownEmail"
  | "signIn.refused.AccountOff"
  | "signIn.providerFailed";

type Props = {
  returnPath: string;
  providers: { id: string; name: string }[];
  /** what went wrong at a provider */
  problem: Problem | null;
};

export const SignInForm = ({ returnPath, providers, problem }: Props) => {
  const { t } = useLanguage();
  const password = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | Problem | null>(problem);

  // Before the page's script runs, the browser itself would send the form.
  const isReady = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );

  const attempt = async (form: FormData): Promise<Trouble | null> => {
    try {
      const outcome = await signIn("credentials", {
        redirect: false,
        email: String(form.get("email")),
        password: String(form.get("password")),
      });
      if (outcome?.ok && !outcome.error) return null;
      if (outcome?.status === 429) return "signIn.tooMany";
      return outcome?.status === 401 ? "signIn.wrong" : "error.broken";
    } catch (error) {
      if (error instanceof TypeError) return "error.offline";
      throw error;
    }
  };

  const goTo = async (provider: string) => {
    setBusy(true);
    try {
      await signIn(provider, { callbackUrl: returnPath });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      setTrouble("error.offline");
      setBusy(false);
    }
  };

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    const found = await attempt(new FormData(event.currentTarget));
    if (found === null) {
      // A whole new page: nothing of an account that was here before stays in memory.
      window.location.assign(returnPath);
      return;
    }
    setTrouble(found);
    setBusy(false);
    password.current?.select();
    password.current?.focus();
  };

  return (
    <EntryPage title={t("signIn.title")} intro={t("signIn.intro")}>
      <form method="post" onSubmit={submit} className="mt-6 space-y-4">
        <Field label={t("signIn.email")}>
          {(field) => (
            <Input {...field} type="email" name="email" autoComplete="username" required autoFocus className="h-9!" />
          )}
        </Field>
        <Field label={t("signIn.password")} error={trouble === "signIn.wrong" ? t("signIn.wrong") : undefined}>
          {(field) => (
            <Input
              {...field}
              ref={password}
              type="password"
              name="password"
              autoComplete="current-password"
              required
              className="h-9!"
            />
          )}
        </Field>
        {trouble !== null && trouble !== "signIn.wrong" && (
          <p role="alert" className="text-sm text-bad">
            {t(trouble)}
          </p>
        )}
        <Button
          type="submit"
          look="primary"
          busy={busy}
          disabled={!isReady}
          className={`h-9! w-full ${isReady ? "" : "opacity-100!"}`}
        >
          {t("signIn.submit")}
        </Button>
      </form>
      {providers.length > 0 && (
        <div className="mt-4 space-y-2 border-t border-line pt-4">
          {providers.map(({ id, name }) => (
            <Button key={id} disabled={!isReady || busy} className="h-9! w-full" onClick={() => void goTo(id)}>
              {t("signIn.with", { name })}
            </Button>
          ))}
        </div>
      )}
      <p className="mt-6 text-xs text-ink-3">{t("signIn.help")}</p>
    </EntryPage>
  );
};
