import { expect, test } from "vitest";
import { appRouter } from "../api/root";
import { createCallerFactory } from "../platform/trpc";
import { useTestServices } from "../testing/services";
import { createSignIn, isSignInLive, verifyPassword } from "./sign-in";
import { addUser } from "./users";

useTestServices();

let count = 0;
const newAccount = async () => {
  const email = `person${++count}@localhost`;
  const user = await addUser({ email, password: "the first one", tier: "standard", role: "member" });
  if (!user) throw new Error("The account was there already.");
  const sid = await createSignIn(user.userId);
  const api = createCallerFactory(appRouter)({
    requestId: "req_test",
    locale: "en",
    authenticate: async () => ({ userId: user.userId, scopes: ["*"], sid }),
    countTry: async () => {},
  });
  return { email, userId: user.userId, sid, api };
};

test("another password takes the place of the old one, and signs all other browsers out", async () => {
  const { email, userId, sid, api } = await newAccount();
  const others = [await createSignIn(userId), await createSignIn(userId)];
  const stranger = await newAccount();
  expect(await api.accounts.changePassword({ current: "the first one", next: "the second one" })).toEqual({ ended: 2 });
  expect(await verifyPassword(email, "the first one")).toBeNull();
  expect(await verifyPassword(email, "the second one")).toEqual({ userId, email });
  expect(await isSignInLive(sid)).toBe(true);
  for (const one of others) expect(await isSignInLive(one)).toBe(false);
  expect(await isSignInLive(stranger.sid)).toBe(true);
});

test("a wrong current password and one that is too short change nothing", async () => {
  const { email, userId, api } = await newAccount();
  await expect(api.accounts.changePassword({ current: "a guess", next: "the second one" })).rejects.toThrow(
    "current is not the current password.",
  );
  await expect(api.accounts.changePassword({ current: "the first one", next: "short" })).rejects.toThrow(/^next /);
  expect(await verifyPassword(email, "the first one")).toEqual({ userId, email });
});

test("of two changes at once that know the same password, one counts", async () => {
  const { email, api } = await newAccount();
  const nexts = ["the second one", "the other one"];
  const ends = await Promise.allSettled(
    nexts.map((next) => api.accounts.changePassword({ current: "the first one", next })),
  );
  expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const works = await Promise.all(nexts.map((next) => verifyPassword(email, next)));
  expect(works.map((one) => one !== null)).toEqual(ends.map(({ status }) => status === "fulfilled"));
});

test("sign-ins are listed, the asking one marked, and ended; another account's are not there", async () => {
  const { userId, sid, api } = await newAccount();
  const other = await createSignIn(userId);
  const stranger = await newAccount();
  expect((await api.accounts.signIns()).signIns.map(({ signInId, isThis }) => [signInId, isThis])).toEqual([
    [other, false],
    [sid, true],
  ]);
  await expect(api.accounts.endSignIn({ signInId: stranger.sid })).rejects.toThrow("There is no sign-in");
  await api.accounts.endSignIn({ signInId: other });
  await api.accounts.endSignIn({ signInId: other });
  expect(await isSignInLive(other)).toBe(false);
  expect(await isSignInLive(stranger.sid)).toBe(true);
  expect((await api.accounts.signIns()).signIns.map(({ signInId }) => signInId)).toEqual([sid]);
});
