// From a key and its values to a sentence. Names and kinds of the values are checked by the compiler.
import { en, type MessageKey } from "./en";
import { LOCALE_TAGS, type Locale } from "./locale";
import type { Catalogue, Message } from "./message";
import { zh } from "./zh";

/** Braces around nothing, or around something with spaces, are only text. */
type NameIn<Text extends string> = Text extends "" | `${string} ${string}` ? never : Text;
type NamesIn<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? NameIn<Name> | NamesIn<Rest> : never;
type NamesOfMessage<M> = M extends string
  ? NamesIn<M>
  : M extends { one: infer One; other: infer Other }
    ? "count" | NamesIn<One | Other>
    : never;
type NamesOf<Key extends MessageKey> = NamesOfMessage<(typeof en)[Key]>;

/** Keys of texts without values: a table of these can be translated without looking at each. */
export type PlainKey = { [Key in MessageKey]: [NamesOf<Key>] extends [never] ? Key : never }[MessageKey];

/** Numbers are written as the language writes them; a message with plural forms picks by `count`. */
export type Translate = <Key extends MessageKey>(
  key: Key,
  ...values: [NamesOf<Key>] extends [never] ? [] : [Record<NamesOf<Key>, string | number>]
) => string;

const catalogues: Record<Locale, Catalogue<MessageKey>> = { en, zh };

const pick = (message: Message, plural: Intl.PluralRules, count: unknown): string => {
  if (typeof message === "string") return message;
  return plural.select(Number(count)) === "one" ? message.one : message.other;
};

export const makeTranslate = (locale: Locale): Translate => {
  const plural = new Intl.PluralRules(LOCALE_TAGS[locale]);
  const numbers = new Intl.NumberFormat(LOCALE_TAGS[locale]);
  return (key, ...rest) => {
    const values: Record<string, string | number> = rest[0] ?? {};
    return pick(catalogues[locale][key], plural, values.count).replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name];
      return typeof value === "number" ? numbers.format(value) : (value ?? "");
    });
  };
};
