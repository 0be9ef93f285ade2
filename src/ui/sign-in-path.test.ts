import { expect, test } from "vitest";
import { safeReturnPath, signInPath } from "./sign-in-path";

test.each([
  ["/tasks?status=failed", "/tasks?status=failed"],
  [null, "/"],
  ["", "/"],
  ["https://elsewhere.example/", "/"],
  ["//elsewhere.example/x", "/"],
  ["/\\elsewhere.example", "/"],
  ["/\t/elsewhere.example", "/"],
  ["javascript:alert(1)", "/"],
])("after the sign-in, %j leads to %s", (from, path) => {
  expect(safeReturnPath(from)).toBe(path);
});

test("the way back survives the address", () => {
  const path = signInPath("/tasks?q=a&b");
  expect(new URL(path, "http://x").searchParams.get("from")).toBe("/tasks?q=a&b");
});
