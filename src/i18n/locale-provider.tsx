"use client";
// Gives every piece of a page its language.
import { createContext, type ReactNode, useContext, useMemo } from "react";
import { type Format, makeFormat } from "./format";
import type { Locale } from "./locale";
import { makeTranslate, type Translate } from "./translate";

type Language = { locale: Locale; t: Translate; format: Format };

const LanguageContext = createContext<Language | null>(null);

export const LocaleProvider = ({ locale, children }: { locale: Locale; children: ReactNode }) => {
  const language = useMemo(() => ({ locale, t: makeTranslate(locale), format: makeFormat(locale) }), [locale]);
  return <LanguageContext value={language}>{children}</LanguageContext>;
};

export const useLanguage = (): Language => {
  const language = useContext(LanguageContext);
  if (!language) throw new Error("useLanguage was called outside of LocaleProvider");
  return language;
};
