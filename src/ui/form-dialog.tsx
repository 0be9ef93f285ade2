"use client";
// A form in a dialog: what is asked, and one button that sends it.
import { type FormEvent, type ReactNode, useId } from "react";
import { useLanguage } from "../i18n/locale-provider";
import { Button } from "./button";
import { Dialog } from "./dialog";

export const FormDialog = ({
  confirm,
  busy = false,
  disabled = false,
  other,
  onSubmit,
  onClose,
  children,
  ...dialog
}: {
  title: string;
  description?: ReactNode;
  /** on the button that sends it */
  confirm: string;
  busy?: boolean;
  /** while something is missing: it is not sent by Enter either */
  disabled?: boolean;
  /** another answer, before the two */
  other?: ReactNode;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}) => {
  const { t } = useLanguage();
  const formId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!disabled && !busy) onSubmit();
  };
  return (
    <Dialog
      {...dialog}
      open
      onOpenChange={onClose}
      footer={
        <>
          {other}
          <Button onClick={onClose}>{t("action.close")}</Button>
          <Button look="primary" type="submit" form={formId} busy={busy} disabled={disabled}>
            {confirm}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="space-y-4">
        {children}
      </form>
    </Dialog>
  );
};
