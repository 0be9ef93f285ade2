"use client";
// A new API key: its name, what it may do, until when.
import { type FormEvent, useId, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { useRefusalSentence } from "../../ui/error-state";
import { Checkbox, Field, Input, Select } from "../../ui/field";
import { useMayChange } from "../../ui/may-change";
import { refusalOf } from "../../ui/refusal";
import { ALL, SCOPES } from "../scopes";
import { useAccountActions } from "./use-account-actions";

const LIFETIMES = [30, 90, 365] as const;
const DAY_MS = 86_400_000;

export const NewKeyDialog = ({ onMade, onClose }: { onMade: (key: string) => void; onClose: () => void }) => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const formId = useId();
  const { createKey } = useAccountActions();
  const [name, setName] = useState("");
  const mayChange = useMayChange();
  const [isFull, setFull] = useState(mayChange);
  const [scopes, setScopes] = useState(new Set<(typeof SCOPES)[number]>(mayChange ? ["read", "run"] : ["read"]));
  const [days, setDays] = useState("");
  const isComplete = name.trim() !== "" && (isFull || scopes.size > 0);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isComplete) return;
    createKey.mutate(
      {
        name: name.trim(),
        scopes: isFull ? [ALL] : SCOPES.filter((one) => scopes.has(one)),
        ...(days !== "" && { expiresAt: new Date(Date.now() + Number(days) * DAY_MS).toISOString() }),
      },
      { onSuccess: ({ key }) => onMade(key) },
    );
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t("keys.new")}
      footer={
        <>
          <Button onClick={onClose}>{t("action.close")}</Button>
          <Button look="primary" type="submit" form={formId} busy={createKey.isPending} disabled={!isComplete}>
            {t("keys.create")}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="space-y-4">
        <Field
          label={t("keys.name")}
          hint={t("keys.nameHint")}
          error={createKey.error ? sentence(refusalOf(createKey.error)) : undefined}
        >
          {(field) => (
            <Input {...field} value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />
          )}
        </Field>
        <fieldset className="space-y-2">
          <legend className="mb-1.5 text-sm font-medium">{t("keys.scopes")}</legend>
          {mayChange && (
            <div className="flex items-center gap-2 text-sm">
              <Checkbox id={`${formId}-all`} checked={isFull} onChange={() => setFull(!isFull)} />
              <label htmlFor={`${formId}-all`}>{t("keys.scope.all")}</label>
            </div>
          )}
          {!isFull &&
            SCOPES.filter((scope) => mayChange || scope === "read").map((scope) => (
              <div key={scope} className="flex items-start gap-2 text-sm">
                <Checkbox
                  id={`${formId}-${scope}`}
                  className="mt-0.5"
                  checked={scopes.has(scope)}
                  disabled={!mayChange}
                  onChange={() => {
                    const next = new Set(scopes);
                    if (!next.delete(scope)) next.add(scope);
                    setScopes(next);
                  }}
                />
                <label htmlFor={`${formId}-${scope}`}>
                  <span className="font-mono text-xs">{scope}</span>{" "}
                  <span className="text-ink-2">{t(`keys.scope.${scope}`)}</span>
                </label>
              </div>
            ))}
        </fieldset>
        <Field label={t("keys.expiry")}>
          {(field) => (
            <Select {...field} value={days} onChange={(event) => setDays(event.target.value)}>
              <option value="">{t("keys.never")}</option>
              {LIFETIMES.map((count) => (
                <option key={count} value={count}>
                  {t("keys.days", { count })}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </form>
    </Dialog>
  );
};
