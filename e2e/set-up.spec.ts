// A server without any account, on the network: only who reads its log can make the owner.
import { test as base, expect } from "@playwright/test";
import { barriersInBoth, complaintsOf, settled, sidewaysOnPhone } from "./page-checks";
import { type Stack, startStack } from "./stack";

const test = base.extend<object, { fresh: Stack }>({
  fresh: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures are needed from the pattern
    async ({}, use) => {
      const stack = await startStack();
      await use(stack);
      await stack.stop();
    },
    { scope: "worker", timeout: 90_000 },
  ],
  baseURL: ({ fresh }, use) => use(fresh.url),
});

test("the first page of a new server makes its owner for whoever has the token from the log, once", async ({
  page,
  fresh,
}) => {
  const complaints = complaintsOf(page);
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Set up this server" })).toBeVisible();
  await settled(page);
  expect(await barriersInBoth(page)).toEqual([]);
  expect(await sidewaysOnPhone(page)).toBe(0);
  const submit = page.getByRole("button", { name: "Make the account" });
  await page.getByLabel("Set-up token").fill("a guess");
  await page.getByLabel("Email").fill("Owner@Example.com");
  await page.getByLabel("New password").fill("a good password");
  await submit.click();
  await expect(page.getByText("This is not the set-up token")).toBeVisible();
  // The browser logs the refusal of the wrong token.
  expect(complaints.splice(0)).toEqual([expect.stringContaining("status of 403")]);

  await expect.poll(fresh.webLog).toContain("setUpToken");
  const token = /"setUpToken":"([^"]+)"/.exec(fresh.webLog())?.[1] ?? "";
  await page.getByLabel("Set-up token").fill(token);
  await submit.click();
  await expect(page).toHaveURL(/\/tasks$/);
  await page.getByRole("button", { name: "Account", exact: true }).click();
  await expect(page.getByText("owner@example.com · Owner")).toBeVisible();
  await page.keyboard.press("Escape");
  expect((await page.goto("/setup"))?.status()).toBe(404);
  await page.context().clearCookies();
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(complaints).toEqual([]);
});
