import fc from "fast-check";
import { expect, test } from "vitest";
import { findUnsafe } from "./json-safety";

const problem = (text: string): string | undefined => findUnsafe(JSON.parse(text), text)?.details[0]?.path;
const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`;

test.each([
  ['{"config": {"lr": 1e400}}', "config.lr"],
  ['{"config": {"seed": 9007199254740993}}', "config.seed"],
  ['{"config": {"seed": -9007199254740993}}', "config.seed"],
  ['{"config": {"list": [1, {"name": "a\\u0000b"}]}}', "config.list[1].name"],
  ['{"config": {"name": "\\ud800"}}', "config.name"],
  ['{"config": {"name": "\\udc00 alone"}}', "config.name"],
  ['{"tasks": [{"config": {"a\\u0000": 1}}]}', "tasks[0].config.a\\u0000"],
])("%s names %s", (text, path) => {
  expect(problem(text)).toBe(path);
});

test("±2^53 itself may be, the whole numbers next to it may not", () => {
  expect(problem('{"config": {"a": 9007199254740992, "b": -9007199254740992}}')).toBeUndefined();
  expect(problem('{"config": {"a": 1, "b": 9007199254740993}}')).toBe("config.b");
  expect(problem('{"config": {"a": -9007199254740994}}')).toBe("config.a");
  expect(problem('{"tasks": [{"config": {"a": [9007199254740993]}}]}')).toBe("tasks[0].config.a[0]");
  expect(problem('{"queues": [{"parameters": {"a": 1e3, "b": 18014398509481984}}]}')).toBe("queues[0].parameters.b");
});

test("outside of what comes back as it was given, any finite number may be", () => {
  for (const text of ['{"created_at": 9007199254740993}', '{"tasks": [{"surprise": {"config": 9007199254740993}}]}'])
    expect(problem(text)).toBeUndefined();
});

test("64 levels may be, 65 may not", () => {
  expect(problem(nested(64, "[", "]"))).toBeUndefined();
  expect(problem(nested(65, "[", "]"))).toBeDefined();
  expect(problem(nested(64, '{"a":', "}"))).toBeUndefined();
  expect(problem(nested(65, '{"a":', "}"))).toBeDefined();
});

test("large numbers with a fraction or an exponent, long digits in text, and surrogate pairs are fine", () => {
  for (const text of [
    '{"a": 1e300}',
    '{"a": 12345678901234567890.5}',
    '{"a": "9007199254740993"}',
    '{"a": "😀"}',
    '{"a": 9007199254740991}',
  ])
    expect(problem(text)).toBeUndefined();
});

test("whatever is let through comes back equal", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value);
      const parsed: unknown = JSON.parse(text);
      if (findUnsafe(parsed, text) === null) expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed);
    }),
  );
});
