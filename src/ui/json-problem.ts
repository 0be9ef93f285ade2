// Where a JSON text is wrong, and how: browsers disagree on both, and say it for programmers.

export type JsonProblem = { line: number; column: number; reason: JsonReason; near: string };
export type JsonReason =
  | "empty"
  | "trailingComma"
  | "missingComma"
  | "missingColon"
  | "missingValue"
  | "keyNeedsQuotes"
  | "singleQuotes"
  | "unclosedText"
  | "badEscape"
  | "unclosed"
  | "comment"
  | "pythonWord"
  | "notFinite"
  | "badNumber"
  | "unsafeNumber"
  | "duplicateKey"
  | "extra"
  | "notObject"
  | "tooDeep"
  | "unknown";

type Found = { value: { [key: string]: unknown } } | { problem: JsonProblem };

/** As the server: JSON nested deeper than this is refused. */
const MAX_DEPTH = 64;

class Trouble extends Error {
  constructor(
    readonly at: number,
    readonly reason: JsonReason,
  ) {
    super(reason);
  }
}

const WORD = /[A-Za-z_]\w*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?(?![\w.+-])/y;
const NUMBER_LIKE = /[-+.\d][\w.+-]*/y;

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

/** Walks through the text once; throws at the first thing that JSON does not allow. */
const check = (text: string): void => {
  let at = 0;

  const space = () => {
    while (/\s/.test(text[at] ?? "")) at++;
    if (text.startsWith("//", at) || text.startsWith("/*", at) || text[at] === "#") throw new Trouble(at, "comment");
  };

  const string = () => {
    const start = at;
    at++;
    for (; at < text.length; at++) {
      const char = text[at] ?? "";
      if (char === '"') {
        at++;
        return text.slice(start, at);
      }
      if (char === "\n") throw new Trouble(start, "unclosedText");
      if (char < " ") throw new Trouble(at, "badEscape");
      if (char !== "\\") continue;
      if (!/^(["\\/bfnrt]|u[\da-fA-F]{4})/.test(text.slice(at + 1, at + 6))) throw new Trouble(at, "badEscape");
      at++;
    }
    throw new Trouble(start, "unclosedText");
  };

  const word = () => {
    const found = matchAt(WORD, text, at)?.[0] ?? "";
    if (["true", "false", "null"].includes(found)) at += found.length;
    else if (["True", "False", "None"].includes(found)) throw new Trouble(at, "pythonWord");
    else throw new Trouble(at, ["NaN", "Infinity", "inf", "nan"].includes(found) ? "notFinite" : "missingValue");
  };

  const number = () => {
    const found = matchAt(NUMBER, text, at);
    if (!found) throw new Trouble(at, /^-(Infinity|inf|nan)/i.test(text.slice(at)) ? "notFinite" : "badNumber");
    if (!Number.isFinite(Number(found[0]))) throw new Trouble(at, "notFinite");
    if (!found[1] && !found[2] && !Number.isSafeInteger(Number(found[0]))) throw new Trouble(at, "unsafeNumber");
    at += found[0].length;
  };

  /** What stands between two entries. @returns whether there is another one */
  const next = (close: string, open: number): boolean => {
    space();
    if (text[at] === close) {
      at++;
      return false;
    }
    if (at >= text.length) throw new Trouble(open, "unclosed");
    if (text[at] !== ",") throw new Trouble(at, "missingComma");
    const comma = at++;
    space();
    if (text[at] === close) throw new Trouble(comma, "trailingComma");
    return true;
  };

  const object = (depth: number) => {
    const open = at++;
    const keys = new Set<string>();
    space();
    if (text[at] === "}") {
      at++;
      return;
    }
    do {
      space();
      if (at >= text.length) throw new Trouble(open, "unclosed");
      if (text[at] === "'") throw new Trouble(at, "singleQuotes");
      if (text[at] !== '"') throw new Trouble(at, "keyNeedsQuotes");
      const keyAt = at;
      const key = string();
      if (keys.has(key)) throw new Trouble(keyAt, "duplicateKey");
      keys.add(key);
      space();
      if (text[at] !== ":") throw new Trouble(at, "missingColon");
      at++;
      value(depth + 1);
    } while (next("}", open));
  };

  const array = (depth: number) => {
    const open = at++;
    space();
    if (text[at] === "]") {
      at++;
      return;
    }
    do value(depth + 1);
    while (next("]", open));
  };

  const value = (depth: number): void => {
    space();
    const char = text[at] ?? "";
    if (depth > MAX_DEPTH) throw new Trouble(at, "tooDeep");
    if (char === "") throw new Trouble(Math.max(0, text.trimEnd().length - 1), "missingValue");
    if (char === "{") object(depth);
    else if (char === "[") array(depth);
    else if (char === '"') string();
    else if (char === "'") throw new Trouble(at, "singleQuotes");
    else if (matchAt(NUMBER_LIKE, text, at)) number();
    else word();
  };

  space();
  if (at >= text.length) throw new Trouble(0, "empty");
  const start = at;
  value(0);
  space();
  if (at < text.length) throw new Trouble(at, "extra");
  if (text[start] !== "{") throw new Trouble(start, "notObject");
};

const place = (text: string, at: number, reason: JsonReason): JsonProblem => {
  const before = text.slice(0, at);
  return {
    line: before.split("\n").length,
    column: at - before.lastIndexOf("\n"),
    reason,
    near: (text.slice(at).split("\n")[0] ?? "").slice(0, 24),
  };
};

/** Reads a config. @returns the object, or the first problem with its line and column, both from 1 */
export const readJsonObject = (text: string): Found => {
  try {
    check(text);
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof Trouble) return { problem: place(text, error.at, error.reason) };
    if (error instanceof SyntaxError) return { problem: place(text, 0, "unknown") };
    throw error;
  }
};
