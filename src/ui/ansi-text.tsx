// Terminal colours as the theme's colours.
import Anser from "anser";
import clsx from "clsx";

const ESCAPE = "\u001b[";
/** Moves of the cursor and the like mean nothing in a list of lines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with one
const NOT_COLOURS = /\u001b\[[0-9;?]*[A-Za-ln-z]|\u001b[()][A-Z0-9]|\u001b\][^\u0007]*(?:\u0007|\u001b\\)/g;

const COLOURS: Record<string, string> = {
  "ansi-red": "text-bad",
  "ansi-bright-red": "text-bad",
  "ansi-green": "text-ok",
  "ansi-bright-green": "text-ok",
  "ansi-yellow": "text-warn",
  "ansi-bright-yellow": "text-warn",
  "ansi-blue": "text-accent",
  "ansi-bright-blue": "text-accent",
  "ansi-magenta": "text-[var(--series-4)]",
  "ansi-bright-magenta": "text-[var(--series-4)]",
  "ansi-cyan": "text-[var(--series-3)]",
  "ansi-bright-cyan": "text-[var(--series-3)]",
  "ansi-bright-black": "text-ink-3",
};

export const AnsiText = ({ text }: { text: string }) => {
  if (!text.includes("\u001b")) return text;
  const coloured = text.replace(NOT_COLOURS, "");
  if (!coloured.includes(ESCAPE)) return coloured;
  return Anser.ansiToJson(coloured, { use_classes: true, remove_empty: true }).map((part, index) => (
    <span
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one line never change
      key={index}
      className={clsx(
        part.fg && COLOURS[part.fg],
        part.decorations.includes("bold") && "font-semibold",
        part.decorations.includes("dim") && "text-ink-3",
        part.decorations.includes("underline") && "underline",
      )}
    >
      {part.content}
    </span>
  ));
};
