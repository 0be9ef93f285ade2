"use client";
// Pausing asks for a reason, since everybody who waits will read it.
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { useRefusalSentence } from "../../ui/error-state";
import { Field, Input } from "../../ui/field";
import { refusalOf } from "../../ui/refusal";
import { useTRPC } from "../../ui/trpc";
import { useUnitRefetch } from "./use-unit-actions";

export const PauseUnit = ({ unitId, name, onClose }: { unitId: string; name: string; onClose: () => void }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const refetch = useUnitRefetch();
  const sentence = useRefusalSentence();
  const [reason, setReason] = useState("");
  const formId = useId();
  const pause = useMutation(
    trpc.units.pause.mutationOptions({
      onSuccess: async () => {
        await refetch();
        onClose();
      },
    }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    pause.mutate({ unitId, ...(reason.trim() === "" ? {} : { reason: reason.trim() }) });
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t("unit.pauseTitle", { name })}
      description={t("unit.pauseNote")}
      footer={
        <>
          <Button onClick={onClose}>{t("action.close")}</Button>
          <Button look="primary" type="submit" form={formId} busy={pause.isPending}>
            {t("unit.pauseConfirm")}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit}>
        <Field
          label={t("pause.reason")}
          optional={t("form.optional")}
          error={pause.isError ? sentence(refusalOf(pause.error)) : undefined}
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
