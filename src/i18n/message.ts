/** A text with `{name}`s; with two forms where the language tells one from many. */
export type Message = string | { readonly one: string; readonly other: string };

export type Catalogue<Key extends string> = Readonly<Record<Key, Message>>;
