import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { getEnv } from "../platform/env";
import { useTestServices } from "../testing/services";
import { newSecret, openSecret, sealSecret, taskSecret } from "./secret-box";
import { signedHeaders } from "./signature";

useTestServices();

test("signs as the example of Standard Webhooks says", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  expect(signedHeaders("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}', [secret])).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

test("the README's receiver takes what is signed so, and nothing else", async () => {
  const code = readFileSync("README.md", "utf8")
    .split(/```(\w*)\n/)
    .find((part) => part.includes("export const isFromMLQueue"));
  if (!code) throw new Error("The README shows no receiver.");
  const secret = newSecret();
  process.env.WEBHOOK_SECRET = secret;
  const { isFromMLQueue } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  delete process.env.WEBHOOK_SECRET;
  const now = Math.floor(Date.now() / 1000);
  const good = signedHeaders("evt_1", now, "{}", [newSecret(), secret]);
  expect(isFromMLQueue(good, "{}")).toBe(true);
  expect(isFromMLQueue(good, "{ }")).toBe(false);
  expect(isFromMLQueue({ ...good, "webhook-id": "evt_2" }, "{}")).toBe(false);
  expect(isFromMLQueue({}, "{}")).toBe(false);
  expect(isFromMLQueue(signedHeaders("evt_1", now, "{}", [newSecret()]), "{}")).toBe(false);
  expect(isFromMLQueue(signedHeaders("evt_1", now - 600, "{}", [secret]), "{}")).toBe(false);
});

const key = getEnv().WEBHOOK_SECRET_KEY;
afterEach(() => {
  getEnv().WEBHOOK_SECRET_KEY = key;
});

test("a secret has 32 random bytes, is kept encrypted, each time differently, and comes back", () => {
  const secret = newSecret();
  expect(Buffer.from(secret.replace("whsec_", ""), "base64")).toHaveLength(32);
  const sealed = [sealSecret(secret, "hook_1"), sealSecret(secret, "hook_1")];
  expect(new Set(sealed).size).toBe(2);
  for (const text of sealed) {
    expect(Buffer.from(text, "base64").includes(secret)).toBe(false);
    expect(openSecret(text, "hook_1")).toBe(secret);
  }
});

test("it does not open for another endpoint, with another key, or changed in any bit", () => {
  const sealed = sealSecret(newSecret(), "hook_1");
  expect(() => openSecret(sealed, "hook_2")).toThrow();
  fc.assert(
    fc.property(fc.nat(Buffer.from(sealed, "base64").length * 8 - 1), (bit) => {
      const bytes = Buffer.from(sealed, "base64");
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => openSecret(bytes.toString("base64"), "hook_1")).toThrow();
    }),
  );
  for (const text of ["", "AQ==", sealed.slice(0, 20)]) expect(() => openSecret(text, "hook_1")).toThrow();
  getEnv().WEBHOOK_SECRET_KEY = "another key";
  expect(() => openSecret(sealed, "hook_1")).toThrow();
});

test("the secret of tasks' own addresses is the account's, the same each time, and another one under another key", () => {
  const mine = taskSecret("user_1");
  expect(mine).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(taskSecret("user_1")).toBe(mine);
  expect(taskSecret("user_2")).not.toBe(mine);
  getEnv().WEBHOOK_SECRET_KEY = "another key";
  expect(taskSecret("user_1")).not.toBe(mine);
});
