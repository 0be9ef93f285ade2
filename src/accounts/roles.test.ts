// What each role may do, over the real routes; changes of roles and switches count within seconds.
import { expect, test } from "vitest";
import { routes } from "../api/rest";
import { getSql } from "../platform/db";
import { needsOfRoute } from "../platform/route";
import { refusalIn, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { procedures } from "../testing/procedures";
import { useTestServices } from "../testing/services";
import { createKey } from "./api-keys";
import { changeAccount } from "./change-account";
import { roleAllows } from "./roles";
import { createSignIn, isSignInLive, verifyPassword } from "./sign-in";
import { listUsers } from "./users";

useTestServices({ RATE_LIMIT_STANDARD: "0", RATE_LIMIT_BATCH: "0" });
const { call, readEvents } = useHttpServer();

const create = (account: Account) =>
  call("POST", "/v1/tasks", {
    key: account.key,
    body: { name: "a", config: {} },
    headers: { "Accept-Language": "en" },
  });

test("a viewer whose key may do all is refused every route that changes anything, and reads every other", async () => {
  const viewer = await makeAccount("viewer");
  for (const route of routes) {
    const { scope } = needsOfRoute(route);
    const answer = await call(route.method, route.path.replace(/:\w+/g, "nobodys"), {
      key: viewer.key,
      ...(route.method !== "GET" && route.method !== "DELETE" && { body: {} }),
    });
    expect([route.method, route.path, answer.status === 403]).toEqual([route.method, route.path, scope !== "read"]);
    if (answer.status !== 403) continue;
    expect(refusalIn(answer)).toEqual({ status: 403, code: "FORBIDDEN", paths: [] });
    expect(answer.json.error).toBe(`Your account has the role viewer, which lacks the scope ${scope}.`);
  }
}, 60_000);

test("procedures are refused to roles as routes are, in the reader's language", async () => {
  const [viewer, member] = [await makeAccount("viewer"), await makeAccount("member")];
  for (const { path, type, scope } of procedures) {
    if (type === "subscription") continue;
    for (const [role, { key }] of [["viewer", viewer] as const, ["member", member] as const]) {
      const answer = await call(type === "query" ? "GET" : "POST", `/api/trpc/${path}`, {
        key,
        ...(type === "mutation" && { body: {} }),
      });
      expect([path, role, answer.status === 403]).toEqual([path, role, !roleAllows(role, scope)]);
    }
  }
  const inChinese = await call("POST", "/v1/tasks", {
    key: viewer.key,
    body: { name: "a", config: {} },
    headers: { "Accept-Language": "zh" },
  });
  expect(inChinese.json.error).toBe("你的账户角色是 viewer，缺少 write 权限。");
}, 60_000);

test("a viewer makes keys that read, and no others", async () => {
  const { userId } = await makeAccount("viewer");
  const made = await createKey(userId, { name: "dashboard", scopes: ["read"] });
  expect((await call("GET", "/v1/tasks", { key: made.key })).status).toBe(200);
  for (const scopes of [["read", "write"], ["run"], ["admin"], ["*"]])
    await expect(createKey(userId, { name: "n", scopes })).rejects.toThrow(/viewer, which lacks the scope/);
});

test("another role counts within 5 s for keys and tokens, both ways", async () => {
  const account = await makeAccount();
  const token = String((await call("POST", "/v1/auth/token", { key: account.key })).json.token);
  const statuses = async () => [(await create(account)).status, (await create({ ...account, key: token })).status];
  expect(await statuses()).toEqual([201, 201]);
  // As another process would.
  await getSql()`UPDATE users SET role = 'viewer' WHERE id = ${account.userId}`;
  await expect.poll(statuses, { timeout: 5000, interval: 100 }).toEqual([403, 403]);
  await changeAccount(account.userId, { role: "member" });
  expect(await statuses()).toEqual([201, 201]);
});

test("switched off, an account's keys, tokens and sign-ins are refused; on again, its keys work and its sign-ins stay ended", async () => {
  const account = await makeAccount();
  const sid = await createSignIn(account.userId);
  const token = String((await call("POST", "/v1/auth/token", { key: account.key })).json.token);
  expect([await isSignInLive(sid), (await create(account)).status]).toEqual([true, 201]);
  expect((await changeAccount(account.userId, { isOff: true })).offSince).toMatch(/^\d{4}-/);
  for (const key of [account.key, token])
    expect(refusalIn(await create({ ...account, key }))).toMatchObject({ status: 401, code: "INVALID_TOKEN" });
  expect(await isSignInLive(sid)).toBe(false);
  expect(await verifyPassword(account.email, account.password)).toBeNull();
  await expect(createSignIn(account.userId)).rejects.toThrow();
  await changeAccount(account.userId, { isOff: false });
  expect([(await create(account)).status, await isSignInLive(sid)]).toEqual([201, false]);
  expect(await verifyPassword(account.email, account.password)).not.toBeNull();
});

test("switched off, an account hears no more of a log that it follows, within 5 s", async () => {
  const account = await makeAccount();
  const { json } = await create(account);
  let offAt = 0;
  const events = await readEvents(`/v1/tasks/${json.task_id}/logs?follow=1`, {
    headers: { Authorization: `Bearer ${account.key}` },
    onOpen: () => {
      offAt = Date.now();
      void changeAccount(account.userId, { isOff: true });
    },
  }).catch((error: Error) => error);
  expect(events).toBeInstanceOf(Error);
  expect(Date.now() - offAt).toBeLessThan(5000);
});

test("of sign-ins beside a switch-off none is left open", async () => {
  const account = await makeAccount();
  for (let round = 0; round < 10; round++) {
    await changeAccount(account.userId, { isOff: false });
    await Promise.allSettled([
      ...Array.from({ length: 5 }, () => createSignIn(account.userId)),
      changeAccount(account.userId, { isOff: true }),
      ...Array.from({ length: 5 }, () => createSignIn(account.userId)),
    ]);
    const open = await getSql()`SELECT id FROM sign_ins WHERE user_id = ${account.userId} AND ended_at IS NULL`;
    expect(open).toHaveLength(0);
  }
});

test("owners who demote or switch off each other and themselves at once leave one owner that is on", async () => {
  const owners = [await makeAccount("owner"), await makeAccount("owner"), await makeAccount("owner")];
  for (let round = 0; round < 10; round++) {
    const ends = await Promise.allSettled(
      owners.map(({ userId }, index) =>
        changeAccount(userId, (round + index) % 2 === 0 ? { role: "member" } : { isOff: true }),
      ),
    );
    const refused = ends.filter((end) => end.status === "rejected");
    expect(refused.map(({ reason }) => [reason.code, /is the last owner/.test(reason.message)])).toEqual([
      ["CONFLICT", true],
    ]);
    const left = (await listUsers()).filter(({ role, offSince }) => role === "owner" && offSince === null);
    expect(left).toHaveLength(1);
    for (const { userId } of owners) await changeAccount(userId, { role: "owner", isOff: false });
  }
  await expect(changeAccount("user_nobody", { role: "owner" })).rejects.toThrow("There is no account user_nobody.");
});
