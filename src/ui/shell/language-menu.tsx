"use client";
import { useRouter } from "next/navigation";
import { LOCALE_COOKIE, LOCALE_NAMES, LOCALES, type Locale } from "../../i18n/locale";
import { useLanguage } from "../../i18n/locale-provider";
import { IconButton } from "../button";
import { GlobeIcon } from "../icons";
import { Menu, MenuChoices } from "../menu";

const YEAR_SECONDS = 31_536_000;

const OPTIONS = LOCALES.map((value) => ({ value, label: LOCALE_NAMES[value], lang: value }));

export const LanguageMenu = () => {
  const { t, locale } = useLanguage();
  const router = useRouter();
  const choose = (next: Locale) => {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API needs https, labs often have none
    document.cookie = `${LOCALE_COOKIE}=${next}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
    router.refresh();
  };
  return (
    <Menu
      trigger={
        <IconButton label={t("shell.language")}>
          <GlobeIcon />
        </IconButton>
      }
    >
      <MenuChoices value={locale} options={OPTIONS} onChange={choose} />
    </Menu>
  );
};
