"use client";
// A new API key: its name, what it may do, until when.
import { useId, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { useRefusalSentence } from "../../ui/error-state";
import { Checkbox, Field, Input, Select } from "../../ui/field";
import { FormDialog } from "../../ui/form-dialog";
import { useMayChange } from "../../ui/may-change";
import { refusalOf } from "../../ui/refusal";
import { ALL, SCOPES } from "../scopes";
import { useAccountActions } from "./use-account-actions";

const LIFETIMES = [30, 90, 365] as const;
const DAY_MS = 86_400_000;

export const NewKeyDialog = ({ onMade, onClose }: { onMade: (key: string) => void; onClose: () => void }) => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const id = useId();
  const { createKey } = useAccountActions();
  const [name, setName] = useState("");
  const mayChange = useMayChange();
  const [isFull, setFull] = useState(mayChange);
  const [scopes, setScopes] = useState(new Set<(typeof SCOPES)[number]>(mayChange ? ["read", "run"] : ["read"]));
  const [days, setDays] = useState("");
  const isComplete = name.trim() !== "" && (isFull || scopes.size > 0);
  const submit = () => {
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
    <FormDialog
      title={t("keys.new")}
      confirm={t("keys.create")}
      busy={createKey.isPending}
      disabled={!isComplete}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label={t("keys.name")}
        hint={t("keys.nameHint")}
        error={createKey.error ? sentence(refusalOf(createKey.error)) : undefined}
      >
        {(field) => <Input {...field} value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <fieldset className="space-y-2">
        <legend className="mb-1.5 text-sm font-medium">{t("keys.scopes")}</legend>
        {mayChange && (
          <div className="flex items-center gap-2 text-sm">
            <Checkbox id={`${id}-all`} checked={isFull} onChange={() => setFull(!isFull)} />
            <label htmlFor={`${id}-all`}>{t("keys.scope.all")}</label>
          </div>
        )}
        {!isFull &&
          SCOPES.filter((scope) => mayChange || scope === "read").map((scope) => (
            <div key={scope} className="flex items-start gap-2 text-sm">
              <Checkbox
                id={`${id}-${scope}`}
                className="mt-0.5"
                checked={scopes.has(scope)}
                disabled={!mayChange}
                onChange={() => {
                  const next = new Set(scopes);
                  if (!next.delete(scope)) next.add(scope);
                  setScopes(next);
                }}
              />
              <label htmlFor={`${id}-${scope}`}>
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
    </FormDialog>
  );
};
