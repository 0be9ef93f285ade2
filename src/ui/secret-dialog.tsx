"use client";
// A secret that is shown this once.
import { useLanguage } from "../i18n/locale-provider";
import { Button } from "./button";
import { CopyTextButton } from "./copy-button";
import { Dialog } from "./dialog";
import { Field, Input } from "./field";

type Props = { title: string; note: string; label: string; secret: string; onClose: () => void };

export const SecretDialog = ({ title, note, label, secret, onClose }: Props) => {
  const { t } = useLanguage();
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={title}
      description={note}
      footer={
        <>
          <CopyTextButton text={secret}>{t("action.copy")}</CopyTextButton>
          <Button look="primary" onClick={onClose}>
            {t("action.done")}
          </Button>
        </>
      }
    >
      <Field label={label}>
        {(field) => (
          <Input
            {...field}
            readOnly
            value={secret}
            className="font-mono"
            onFocus={(event) => event.currentTarget.select()}
          />
        )}
      </Field>
    </Dialog>
  );
};
