"use client";
// Pausing asks for a reason, since everybody who waits will read it; resuming asks nothing.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { useRefusalSentence } from "../../ui/error-state";
import { Field, Input } from "../../ui/field";
import { refusalOf } from "../../ui/refusal";
import { useTRPC } from "../../ui/trpc";

const useChanged = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: trpc.tasks.pathKey() });
};

export const useResume = () => {
  const trpc = useTRPC();
  const onSuccess = useChanged();
  const sentence = useRefusalSentence();
  return useMutation(
    trpc.tasks.resume.mutationOptions({ onSuccess, onError: (error) => toast.error(sentence(refusalOf(error))) }),
  );
};

export const PauseDialog = ({ queue, onClose }: { queue: string; onClose: () => void }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const changed = useChanged();
  const sentence = useRefusalSentence();
  const [reason, setReason] = useState("");
  const formId = useId();
  const pause = useMutation(
    trpc.tasks.pause.mutationOptions({
      onSuccess: async () => {
        await changed();
        onClose();
      },
    }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    pause.mutate({ queue, ...(reason.trim() === "" ? {} : { reason: reason.trim() }) });
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t("pause.title", { queue })}
      description={t("pause.note")}
      footer={
        <>
          <Button onClick={onClose}>{t("action.close")}</Button>
          <Button look="primary" type="submit" form={formId} busy={pause.isPending}>
            {t("pause.confirm")}
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
