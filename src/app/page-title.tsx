"use client";
import type { MessageKey } from "../i18n/en";
import { useLanguage } from "../i18n/locale-provider";

type TitleKey = Extract<
  MessageKey,
  | "title.tasks"
  | "title.newTask"
  | "title.signIn"
  | "title.setUp"
  | "title.invitation"
  | "title.notFound"
  | "title.error"
>;

/** React puts it into the head. Follows the language without a reload. */
export const PageTitle = ({ title }: { title: TitleKey }) => {
  const { t } = useLanguage();
  return <title>{t(title)}</title>;
};
