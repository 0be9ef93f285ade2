import { expect, test } from "vitest";
import { chooseLocale } from "./locale";

test.each([
  ["zh", "en", "zh"],
  ["fr", "zh-CN,zh;q=0.9,en;q=0.8", "zh"],
  [undefined, "zh-TW", "zh"],
  [undefined, "fr,en;q=0.7,zh;q=0.9", "zh"],
  [undefined, "en-GB,zh;q=0.9", "en"],
  [undefined, "zh;q=0,de", "en"],
  [undefined, "", "en"],
  [undefined, null, "en"],
])("cookie %s and Accept-Language %s give %s", (cookie, acceptLanguage, locale) => {
  expect(chooseLocale(cookie, acceptLanguage)).toBe(locale);
});
