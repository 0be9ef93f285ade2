// PURE. Bytes of a program's output → the lines that a terminal would show.

/** Engine: a line is cut at 16 KiB. */
export const MAX_LINE_BYTES = 16 * 1024;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BACKSPACE = 0x08;

/** Length of the part that does not end inside a UTF-8 character. */
const wholeCharacters = (bytes: Buffer): number => {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
};

/** Colours and cursor moves: ESC [ parameters, then a letter. */
const ESC = "\u001b";
const ESCAPE = new RegExp(`${ESC}\\[[0-9;?]*[ -/]*([@-~])`, "y");

/** One line of a terminal: `\r` goes back to its start, `\b` one back, and what is written there replaces what stood there. */
class TerminalLine {
  #cells: string[] = [];
  #cursor = 0;
  /** colours that apply from the next character on */
  #colours = "";

  write(text: string): void {
    for (let at = 0; at < text.length; ) {
      ESCAPE.lastIndex = at;
      const sequence = ESCAPE.exec(text);
      if (sequence !== null) {
        this.#obey(sequence[0], sequence[1] ?? "");
        at += sequence[0].length;
        continue;
      }
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      at += character.length;
      if (character === "\b") {
        this.#cursor = Math.max(0, this.#cursor - 1);
        continue;
      }
      while (this.#cells.length < this.#cursor) this.#cells.push(" ");
      this.#cells[this.#cursor++] = this.#colours + character;
      this.#colours = "";
    }
  }

  return(): void {
    this.#cursor = 0;
  }

  copy(): TerminalLine {
    const copy = new TerminalLine();
    copy.#cells = [...this.#cells];
    copy.#cursor = this.#cursor;
    copy.#colours = this.#colours;
    return copy;
  }

  get text(): string {
    return this.#cells.join("") + this.#colours;
  }

  /** `K` erases to the end of the line (`2K`: all of it), `m` colours; other moves mean nothing in a log. */
  #obey(sequence: string, command: string): void {
    if (command === "m" && this.#colours.length < 200) this.#colours += sequence;
    if (command !== "K") return;
    this.#cells.length = sequence === `${ESC}[2K` ? 0 : Math.min(this.#cells.length, this.#cursor);
  }
}

const cutNote = (bytes: number): string => ` … [${bytes.toLocaleString("en-US")} bytes cut]`;

/**
 * Takes the bytes of one stream in pieces of any size and gives whole lines; the pieces make no difference.
 *
 * Invalid UTF-8 becomes U+FFFD, NUL becomes U+2400, `\r` and `\b` fold like on a terminal, `\r\n` ends a line like `\n`.
 * A line keeps its first `maxBytes` and says how many more there were.
 */
export class LineAssembler {
  /** bytes since the last newline or return, never more than maxBytes */
  #parts: Buffer[] = [];
  #length = 0;
  #cut = 0;
  /** set once the line has gone back to its start */
  #terminal: TerminalLine | null = null;
  /** A return was the last byte: before a newline it means nothing. */
  #returned = false;

  constructor(readonly maxBytes: number = MAX_LINE_BYTES) {}

  push(chunk: Buffer, take: (line: string) => void): void {
    const isPlain = !chunk.includes(RETURN) && !chunk.includes(BACKSPACE);
    for (let start = 0; start < chunk.length; ) {
      const newline = chunk.indexOf(NEWLINE, start);
      const end = newline === -1 ? chunk.length : newline;
      if (isPlain && newline !== -1 && this.#isClean && end - start <= this.maxBytes) {
        take(this.#finish(chunk.toString("utf8", start, end), 0));
      } else {
        this.#addWithReturns(chunk.subarray(start, end));
        if (newline === -1) return;
        take(this.#takeLine());
      }
      start = newline + 1;
    }
  }

  /** Whether a line is unfinished. */
  get isOpen(): boolean {
    return this.#length > 0 || this.#terminal !== null;
  }

  /** Whether the unfinished line is longer than what is kept of it: what comes now changes only the number in its note. */
  get isCut(): boolean {
    return this.#cut > 0;
  }

  /** The unfinished line as a terminal shows it now, empty when there is none. */
  get open(): string {
    return this.#shown(this.#terminal?.copy() ?? null);
  }

  /** At the end of the stream the unfinished line is one too. */
  end(take: (line: string) => void): void {
    const line = this.#takeLine();
    if (line !== "") take(line);
  }

  get #isClean(): boolean {
    return this.#length === 0 && this.#terminal === null && !this.#returned && this.#cut === 0;
  }

  #takeLine(): string {
    const line = this.#shown(this.#terminal);
    this.#terminal = null;
    this.#startAnew();
    return line;
  }

  #shown(terminal: TerminalLine | null): string {
    const { text, cut } = this.#decode();
    if (terminal === null && !text.includes("\b")) return this.#finish(text, cut);
    const shown = terminal ?? new TerminalLine();
    shown.write(text);
    return this.#finish(shown.text, cut);
  }

  #finish(text: string, cut: number): string {
    const storable = text.includes("\0") ? text.replaceAll("\0", "\u2400") : text;
    // Replaced characters are longer than the bytes that they stand for.
    if (storable.length * 3 <= this.maxBytes || Buffer.byteLength(storable) <= this.maxBytes)
      return cut === 0 ? storable : storable + cutNote(cut);
    const bytes = Buffer.from(storable);
    const kept = wholeCharacters(bytes.subarray(0, this.maxBytes));
    return bytes.toString("utf8", 0, kept) + cutNote(cut + bytes.length - kept);
  }

  #addWithReturns(bytes: Buffer): void {
    for (let start = 0; start < bytes.length; ) {
      if (this.#returned) this.#goBack();
      const found = bytes.indexOf(RETURN, start);
      this.#add(bytes.subarray(start, found === -1 ? bytes.length : found));
      if (found === -1) return;
      this.#returned = true;
      start = found + 1;
    }
  }

  #add(bytes: Buffer): void {
    const kept = bytes.subarray(0, this.maxBytes - this.#length);
    // Copied: a small rest would otherwise keep its whole chunk alive.
    if (kept.length > 0) this.#parts.push(Buffer.from(kept));
    this.#length += kept.length;
    this.#cut += bytes.length - kept.length;
  }

  #goBack(): void {
    this.#terminal ??= new TerminalLine();
    this.#terminal.write(this.#decode().text);
    this.#terminal.return();
    this.#startAnew();
  }

  #startAnew(): void {
    this.#parts = [];
    this.#length = 0;
    this.#cut = 0;
    this.#returned = false;
  }

  #decode(): { text: string; cut: number } {
    const bytes = Buffer.concat(this.#parts);
    const length = this.#cut === 0 ? bytes.length : wholeCharacters(bytes);
    return { text: bytes.toString("utf8", 0, length), cut: this.#cut + bytes.length - length };
  }
}
