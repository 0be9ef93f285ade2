import fc from "fast-check";
import { expect, test } from "vitest";
import { joinArguments, splitArguments } from "./arguments";

test.each([
  ["python train.py {params}", ["python", "train.py", "{params}"]],
  ["  a   b ", ["a", "b"]],
  ['echo \'two words\' "and \\"these\\""', ["echo", "two words", 'and "these"']],
  ["--name=''", ["--name="]],
  ["a\\ b", ["a b"]],
  ["", []],
])("%j is split into %j", (line, args) => {
  expect(splitArguments(line)).toEqual({ args });
});

test("a quote that is not closed is said", () => {
  expect(splitArguments("echo 'x")).toEqual({ unclosed: "'" });
});

test("joined arguments are split into the same ones", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 8 }), (args) => {
      expect(splitArguments(joinArguments(args))).toEqual({ args });
    }),
  );
});
