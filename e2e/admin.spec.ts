// The server as its owner sees it: accounts, queues, limits, what is kept, health.
import { expect, FOR_A_CLIENT, test } from "./fixtures";
import { barriersInBoth, complaintsOf, settled, sidewaysOnPhone } from "./page-checks";

test("the page is there for owners alone", async ({ page, stack, account }) => {
  expect((await page.goto("/admin"))?.status()).toBe(404);
  await stack.setRole(account, "owner");
  await expect(async () => {
    expect((await page.goto("/admin"))?.status()).toBe(200);
  }).toPass({ timeout: 10_000 });
  await page.getByRole("button", { name: "Account", exact: true }).click();
  await page.getByRole("menuitem", { name: "Server" }).click();
  await expect(page.getByRole("heading", { name: "Server" })).toBeVisible();
});

test("an owner invites somebody, who sets a password; is then switched off and can go nowhere", async ({
  page,
  browser,
  stack,
  account,
}) => {
  await stack.setRole(account, "owner");
  const complaints = complaintsOf(page);
  const email = `invited-${Date.now()}@example.com`;
  await expect(async () => {
    await page.goto("/admin");
    await expect(page.getByRole("button", { name: "Add account" })).toBeVisible({ timeout: 1000 });
  }).toPass({ timeout: 10_000 });
  complaints.length = 0;
  await page.getByRole("button", { name: "Add account" }).click();
  const dialog = page.getByRole("dialog");
  expect(await barriersInBoth(page)).toEqual([]);
  await dialog.getByLabel("Email").fill(email);
  await dialog.getByLabel("Role").selectOption("viewer");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  const link = await page.getByRole("dialog", { name: "The link to set a password" }).getByLabel("Link").inputValue();
  await dialog.getByRole("button", { name: "Done" }).click();
  const row = page.getByRole("listitem").filter({ hasText: email });
  await expect(row).toContainText("invited");
  expect(await barriersInBoth(page)).toEqual([]);
  expect(await sidewaysOnPhone(page)).toBe(0);

  const stranger = await browser.newContext({ baseURL: stack.url, storageState: { cookies: [], origins: [] } });
  const guest = await stranger.newPage();
  await guest.goto(link);
  await settled(guest);
  expect(await barriersInBoth(guest)).toEqual([]);
  await guest.getByLabel("New password").fill("a good password");
  await guest.getByRole("button", { name: "Set password" }).click();
  await expect(guest).toHaveURL(/\/tasks$/);
  await expect(guest.getByRole("link", { name: "New task" })).toHaveCount(0);
  expect((await guest.goto("/admin"))?.status()).toBe(404);
  await guest.goto(link);
  await guest.getByLabel("New password").fill("another password");
  await guest.getByRole("button", { name: "Set password" }).click();
  await expect(guest.getByText("This link is not known")).toBeVisible();

  await page.reload();
  await expect(row).toContainText("signed in");
  await row.getByRole("button", { name: `Actions for ${email}` }).click();
  await page.getByRole("menuitem", { name: "Switch off" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Switch off" }).click();
  await expect(row.getByText("off", { exact: true })).toBeVisible();
  await expect(async () => {
    await guest.goto("/tasks");
    await expect(guest.getByRole("heading", { name: "Sign in" })).toBeVisible({ timeout: 1000 });
  }).toPass({ timeout: 10_000 });
  await guest.getByLabel("Email").fill(email);
  await guest.getByLabel("Password").fill("a good password");
  await guest.getByRole("button", { name: "Sign in" }).click();
  await expect(guest.getByText("There is no account with this email and password.")).toBeVisible();
  await stranger.close();
  expect(complaints).toEqual([]);
});

test("an owner sees who paused which queue and why, and resumes it; limits, retention and health are told", async ({
  page,
  rest,
  stack,
  account,
}) => {
  const queue = `nights-${Date.now()}`;
  await rest.createTask({ ...FOR_A_CLIENT, name: "one", queue });
  await rest.post("/v1/queue/pause", { queue, reason: "the room is hot" });
  await stack.setRole(account, "owner");
  await expect(async () => {
    await page.goto("/admin?part=queues");
    await expect(page.getByRole("listitem").filter({ hasText: queue })).toBeVisible({ timeout: 1000 });
  }).toPass({ timeout: 10_000 });
  const complaints = complaintsOf(page);
  const row = page.getByRole("listitem").filter({ hasText: queue });
  await expect(row).toContainText(`Paused by ${account.email}`);
  await expect(row).toContainText("the room is hot");
  await expect(row).toContainText("Waiting 1");
  await row.getByRole("button", { name: `Resume ${queue}` }).click();
  await expect(row).not.toContainText("Paused");
  await row.getByRole("button", { name: `Pause ${queue}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await expect(row).toContainText("Paused by");
  await row.getByRole("button", { name: `Resume ${queue}` }).click();
  for (const [part, words] of [
    ["Limits", ["RATE_LIMIT_PREMIUM", "Tries to sign in"]],
    ["What is kept", ["30 days", "24 hours", "for good", "RETENTION_DAYS", "Room that the tables take", "Together"]],
    ["Health", ["PostgreSQL", "works", "e2e-", "Webhooks on their way"]],
  ] as const) {
    await page.getByRole("navigation", { name: "Parts of the server" }).getByRole("button", { name: part }).click();
    for (const word of words) await expect(page.getByRole("main")).toContainText(word);
    expect(await barriersInBoth(page), part).toEqual([]);
    expect(await sidewaysOnPhone(page), part).toBe(0);
  }
  expect(complaints).toEqual([]);
});
