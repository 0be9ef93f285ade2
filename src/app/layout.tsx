import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { LOCALE_TAGS } from "../i18n/locale";
import { LocaleProvider } from "../i18n/locale-provider";
import { requestLocale } from "../i18n/request-locale";
import "./globals.css";

export const metadata: Metadata = { applicationName: "MLQueue", robots: { index: false, follow: false } };

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#fbfbfc" },
    { media: "(prefers-color-scheme: dark)", color: "#0d0e11" },
  ],
};

const RootLayout = async ({ children }: { children: ReactNode }) => {
  const locale = await requestLocale();
  return (
    <html lang={LOCALE_TAGS[locale]}>
      <body>
        <LocaleProvider locale={locale}>{children}</LocaleProvider>
      </body>
    </html>
  );
};

export default RootLayout;
