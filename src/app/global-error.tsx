"use client";
// The last net: the layout itself failed, so the language is taken from the browser.
import { useEffect, useState } from "react";
import { chooseLocale, LOCALE_TAGS, type Locale } from "../i18n/locale";
import { LocaleProvider } from "../i18n/locale-provider";
import ErrorPage from "./error";
import "./globals.css";

const GlobalError = (props: { error: Error & { digest?: string }; reset: () => void }) => {
  const [locale, setLocale] = useState<Locale>("en");
  useEffect(() => setLocale(chooseLocale(undefined, navigator.languages.join(","))), []);
  return (
    <html lang={LOCALE_TAGS[locale]}>
      <body>
        <LocaleProvider locale={locale}>
          <ErrorPage {...props} />
        </LocaleProvider>
      </body>
    </html>
  );
};

export default GlobalError;
