import { expect, test } from "vitest";
import { readArguments } from "./cli-arguments";

test("the program and its arguments stand after --, whatever they look like", () => {
  const asked = readArguments(
    "driver run -u digits/mlp -c 2 --until-empty -- python train.py --unit x {params}".split(" "),
  );
  expect(asked).toEqual({
    kind: "run",
    run: {
      unit: "digits/mlp",
      url: undefined,
      name: undefined,
      concurrency: 2,
      create: false,
      untilEmpty: true,
      graceMs: 10_000,
      command: ["python", "train.py", "--unit", "x", "{params}"],
    },
  });
});

test.each([
  ["driver run -- true", "unit"],
  ["driver run -u a/b", "program"],
  ["driver run -u a/b --speed 3 -- true", "--speed"],
  ["driver run -u a/b -c none -- true", "whole number"],
  ["drive", "drive"],
])("%s is refused with a sentence", (text, part) => {
  expect(readArguments(text.split(" "))).toEqual({ kind: "wrong", problem: expect.stringContaining(part) });
});
