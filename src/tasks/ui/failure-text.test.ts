import { expect, test } from "vitest";
import { makeTranslate } from "../../i18n/translate";
import { failureOf } from "./failure-text";

const zh = makeTranslate("zh");

test("the exception is found below the worker's sentence", () => {
  const message =
    'The program ended with exit code 1. Its last 3 lines on stderr:\nTraceback (most recent call last):\n  File "train.py", line 3\nValueError: bad lr\n';
  expect(failureOf(makeTranslate("en"), message)).toEqual({
    sentence: "The program ended with exit code 1.",
    cause: "ValueError: bad lr",
    tail: 'Traceback (most recent call last):\n  File "train.py", line 3\nValueError: bad lr',
  });
});

test.each([
  "The program ended with exit code 137, as after SIGKILL.",
  "The program was killed by SIGSEGV (it touched memory that is not its own).",
  "The program was killed because memory ran out (by SIGKILL).",
  "The program ran longer than its 60 seconds and was stopped.",
  "dependency task_1 failed",
])("%s is told in Chinese", (message) => {
  expect(failureOf(zh, message).sentence).toMatch(/\p{Script=Han}/u);
});

test("what a program or a client says itself stays as it is", () => {
  expect(failureOf(zh, "diverged")).toEqual({ sentence: "diverged", cause: null, tail: "" });
});
