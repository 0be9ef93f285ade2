"use client";
import { useLanguage } from "../i18n/locale-provider";
import { Field, Input } from "../ui/field";

/** As the server wants it. */
export const MIN_PASSWORD_LENGTH = 8;

export const NewPassword = ({ value, onChange }: { value: string; onChange: (value: string) => void }) => {
  const { t } = useLanguage();
  return (
    <Field label={t("profile.next")} hint={t("profile.nextHint", { count: MIN_PASSWORD_LENGTH })}>
      {(field) => (
        <Input
          {...field}
          type="password"
          autoComplete="new-password"
          className="h-9!"
          value={value}
          maxLength={1000}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  );
};
