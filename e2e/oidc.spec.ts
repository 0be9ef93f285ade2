// Sign-in with OpenID Connect, through the built product's own routes, against a real provider on loopback.
import { type APIRequestContext, test as base, expect, request } from "@playwright/test";
import { type Person, type Provider, startProvider } from "./oidc-provider";
import { barriersInBoth, sidewaysOnPhone } from "./page-checks";
import { type Account, type Stack, startStack } from "./stack";

type Site = { stack: Stack; provider: Provider; owner: Account };

const test = base.extend<object, { site: Site }>({
  site: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures are needed from the pattern
    async ({}, use) => {
      const provider = await startProvider();
      const stack = await startStack({
        OIDC_ISSUER: provider.issuer,
        OIDC_CLIENT_ID: provider.clientId,
        OIDC_CLIENT_SECRET: provider.clientSecret,
        OIDC_NAME: "The lab",
        GITHUB_CLIENT_ID: "gh",
        GITHUB_CLIENT_SECRET: "gh",
        SIGN_UP_DOMAINS: "lab.example, example.net",
        RATE_LIMIT_SIGN_IN: "0",
      });
      await use({ stack, provider, owner: await stack.addAccount("owner") });
      await stack.stop();
      await provider.stop();
    },
    { scope: "worker", timeout: 90_000 },
  ],
  baseURL: ({ site }, use) => use(site.stack.url),
});

/** Where the provider is asked at. */
const begin = async (http: APIRequestContext): Promise<string> => {
  const { csrfToken } = await (await http.get("/api/auth/csrf")).json();
  const form = { csrfToken, json: "true", callbackUrl: "/tasks" };
  return (await (await http.post("/api/auth/signin/oidc", { form })).json()).url;
};

/** Goes all the way as this person. @returns the page at its end, and whose session it is */
const signInAs = async ({ stack, provider }: Site, person: Person): Promise<{ end: string; email: string | null }> => {
  const http = await request.newContext({ baseURL: stack.url });
  const start = await begin(http);
  provider.person = person;
  const { pathname, searchParams } = new URL((await http.get(start)).url());
  const session = await (await http.get("/api/auth/session")).json();
  await http.dispose();
  const error = searchParams.get("error");
  return { end: error === null ? pathname : `${pathname} ${error}`, email: session.user?.email ?? null };
};

const rolesByEmail = async ({ stack, owner }: Site): Promise<Map<string, string>> => {
  const http = await request.newContext({
    baseURL: stack.url,
    extraHTTPHeaders: { Authorization: `Bearer ${owner.key}` },
  });
  const { result } = await (await http.get("/api/trpc/admin.accounts.list")).json();
  await http.dispose();
  return new Map(result.data.accounts.map((one: { email: string; role: string }) => [one.email, one.role]));
};

test("in a browser a button leads to the provider and back, with state, nonce and PKCE", async ({ page, site }) => {
  const { provider, stack } = site;
  const account = await stack.addAccount();
  provider.person = { sub: "ada", email: account.email, email_verified: true };
  await page.goto("/sign-in?from=/groups");
  await expect(page.getByRole("button", { name: "Sign in with GitHub" })).toBeVisible();
  expect(await barriersInBoth(page)).toEqual([]);
  expect(await sidewaysOnPhone(page)).toBe(0);
  await page.getByRole("button", { name: "Sign in with The lab" }).click();
  await expect(page).toHaveURL(/\/groups$/);
  await page.getByRole("button", { name: "Account", exact: true }).click();
  await expect(page.getByText(`${account.email} · Member`)).toBeVisible();
  for (const name of ["state", "nonce", "code_challenge"]) expect(provider.asked.get(name)).toMatch(/^\S{20,}$/);
  expect(provider.asked.get("code_challenge_method")).toBe("S256");
});

test("a refusal is told on the sign-in page", async ({ page, site }) => {
  site.provider.person = { sub: "who", email: "who@elsewhere.example", email_verified: true };
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Sign in with The lab" }).click();
  await expect(page.getByText("There is no account for your email address here.")).toBeVisible();
});

test("a verified address binds the identity to its account; then the subject counts, whatever the address becomes", async ({
  site,
}) => {
  const [mine, other] = [await site.stack.addAccount(), await site.stack.addAccount()];
  const me = { sub: "bob", email: mine.email.toUpperCase(), email_verified: true };
  expect(await signInAs(site, me)).toEqual({ end: "/tasks", email: mine.email });
  for (const changed of [
    { email: other.email, email_verified: true },
    { email: "new@elsewhere.example", email_verified: false },
    {},
  ])
    expect(await signInAs(site, { sub: "bob", ...changed })).toEqual({ end: "/tasks", email: mine.email });
});

test("an address that is not verified, or is not told, never binds", async ({ site }) => {
  const { email } = await site.stack.addAccount();
  for (const person of [
    { email, email_verified: false },
    { email },
    { email_verified: true },
    { email, email_verified: false, byUserinfo: true },
  ])
    expect(await signInAs(site, { sub: "mallory", ...person })).toEqual({ end: "/sign-in NotVerified", email: null });
});

test("an address that only the userinfo endpoint tells binds as well", async ({ site }) => {
  const { email } = await site.stack.addAccount();
  const person = { sub: "carol", email, email_verified: true, byUserinfo: true };
  expect(await signInAs(site, person)).toEqual({ end: "/tasks", email });
});

test("a wrong nonce, a wrong state and a browser that never began sign nobody in", async ({ site }) => {
  const { stack, provider } = site;
  const { email } = await stack.addAccount();
  const person = { sub: "dave", email, email_verified: true };
  expect(await signInAs(site, { ...person, nonce: "another" })).toEqual({ end: "/sign-in OAuthCallback", email: null });
  provider.person = person;
  const victim = await request.newContext({ baseURL: stack.url });
  const stranger = await request.newContext({ baseURL: stack.url });
  const start = new URL(await begin(victim));
  const callback = (await victim.get(start.href, { maxRedirects: 0 })).headers().location ?? "";
  expect(callback).toContain("/api/auth/callback/oidc?code=");
  const forged = new URL(callback);
  forged.searchParams.set("state", "forged");
  for (const [http, url] of [
    [stranger, callback],
    [victim, forged.href],
  ] as const) {
    expect(new URL((await http.get(url)).url()).searchParams.get("error")).toBe("OAuthCallback");
    expect(await (await http.get("/api/auth/session")).json()).toEqual({});
  }
  await Promise.all([victim.dispose(), stranger.dispose()]);
});

test("an account that is switched off is refused, bound before or not", async ({ site }) => {
  const { stack, owner } = site;
  const accounts = [await stack.addAccount(), await stack.addAccount()];
  const people = accounts.map(({ email }, index) => ({ sub: `eve${index}`, email, email_verified: true }));
  const [bound] = people;
  if (bound) expect(await signInAs(site, bound)).toMatchObject({ end: "/tasks" });
  const http = await request.newContext({
    baseURL: stack.url,
    extraHTTPHeaders: { Authorization: `Bearer ${owner.key}` },
  });
  const { result } = await (await http.get("/api/trpc/admin.accounts.list")).json();
  for (const { email } of accounts) {
    const { userId } = result.data.accounts.find((one: { email: string }) => one.email === email);
    expect((await http.post("/api/trpc/admin.accounts.change", { data: { userId, isOff: true } })).status()).toBe(200);
  }
  await http.dispose();
  for (const person of people)
    expect(await signInAs(site, person)).toEqual({ end: "/sign-in AccountOff", email: null });
});

test("an unknown address is refused unless its domain may sign up; then one member is made, also by two sign-ins at once", async ({
  site,
}) => {
  for (const email of ["x@elsewhere.example", "x@notlab.example", "x@lab.example.evil.org"])
    expect(await signInAs(site, { sub: email, email, email_verified: true })).toEqual({
      end: "/sign-in UnknownEmail",
      email: null,
    });
  expect(await signInAs(site, { sub: "f0", email: "f@Lab.Example" })).toMatchObject({ end: "/sign-in NotVerified" });
  const fred = { sub: "fred", email: "Fred@Lab.Example", email_verified: true };
  const both = await Promise.all([signInAs(site, fred), signInAs(site, fred)]);
  expect(both.map(({ email }) => email)).toEqual(["fred@lab.example", "fred@lab.example"]);
  const roles = await rolesByEmail(site);
  expect([...roles].filter(([email]) => /@(lab|not|elsewhere)/.test(email))).toEqual([["fred@lab.example", "member"]]);
});
