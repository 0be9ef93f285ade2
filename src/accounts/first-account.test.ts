// Setting up a server that has no account, in a browser.
import { beforeAll, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { getEnv } from "../platform/env";
import { useHttpServer } from "../testing/http";
import { useTestServices } from "../testing/services";
import { accountCommand } from "./commands";
import { setUp, setUpToken } from "./first-account";
import { verifyPassword } from "./sign-in";
import { listUsers } from "./users";

useTestServices();
const { call } = useHttpServer();

const mine = { email: "Owner@example.org", password: "long enough" };
const post = (input: Record<string, string>) =>
  call("POST", "/api/trpc/entry.setUp", { body: { ...mine, token: setUpToken(), ...input } });
const errorOf = async (answer: ReturnType<typeof post>) => ((await answer).json.error as { data: object }).data;

beforeAll(() => {
  getEnv().RATE_LIMIT_SIGN_IN = 20;
});

test("a wrong token, no address and a short password make nothing; the token is as long as nobody guesses", async () => {
  expect(setUpToken()).toMatch(/^[\w-]{32}$/);
  for (const token of ["", "x", setUpToken().slice(1), `${setUpToken()}AAAA`])
    expect(await errorOf(post({ token }))).toMatchObject({ code: "FORBIDDEN" });
  expect(await errorOf(post({ email: "owner" }))).toMatchObject({ details: [{ path: "email" }] });
  expect(await errorOf(post({ password: "short" }))).toMatchObject({ details: [{ path: "password" }] });
  expect(await listUsers()).toEqual([]);
});

test("of many at once, browsers and a start, one makes the owner; then it is gone for ever", async () => {
  const ends = await Promise.allSettled([
    ...["a", "b", "c", "d"].map((name) => setUp({ ...mine, email: `${name}@example.org`, token: setUpToken() })),
    accountCommand(["bootstrap"], () => ({ email: "start@example.org", password: "long enough", key: undefined })),
  ]);
  const users = await listUsers();
  expect(users.map(({ role }) => role)).toEqual(["owner"]);
  const made = ends.slice(0, 4).filter(({ status }) => status === "fulfilled");
  expect(made).toHaveLength(users[0]?.email === "start@example.org" ? 0 : 1);
  expect(await verifyPassword(users[0]?.email ?? "", "long enough")).not.toBeNull();
  expect(await errorOf(post({}))).toMatchObject({ code: "NOT_FOUND" });
  // Nor while nobody may sign in.
  await getSql()`UPDATE users SET disabled_at = now()`;
  expect(await errorOf(post({}))).toMatchObject({ code: "NOT_FOUND" });
});

test("tries are counted by address", async () => {
  const statuses = await Promise.all(Array.from({ length: 25 }, async () => (await post({ token: "guess" })).status));
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(5);
});
