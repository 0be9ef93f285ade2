"use client";
// A name, and perhaps a sentence: for a new group or unit, and for another name of one.
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { useRefusalSentence } from "../../ui/error-state";
import { Field, Input } from "../../ui/field";
import { FormDialog } from "../../ui/form-dialog";
import { refusalOf } from "../../ui/refusal";

type Props = {
  title: string;
  confirm: string;
  initial?: { name: string; description: string | null };
  error: unknown;
  busy: boolean;
  onSubmit: (given: { name: string; description: string }) => void;
  onClose: () => void;
};

export const NameDialog = ({ title, confirm, initial, error, busy, onSubmit, onClose }: Props) => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const [name, setName] = useState(initial?.name ?? "");
  const [description, setDescription] = useState(initial?.description ?? "");
  const submit = () => {
    onSubmit({ name: name.trim(), description: description.trim() });
  };
  return (
    <FormDialog
      title={title}
      confirm={confirm}
      busy={busy}
      disabled={name.trim() === ""}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label={t("unit.name")} error={error ? sentence(refusalOf(error)) : undefined}>
        {(field) => <Input {...field} value={name} maxLength={500} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label={t("groups.description")} optional={t("form.optional")}>
        {(field) => (
          <Input
            {...field}
            value={description}
            maxLength={10_000}
            onChange={(event) => setDescription(event.target.value)}
          />
        )}
      </Field>
    </FormDialog>
  );
};
