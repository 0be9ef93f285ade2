import { expect, test } from "vitest";
import { makeFormat } from "./format";

const format = makeFormat("en");

test.each([
  [0.42, "0.4s"],
  [12, "12s"],
  [130, "2m 10s"],
  [3600, "1h"],
  [90_061, "1d 1h"],
])("%s seconds are written %s", (seconds, text) => {
  expect(format.duration(seconds)).toBe(text);
});

test("a ticking duration has no tenths and is never negative", () => {
  expect(format.duration(3.7, true)).toBe("3s");
  expect(format.duration(-2, true)).toBe("0s");
});

test.each([
  [0.93123456, "0.9312"],
  [0.000012, "1.2E-5"],
  [3, "3"],
  [1234.5678, "1,235"],
])("the metric %s is written %s", (value, text) => {
  expect(format.metric(value)).toBe(text);
});

test.each([
  [0, "0B"],
  [999, "999B"],
  [8192, "8.2kB"],
  [9_990_000, "10MB"],
  [1_234_567_890, "1.2GB"],
])("%s bytes are written %s", (bytes, text) => {
  expect(format.bytes(bytes)).toBe(text);
});

test("times are relative up to a week, then a date", () => {
  const now = Date.parse("2026-11-25T12:00:00Z");
  expect(format.relative("2026-11-25T11:57:00Z", now)).toBe("3m ago");
  expect(format.relative("2026-11-01T12:00:00Z", now)).toMatch(/2026/);
  expect(makeFormat("zh").relative("2026-11-25T11:57:00Z", now)).toBe("3分钟前");
});

test("the second line of a time is UTC", () => {
  expect(format.utc("2026-11-25T08:00:00.123Z")).toBe("2026-11-25 08:00:00 UTC");
});
