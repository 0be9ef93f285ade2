import { expect, test } from "vitest";
import { en, type MessageKey } from "./en";
import type { Message } from "./message";
import { makeTranslate } from "./translate";
import { zh } from "./zh";

const namesIn = (message: Message): string[] => {
  const texts = typeof message === "string" ? [message] : [message.one, message.other];
  return [...new Set(texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "")))].sort();
};

test("every Chinese sentence takes the same values as its English one", () => {
  for (const key of Object.keys(en) as MessageKey[]) expect(namesIn(zh[key]), key).toEqual(namesIn(en[key]));
});

test("the Chinese catalogue has no key that the English one lacks", () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
});

test("numbers are grouped and plurals picked", () => {
  const t = makeTranslate("en");
  expect(t("tasks.selected", { count: 1 })).toBe("1 task selected");
  expect(t("tasks.selected", { count: 1234 })).toBe("1,234 tasks selected");
});
