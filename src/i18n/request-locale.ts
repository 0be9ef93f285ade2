// The language of the request that is being rendered.
import { cookies, headers } from "next/headers";
import { chooseLocale, LOCALE_COOKIE, type Locale } from "./locale";

export const requestLocale = async (): Promise<Locale> => {
  const [jar, sent] = await Promise.all([cookies(), headers()]);
  return chooseLocale(jar.get(LOCALE_COOKIE)?.value, sent.get("accept-language"));
};
