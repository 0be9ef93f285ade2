import { expect, test } from "vitest";
import { sameOriginUrl, withoutBadCallbackCookie, withoutBadCallbackUrl } from "./callback-url";

const base = "http://localhost:8080";

test.each([
  ["/tasks/1?a=b#c", `${base}/tasks/1?a=b#c`],
  [`${base}/tasks`, `${base}/tasks`],
  ["https://evil.example/x", base],
  ["//evil.example/x", base],
  ["/\\evil.example", base],
  ["javascript:alert(1)", base],
  ["http://[", base],
  ["", `${base}/`],
])("after signing in, %j leads to %s", (url, expected) => {
  expect(sameOriginUrl(url, base)).toBe(expected);
});

test("a callback URL that is no address is left out of the request", () => {
  expect(withoutBadCallbackUrl("/api/auth/signin?callbackUrl=%2Ftasks&a=1")).toBe(
    "/api/auth/signin?callbackUrl=%2Ftasks&a=1",
  );
  expect(withoutBadCallbackUrl("/api/auth/signin?a=1&callbackUrl=nonsense")).toBe("/api/auth/signin?a=1");
  expect(withoutBadCallbackUrl("/api/auth/signin?callbackUrl=javascript:1")).toBe("/api/auth/signin?");
  expect(withoutBadCallbackCookie("a=1; next-auth.callback-url=%E0%A4%A; b=2")).toBe("a=1; b=2");
  expect(withoutBadCallbackCookie("a=1; __Secure-next-auth.callback-url=http%3A%2F%2Fx%2F")).toBe(
    "a=1; __Secure-next-auth.callback-url=http%3A%2F%2Fx%2F",
  );
});
