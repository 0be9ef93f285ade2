"use client";
import { Toaster as Sonner } from "sonner";
import { useLanguage } from "../i18n/locale-provider";

export const Toaster = () => {
  const { t } = useLanguage();
  return (
    <Sonner
      theme="system"
      position="bottom-right"
      containerAriaLabel={t("shell.notices")}
      toastOptions={{
        style: {
          background: "var(--surface)",
          color: "var(--ink)",
          borderColor: "var(--line-strong)",
          boxShadow: "var(--shadow)",
          fontFamily: "var(--font-sans)",
        },
        descriptionClassName: "text-ink-2!",
      }}
    />
  );
};
