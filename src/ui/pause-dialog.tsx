"use client";
// Pausing asks for a reason, since everybody who waits will read it.
import { type FormEvent, useId, useState } from "react";
import { useLanguage } from "../i18n/locale-provider";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { useRefusalSentence } from "./error-state";
import { Field, Input } from "./field";
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
  const formId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onPause(reason.trim() === "" ? {} : { reason: reason.trim() });
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={title}
      description={note}
      footer={
        <>
          <Button onClick={onClose}>{t("action.close")}</Button>
          <Button look="primary" type="submit" form={formId} busy={busy}>
            {confirm}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit}>
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
      </form>
    </Dialog>
  );
};
