// A command line as people type it, to and from the list of arguments that is stored. No shell takes part.

export type SplitResult = { args: string[] } | { unclosed: "'" | '"' };

/** Splits at spaces; quotes keep spaces together, a backslash takes the next character as it is (not within single quotes). */
export const splitArguments = (line: string): SplitResult => {
  const args: string[] = [];
  let current: string | null = null;
  let quote: "'" | '"' | null = null;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? "";
    if (char === "\\" && quote !== "'" && at + 1 < line.length) current = (current ?? "") + line[++at];
    else if (quote !== null && char === quote) quote = null;
    else if (quote === null && (char === "'" || char === '"')) {
      quote = char;
      current ??= "";
    } else if (quote === null && /\s/.test(char)) {
      if (current !== null) args.push(current);
      current = null;
    } else current = (current ?? "") + char;
  }
  if (quote !== null) return { unclosed: quote };
  if (current !== null) args.push(current);
  return { args };
};

const quoted = (arg: string): string => (/^[\w@%+=:,./{}-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`);

export const joinArguments = (args: string[]): string => args.map(quoted).join(" ");
