// What owners do about accounts, over tRPC: only they may, links work once, and the rest of the server is told as it is.
import { expect, test } from "vitest";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { type HttpAnswer, useHttpServer } from "../testing/http";
import { makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { acceptInvitation, invite } from "./invitations";
import { createSignIn, isSignInLive, verifyPassword } from "./sign-in";

useTestServices({ RATE_LIMIT_STANDARD: "76", RATE_LIMIT_PREMIUM: "77", TRASH_DAYS: "9" });
const { call } = useHttpServer();

const data = (answer: HttpAnswer) => (answer.json.result as { data: JsonObject }).data;
const asOwner = async () => {
  const { key, userId } = await makeAccount("owner");
  return {
    userId,
    key,
    ask: async (path: string) => data(await call("GET", `/api/trpc/admin.${path}`, { key })),
    tell: (path: string, body: JsonObject) => call("POST", `/api/trpc/admin.${path}`, { key, body }),
  };
};
const readWith = async (key: string) => (await call("GET", "/v1/tasks?limit=1", { key })).status;

test("members and viewers are told that only an owner may", async () => {
  for (const role of ["member", "viewer"] as const) {
    const { key } = await makeAccount(role);
    for (const path of ["accounts.list", "queues", "limits", "retention", "health"]) {
      const answer = await call("GET", `/api/trpc/admin.${path}`, { key });
      expect([answer.status, JSON.stringify(answer.json)]).toEqual([403, expect.stringContaining("only an owner may")]);
    }
  }
});

test("an account is added with a password, or with a link that sets one once", async () => {
  const { ask, tell } = await asOwner();
  const withPassword = data(await tell("accounts.add", { email: "Ada@Example.org", password: "long enough" }));
  expect(withPassword).toMatchObject({ user: { email: "ada@example.org", role: "member" }, invitation: null });
  expect(await verifyPassword("ada@example.org", "long enough")).not.toBeNull();
  const invited = data(await tell("accounts.add", { email: "bob@example.org", role: "viewer", tier: "premium" }));
  const { token } = invited.invitation as { token: string };
  const { userId } = invited.user as { userId: string };
  const bob = async () => (await ask("accounts.list")).accounts as JsonObject[];
  expect((await bob()).find((one) => one.userId === userId)).toMatchObject({
    ...{ role: "viewer", tier: "premium", hasPassword: false, invitedUntil: expect.any(String), lastSignInAt: null },
  });
  expect(await verifyPassword("bob@example.org", "")).toBeNull();
  const ends = await Promise.allSettled(
    ["first password", "second password"].map((password) => acceptInvitation({ token, password })),
  );
  expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  await createSignIn(userId);
  expect((await bob()).find((one) => one.userId === userId)).toMatchObject({
    ...{ hasPassword: true, invitedUntil: null, lastSignInAt: expect.any(String) },
  });
});

test("what is no address, an address in use and a short password are refused by name", async () => {
  const { tell } = await asOwner();
  const trpcError = (answer: HttpAnswer) =>
    (answer.json.error as { data: { code: string; details: { path: string }[]; sentence: string } }).data;
  expect(trpcError(await tell("accounts.add", { email: "nobody" }))).toMatchObject({
    ...{ code: "INVALID_REQUEST", details: [{ path: "email", message: "must be an email address" }] },
  });
  expect(trpcError(await tell("accounts.add", { email: "x@y.z", password: "short" })).details).toMatchObject([
    { path: "password" },
  ]);
  await tell("accounts.add", { email: "twice@y.z" });
  expect(trpcError(await tell("accounts.add", { email: "TWICE@y.z" }))).toMatchObject({
    ...{ code: "CONFLICT", sentence: "There is an account for TWICE@y.z already." },
  });
});

test("a link that is wrong, was replaced, has expired, or whose account is off sets nothing; one that works ends old sign-ins", async () => {
  const { userId, email } = await makeAccount();
  const old = await createSignIn(userId);
  const { token: replaced } = await invite(userId, userId);
  const { token } = await invite(userId, userId);
  const refusedWith = (wrong: string) => acceptInvitation({ token: wrong, password: "a new password" });
  for (const wrong of [replaced, "", `${token}x`]) await expect(refusedWith(wrong)).rejects.toThrow(/not known/);
  await getSql()`UPDATE invitations SET expires_at = now() WHERE user_id = ${userId}`;
  await expect(refusedWith(token)).rejects.toThrow(/not known/);
  const { token: fresh } = await invite(userId, userId);
  await getSql()`UPDATE users SET disabled_at = now() WHERE id = ${userId}`;
  await expect(refusedWith(fresh)).rejects.toThrow(/not known/);
  await expect(invite(userId, userId)).rejects.toThrow(/is switched off/);
  await getSql()`UPDATE users SET disabled_at = NULL WHERE id = ${userId}`;
  expect(await refusedWith(fresh)).toEqual({ email });
  expect(await isSignInLive(old)).toBe(false);
  expect(await verifyPassword(email, "a new password")).not.toBeNull();
});

test("an owner switches an account off and on, changes its role and tier, and cannot undo the last owner", async () => {
  await getSql()`UPDATE users SET role = 'member'`;
  const { tell, userId, key } = await asOwner();
  const account = await makeAccount();
  expect(await readWith(account.key)).toBe(200);
  await tell("accounts.change", { userId: account.userId, isOff: true });
  await expect.poll(() => readWith(account.key), { timeout: 5000 }).toBe(401);
  expect(
    data(await tell("accounts.change", { userId: account.userId, isOff: false, role: "viewer", tier: "premium" })),
  ).toMatchObject({ offSince: null, role: "viewer", tier: "premium" });
  expect(await readWith(account.key)).toBe(200);
  for (const change of [{ role: "member" }, { isOff: true }]) {
    const answer = await tell("accounts.change", { userId, ...change });
    expect([answer.status, JSON.stringify(answer.json)]).toEqual([409, expect.stringContaining("is the last owner")]);
  }
  expect(await readWith(key)).toBe(200);
  expect((await tell("accounts.change", { userId: "user_nobody", role: "owner" })).status).toBe(404);
});

test("queues are told over all accounts, with who paused them and why; so are limits, retention and health", async () => {
  const { ask, key } = await asOwner();
  const { key: other, email } = await makeAccount();
  for (const one of [key, other])
    await call("POST", "/v1/tasks", { key: one, body: { name: "a", config: {}, queue: "nights" } });
  await call("POST", "/v1/queue/pause", { key: other, body: { queue: "nights", reason: "the room is hot" } });
  const { queues } = await ask("queues");
  expect((queues as JsonObject[]).map(({ queue }) => queue)).toEqual(["default", "nights"]);
  expect((queues as JsonObject[])[1]).toMatchObject({
    ...{ counts: { queued: 2 }, paused: { by: email, reason: "the room is hot", since: expect.any(String) } },
  });
  expect(await ask("limits")).toMatchObject({
    buckets: expect.arrayContaining([{ bucket: "write", standard: 76, premium: 77 }]),
  });
  expect(await ask("retention")).toMatchObject({
    ...{ trashDays: 9, webhookDays: 7, idempotencyHours: 24, taskDays: 0, logDays: 0, metricDays: 0 },
    tables: expect.arrayContaining([{ table: "tasks", bytes: expect.any(Number), rows: expect.any(Number) }]),
  });
  await getSql()`
    INSERT INTO workers (id, host, boot_id, pid_namespace, pid, pid_start_time, version, slots, cpus, memory_mb, gpus, entrypoints, allows_commands, last_heartbeat_at)
    VALUES ('w1', 'gpu01', '', '', 1, 1, '0.1.0', 4, 8, 100, '{}', '{}', false, now() - interval '2 minutes')`;
  expect(await ask("health")).toMatchObject({
    dependencies: { postgres: { state: "ok" }, redis: { state: "ok" }, schema: { state: "ok" } },
    versions: { mlqueue: "0.1.0", postgres: expect.stringMatching(/^\d+/), redis: expect.stringMatching(/^\d+/) },
    workers: [{ id: "w1", state: "silent", version: "0.1.0", slots: 4, busy: 0 }],
    outbox: { waiting: 0, due: 0, oldestDueAt: null },
  });
});
