import { expect, test } from "vitest";
import { errorCatalogues, errorSentence } from "./errors";
import { problemCatalogues, problemText } from "./problems";

const namesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
const HAS_CHINESE = /\p{Script=Han}/u;

const texts = [errorCatalogues, problemCatalogues].flatMap(({ en, zh }) =>
  Object.entries<string>(en).map(([key, text]) => ({ key, en: text, zh: (zh as Record<string, string>)[key] ?? "" })),
);

test("both languages tell the same values", () => {
  expect(texts.length).toBeGreaterThan(100);
  for (const { key, en, zh } of texts) expect([key, namesIn(zh)]).toEqual([key, namesIn(en)]);
});

test("every Chinese text is Chinese, with Chinese punctuation, and English sentences end with a full stop", () => {
  for (const { key, zh } of texts) {
    // These two join what others say.
    if (key === "said" || key === "badField") continue;
    expect([key, HAS_CHINESE.test(zh.replace(/\{\w+\}/g, ""))]).toEqual([key, true]);
    expect([key, /\p{Script=Han}[,.;:!?]/u.test(zh)]).toEqual([key, false]);
  }
  for (const [key, text] of Object.entries(errorCatalogues.en)) expect([key, text.at(-1)]).toEqual([key, "."]);
  for (const [key, text] of Object.entries(errorCatalogues.zh)) expect([key, text.at(-1)]).toEqual([key, "。"]);
});

test("values stand in their places, words in the language of the sentence", () => {
  expect(errorSentence("zh", "rateLimited", { limit: 100, seconds: 7 })).toBe(
    "此类请求每分钟最多 100 次，请在 7 秒后重试。",
  );
  const problem = { key: "mustBe", params: { expected: { word: "text" }, actual: { word: "number" } } } as const;
  expect(problemText("en", problem)).toBe("must be text, not a number");
  expect(problemText("zh", problem)).toBe("必须是文本，不能是数字");
});
