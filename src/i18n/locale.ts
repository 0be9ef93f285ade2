// Which language a page is in: the reader's choice in a cookie, else what the browser prefers.

export const LOCALES = ["en", "zh"] as const;
export type Locale = (typeof LOCALES)[number];

export const LOCALE_COOKIE = "mlq_locale";
/** What the switch in the header shows: each language in its own words. */
export const LOCALE_NAMES: Record<Locale, string> = { en: "English", zh: "中文" };
/** For <html lang>, and for Intl. */
export const LOCALE_TAGS: Record<Locale, string> = { en: "en", zh: "zh-Hans" };

const isLocale = (text: string | undefined): text is Locale => LOCALES.some((locale) => locale === text);

/**
 * @param cookie         the value of LOCALE_COOKIE, if any
 * @param acceptLanguage such as `zh-CN,zh;q=0.9,en;q=0.8`; the highest q that we speak wins, the earlier of equals
 */
export const chooseLocale = (cookie: string | undefined, acceptLanguage: string | null): Locale => {
  if (isLocale(cookie)) return cookie;
  const wishes = (acceptLanguage ?? "")
    .split(",")
    .map((part) => {
      const [tag = "", ...parameters] = part.trim().toLowerCase().split(";");
      const q = parameters.map((one) => /^\s*q=([\d.]+)$/.exec(one)?.[1]).find((one) => one !== undefined);
      return { language: tag.split("-")[0], q: q === undefined ? 1 : Number(q) };
    })
    .filter((wish) => wish.q > 0)
    .sort((a, b) => b.q - a.q);
  return wishes.map((wish) => wish.language).find(isLocale) ?? "en";
};
