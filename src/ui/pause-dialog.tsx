"use client";
// Pausing asks for a reason, since everybody who waits will read it.
import { useState } from "react";
import { useLanguage } from "../i18n/locale-provider";
import { useRefusalSentence } from "./error-state";
import { Field, Input } from "./field";
import { FormDialog } from "./form-dialog";
import { refusalOf } from "./refusal";

type Props = {
  title: string;
  note: string;
  confirm: string;
  /** of the last try */
  error: unknown;
  busy: boolean;
  onPause: (given: { reason?: string }) => void;
  onClose: () => void;
};

export const PauseDialog = ({ title, note, confirm, error, busy, onPause, onClose }: Props) => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const [reason, setReason] = useState("");
  const submit = () => {
    onPause(reason.trim() === "" ? {} : { reason: reason.trim() });
  };
  return (
    <FormDialog title={title} description={note} confirm={confirm} busy={busy} onSubmit={submit} onClose={onClose}>
      <Field
        label={t("pause.reason")}
        optional={t("form.optional")}
        error={error ? sentence(refusalOf(error)) : undefined}
      >
        {(field) => (
          <Input
            {...field}
            value={reason}
            maxLength={2000}
            placeholder={t("pause.example")}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
      </Field>
    </FormDialog>
  );
};
