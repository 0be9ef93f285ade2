// Which account an identity is: races that the routes cannot be made to lose.
import { expect, test } from "vitest";
import { getSql } from "../platform/db";
import { makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { accountOf } from "./identities";
import { listUsers } from "./users";

useTestServices({ SIGN_UP_DOMAINS: "lab.example" });

const identity = (subject: string, email: string | null, isVerified = true) => ({
  ...{ provider: "oidc:https://id.example.org", subject, email, isVerified },
});
const emailOf = (outcome: Awaited<ReturnType<typeof accountOf>>) =>
  outcome.kind === "account" ? outcome.user.email : outcome.why;

test("a server without an account makes none for whoever comes from a provider", async () => {
  expect(await accountOf(identity("first", "first@lab.example"))).toEqual({ kind: "refused", why: "UnknownEmail" });
  expect(await listUsers()).toEqual([]);
});

test("of many first sign-ins at once, of one subject with two addresses, all end at one account", async () => {
  const accounts = [await makeAccount(), await makeAccount()];
  for (let round = 0; round < 10; round++) {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) => accountOf(identity(`twice${round}`, accounts[index % 2]?.email ?? null))),
    );
    expect(new Set(outcomes.map(emailOf)).size).toBe(1);
    expect(accounts.map(({ email }) => email)).toContain(
      emailOf(outcomes[0] ?? { kind: "refused", why: "UnknownEmail" }),
    );
  }
});

test("of many first sign-ups at once one account is made, without a password", async () => {
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => accountOf(identity("new", "New@lab.example"))));
  expect(new Set(outcomes.map(emailOf))).toEqual(new Set(["new@lab.example"]));
  const rows = await getSql()`SELECT role, password_hash FROM users WHERE email = 'new@lab.example'`;
  expect([...rows]).toEqual([{ role: "member", password_hash: null }]);
});

test("the same subject at another provider is somebody else", async () => {
  const { email } = await makeAccount();
  expect(emailOf(await accountOf(identity("same", email)))).toBe(email);
  expect(emailOf(await accountOf({ ...identity("same", null), provider: "github" }))).toBe("NotVerified");
});
