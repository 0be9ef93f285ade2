// API keys, JWTs and passwords.
import { SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { getEnv } from "../platform/env";
import { refusalIn, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { createKey, registerKey } from "./api-keys";
import { isMistyped, keyedHash, keyedHashes, newApiKey, plainHash } from "./key-text";
import { createSignIn, endSignIn, isSignInLive, verifyPassword } from "./sign-in";

useTestServices({ JWT_EXPIRY_HOURS: "2", API_KEY_SECRET: "a-newer-secret, a-secret-for-tests-only" });
const { call } = useHttpServer();

let account: Account;
beforeAll(async () => {
  account = await makeAccount();
});

const whoIs = (key: string) => call("GET", "/v1/tasks?limit=1", { key });

describe("API keys", () => {
  test("those that we make look like mlq_…", () => {
    expect(newApiKey()).toMatch(/^mlq_[A-Za-z0-9]{46}$/);
    expect(newApiKey()).not.toBe(newApiKey());
  });

  test("one with a wrong letter, or with two that changed places, is refused without a look-up", async () => {
    const { key } = await createKey(account.userId, { name: "typed", scopes: ["read"] });
    expect((await whoIs(key)).status).toBe(200);
    const wrong = [
      ...Array.from(
        { length: 46 },
        (_, at) => key.slice(0, at + 4) + (key[at + 4] === "x" ? "y" : "x") + key.slice(at + 5),
      ),
      ...Array.from({ length: 45 }, (_, at) => key.slice(0, at + 4) + key[at + 5] + key[at + 4] + key.slice(at + 6)),
    ].filter((text) => text !== key);
    expect(wrong.filter((text) => !isMistyped(text))).toEqual([]);
    // A row that a look-up would find.
    const [mistyped = ""] = wrong;
    await getSql()`
      INSERT INTO api_keys (id, user_id, name, hash, prefix, scopes)
      VALUES ('key_mistyped', ${account.userId}, 'n', ${keyedHash(mistyped)}, 'mlq_', '{read}')`;
    expect(refusalIn(await whoIs(mistyped))).toMatchObject({ status: 401, code: "INVALID_TOKEN" });
    // Those from before the checksum are shorter.
    expect(isMistyped(key.slice(0, -6))).toBe(false);
  });

  test("one that was kept as a plain hash works, and is kept keyed from its first use an hour after the migration", async () => {
    const old = `mlq_${"o".repeat(40)}`;
    const rowOf = async () =>
      (await getSql()<{ hash: string }[]>`SELECT hash FROM api_keys WHERE id = 'key_old'`)[0]?.hash;
    await getSql()`
      INSERT INTO api_keys (id, user_id, name, hash, prefix, scopes)
      VALUES ('key_old', ${account.userId}, 'old one', ${plainHash(old)}, 'mlq_oooo', '{read}')`;
    expect((await whoIs(old)).status).toBe(200);
    expect(await registerKey({ userId: account.userId, key: old, name: "again" })).toBe("present");
    // Until then a server of the version before may look it up.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await rowOf()).toBe(plainHash(old));
    await getSql()`UPDATE api_keys SET keyed_after = now() WHERE id = 'key_old'`;
    await expect
      .poll(async () => [(await whoIs(old)).status, await rowOf()], { timeout: 5000, interval: 200 })
      .toEqual([200, keyedHash(old)]);
    expect(await registerKey({ userId: account.userId, key: old, name: "again" })).toBe("present");
    expect(await registerKey({ userId: (await makeAccount()).userId, key: old, name: "stolen" })).toBe("taken");
  });

  test("any visible text up to 200 characters works once it is registered, also one that looks like a JWT", async () => {
    for (const key of [
      "x",
      "test-key-123",
      "a.b.c",
      "eyJhbGciOiJIUzI1NiJ9.e30.x",
      "~!@#$%^&*()_+{}|:<>?",
      "k".repeat(200),
    ]) {
      expect(refusalIn(await whoIs(key))).toMatchObject({ status: 401, code: "INVALID_TOKEN" });
      expect(await registerKey({ userId: account.userId, key, name: "given" })).toBe("registered");
      expect((await whoIs(key)).status).toBe(200);
      expect(await registerKey({ userId: account.userId, key, name: "given" })).toBe("present");
    }
    expect(await registerKey({ userId: (await makeAccount()).userId, key: "test-key-123", name: "stolen" })).toBe(
      "taken",
    );
  });

  test("are kept as a hash alone", async () => {
    const rows = await getSql()`SELECT * FROM api_keys WHERE user_id = ${account.userId}`;
    expect(JSON.stringify(rows)).not.toContain(account.key);
    expect(JSON.stringify(rows)).not.toContain(plainHash(account.key));
  });

  test("one that has expired is refused", async () => {
    const key = newApiKey();
    await registerKey({ userId: account.userId, key, name: "old" });
    await getSql()`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE name = 'old'`;
    expect(refusalIn(await whoIs(key))).toMatchObject({ code: "INVALID_TOKEN" });
  });

  test("their last use is noted beside the request", async () => {
    await whoIs(account.key);
    await expect
      .poll(
        async () =>
          (await getSql()`SELECT last_used_at FROM api_keys WHERE user_id = ${account.userId} AND name = 'test'`)[0]
            ?.last_used_at,
      )
      .toBeInstanceOf(Date);
  });
});

test("after a change of API_KEY_SECRET keys work on while the old one is named, and are kept with the new one from their next use", async () => {
  const env = getEnv();
  expect(env.API_KEY_SECRET).toEqual(["a-newer-secret", "a-secret-for-tests-only"]);
  const old = `mlq_${"p".repeat(40)}`;
  const [, older] = keyedHashes(old);
  await getSql()`
    INSERT INTO api_keys (id, user_id, name, hash, prefix, scopes)
    VALUES ('key_older', ${account.userId}, 'older', ${older ?? ""}, 'mlq_pppp', '{read}')`;
  expect((await whoIs(old)).status).toBe(200);
  await expect
    .poll(async () => (await getSql()`SELECT hash FROM api_keys WHERE id = 'key_older'`)[0]?.hash)
    .toBe(keyedHash(old));
  expect(await registerKey({ userId: account.userId, key: old, name: "again" })).toBe("present");
});

describe("POST /v1/auth/token", () => {
  test("gives a JWT for an API key; it works as bearer until expires_at", async () => {
    const { status, json } = await call("POST", "/v1/auth/token", {
      key: account.key,
      headers: { "Content-Type": "application/json" },
    });
    expect([status, json.success]).toEqual([200, true]);
    expect((Date.parse(String(json.expires_at)) - Date.now()) / 3_600_000).toBeCloseTo(2, 1);
    expect((await whoIs(String(json.token))).status).toBe(200);
    const task = await call("POST", "/v1/tasks", { key: String(json.token), body: { name: "a", config: {} } });
    expect(task.json.user_id).toBe(account.userId);
  });

  test("a JWT gets no other JWT", async () => {
    const { json } = await call("POST", "/v1/auth/token", { key: account.key });
    expect(refusalIn(await call("POST", "/v1/auth/token", { key: String(json.token) }))).toMatchObject({
      status: 403,
      code: "FORBIDDEN",
    });
  });

  test("one that was changed, has expired, is signed with something else or with nothing is INVALID_TOKEN", async () => {
    const sign = (secret: string, expiresAt: number, sub: string | undefined = account.userId) => {
      const jwt = new SignJWT({ scopes: ["*"] }).setProtectedHeader({ alg: "HS256" }).setExpirationTime(expiresAt);
      return (sub === "" ? jwt : jwt.setSubject(sub)).sign(new TextEncoder().encode(secret));
    };
    const now = Math.floor(Date.now() / 1000);
    const good = await sign(getEnv().JWT_SECRET, now + 60);
    expect((await whoIs(good)).status).toBe(200);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(JSON.stringify({ sub: account.userId, exp: now + 60 })).toString("base64url")}.`;
    const wrong = [
      `${good}x`,
      good.slice(0, -2),
      unsigned,
      await sign(getEnv().JWT_SECRET, now - 1),
      await sign("another secret", now + 60),
      await sign(getEnv().JWT_SECRET, now + 60, "user_nope"),
      await sign(getEnv().JWT_SECRET, now + 60, ""),
    ];
    for (const token of wrong)
      expect(refusalIn(await whoIs(token))).toEqual({ status: 401, code: "INVALID_TOKEN", paths: [] });
  });
});

describe("passwords and sign-ins", () => {
  test("the right password signs in, whatever the case of the address", async () => {
    expect(await verifyPassword(account.email, account.password)).toEqual({
      userId: account.userId,
      email: account.email,
    });
    expect(await verifyPassword(` ${account.email.toUpperCase()} `, account.password)).not.toBeNull();
  });

  test("a wrong password, an unknown address, a NUL and a book are refused", async () => {
    expect(await verifyPassword(account.email, "wrong")).toBeNull();
    expect(await verifyPassword("nobody@example.org", account.password)).toBeNull();
    expect(await verifyPassword(`${account.email}\u0000`, account.password)).toBeNull();
    expect(await verifyPassword(account.email, "x".repeat(100_000))).toBeNull();
  });

  test("a sign-in is live until it is ended or has expired", async () => {
    const [ended, expired] = [await createSignIn(account.userId), await createSignIn(account.userId)];
    expect(await isSignInLive(ended)).toBe(true);
    await endSignIn(ended);
    await getSql()`UPDATE sign_ins SET expires_at = now() WHERE id = ${expired}`;
    expect([await isSignInLive(ended), await isSignInLive(expired), await isSignInLive("sid_nope")]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
