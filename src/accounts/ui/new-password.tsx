"use client";
import { useLanguage } from "../../i18n/locale-provider";
import { Field, Input } from "../../ui/field";
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "../password-rule";

export const isPasswordLong = (password: string): boolean => password.length >= MIN_PASSWORD_LENGTH;

/** @param className of the box */
export const NewPassword = ({
  label,
  value,
  onChange,
  className,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  className?: string;
}) => {
  const { t } = useLanguage();
  return (
    <Field label={label} hint={t("profile.nextHint", { count: MIN_PASSWORD_LENGTH })}>
      {(field) => (
        <Input
          {...field}
          type="password"
          autoComplete="new-password"
          className={className}
          value={value}
          maxLength={MAX_PASSWORD_LENGTH}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  );
};
