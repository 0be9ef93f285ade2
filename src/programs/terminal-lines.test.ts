import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineAssembler, MAX_LINE_BYTES } from "./terminal-lines";

const linesOf = (chunks: Buffer[], maxBytes?: number): string[] => {
  const lines: string[] = [];
  const assembler = new LineAssembler(maxBytes);
  for (const chunk of chunks) assembler.push(chunk, (line) => lines.push(line));
  assembler.end((line) => lines.push(line));
  return lines;
};
/** In a regular expression with `u`, only halves of pairs are of this category. */
const LONE_SURROGATE = /\p{Cs}/u;
const linesOfText = (text: string) => linesOf([Buffer.from(text)]);

const cutAt = (bytes: Buffer, places: number[]): Buffer[] => {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...cuts].map((start, index) => bytes.subarray(start, cuts[index] ?? bytes.length));
};

/** Bytes that matter to the rules come often. */
const telling = fc.constantFrom(
  0x00,
  0x08,
  0x0a,
  0x0d,
  0x1b,
  0x5b,
  0x4b,
  0x6d,
  0x20,
  0x61,
  0xc3,
  0xa9,
  0xf0,
  0x9f,
  0x98,
  0x80,
  0xff,
);
const output = fc.array(fc.oneof(telling, fc.nat(255)), { maxLength: 300 }).map((bytes) => Buffer.from(bytes));

describe("any bytes", () => {
  test("the pieces in which they come make no difference", () => {
    fc.assert(
      fc.property(output, fc.array(fc.nat(300)), fc.constantFrom(5, 16, MAX_LINE_BYTES), (bytes, places, maxBytes) => {
        expect(linesOf(cutAt(bytes, places), maxBytes)).toEqual(linesOf([bytes], maxBytes));
      }),
      { numRuns: 2000 },
    );
  });

  test("become text that PostgreSQL stores: well-formed and without NUL or newline", () => {
    fc.assert(
      fc.property(output, (bytes) => {
        for (const line of linesOf([bytes])) {
          expect(line).not.toMatch(LONE_SURROGATE);
          expect(line).not.toMatch(/[\0\n]/);
        }
      }),
    );
  });

  test("without returns and backspaces become the same text as decoding all at once and splitting", () => {
    const calm = output.map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0d && byte !== 0x08)));
    fc.assert(
      fc.property(calm, fc.array(fc.nat(300)), (bytes, places) => {
        const whole = bytes.toString("utf8").replaceAll("\0", "␀").split("\n");
        if (whole.at(-1) === "") whole.pop();
        expect(linesOf(cutAt(bytes, places))).toEqual(whole);
      }),
    );
  });

  test("never make a line longer than its limit and the note of what was cut", () => {
    fc.assert(
      fc.property(output, fc.integer({ min: 4, max: 40 }), (bytes, maxBytes) => {
        for (const line of linesOf([bytes], maxBytes))
          expect(Buffer.byteLength(line.replace(/ … \[[\d,]+ bytes cut\]$/, ""))).toBeLessThanOrEqual(maxBytes);
      }),
    );
  });
});

describe("a line", () => {
  test("ends at a newline, also at one after a return", () => {
    expect(linesOfText("a\nb\r\nc\r\r\n\nd")).toEqual(["a", "b", "c", "", "d"]);
  });

  test("shows what a terminal shows after returns: new text over old", () => {
    expect(linesOfText("  5%|#    |\r 50%|##   |\r100%|#####|\n")).toEqual(["100%|#####|"]);
    expect(linesOfText("longer text\rnew\n")).toEqual(["newger text"]);
    expect(linesOfText("abc\b\bX\n")).toEqual(["aXc"]);
    expect(linesOfText("old text\r\u001b[Knew\n")).toEqual(["new"]);
    expect(linesOfText("old text\r\u001b[2Knew\n")).toEqual(["new"]);
    expect(linesOfText("😀😀😀\rX\n")).toEqual(["X😀😀"]);
  });

  test("keeps its colours", () => {
    expect(linesOfText("\u001b[31mred\u001b[0m\n")).toEqual(["\u001b[31mred\u001b[0m"]);
    expect(linesOfText("xxx\r\u001b[31mred\u001b[0m\n")).toEqual(["\u001b[31mred\u001b[0m"]);
  });

  test("says how many bytes were cut, and is never cut inside a character", () => {
    expect(linesOfText(`${"x".repeat(MAX_LINE_BYTES + 1234)}\nnext`)).toEqual([
      `${"x".repeat(MAX_LINE_BYTES)} … [1,234 bytes cut]`,
      "next",
    ]);
    expect(linesOf([Buffer.from("ééé\n")], 5)).toEqual(["éé … [2 bytes cut]"]);
  });

  test("shows replacements for what is no text", () => {
    expect(linesOf([Buffer.from([0x61, 0xff, 0x00, 0xe2, 0x82])])).toEqual(["a\uFFFD␀\uFFFD"]);
  });

  test("can be seen before it ends, and is whole when it has", () => {
    const assembler = new LineAssembler();
    const lines: string[] = [];
    const take = (line: string) => lines.push(line);
    assembler.push(Buffer.from("10%\r20"), take);
    expect(assembler.open).toBe("20%");
    assembler.push(Buffer.from("%\r30%\n"), take);
    expect([assembler.open, assembler.isOpen, lines]).toEqual(["", false, ["30%"]]);
  });
});

test("an endless line takes no more memory than it may keep", () => {
  const assembler = new LineAssembler();
  const chunk = Buffer.alloc(65_536, "x");
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 2000; i++) assembler.push(chunk, () => {});
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10e6);
  expect(assembler.open).toMatch(/131,055,616 bytes cut\]$/);
});
