// Settings: API keys made and revoked, a webhook that hears of a task, another password.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "./fixtures";
import { barriers, complaintsOf, sidewaysOnPhone } from "./page-checks";

test("a key is made for reading, shown once, works for that alone, and is revoked", async ({ page, stack }) => {
  const errors = complaintsOf(page);
  await page.goto("/tasks");
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.getByRole("button", { name: "New API key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("dashboard");
  await dialog.getByLabel("do everything").uncheck();
  await dialog.getByLabel(/^run/).uncheck();
  await dialog.getByLabel("Valid for").selectOption("30");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Make the key" }).click();
  const key = await page.getByRole("dialog", { name: "The new API key" }).getByLabel("Key").inputValue();
  expect(key).toMatch(/^mlq_/);
  await dialog.getByRole("button", { name: "Done" }).click();
  const row = page.getByRole("listitem").filter({ hasText: "dashboard" });
  await expect(row).toContainText("read");
  await expect(row).toContainText("never used");
  expect(await page.content()).not.toContain(key);

  const headers = { Authorization: `Bearer ${key}` };
  const read = () => page.request.get(`${stack.url}/v1/tasks`, { headers });
  expect((await read()).status()).toBe(200);
  const write = await page.request.post(`${stack.url}/v1/tasks`, { headers, data: { name: "a", config: {} } });
  expect(write.status()).toBe(403);

  await row.getByRole("button", { name: "Revoke dashboard" }).click();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await expect(row).toHaveCount(0);
  await expect.poll(async () => (await read()).status(), { timeout: 5000 }).toBe(401);
  expect(await sidewaysOnPhone(page)).toBe(0);
  expect(errors).toEqual([]);
});

test("a webhook is refused inside the network, added, tested, hears of a task, and is removed", async ({
  page,
  rest,
}) => {
  const heard: { event: string; signed: boolean }[] = [];
  const receiver = createServer((request: IncomingMessage, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      heard.push({ event: JSON.parse(body).event, signed: /^v1,/.test(String(request.headers["webhook-signature"])) });
      response.end("thanks");
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  const errors = complaintsOf(page);
  try {
    await page.goto("/settings?part=webhooks");
    await page.getByRole("button", { name: "Add webhook" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Address").fill("http://10.0.0.1/hook");
    await dialog.getByLabel("task.queued").uncheck();
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await expect(dialog).toContainText("must not lead to an address that is not public");
    expect(await barriers(page)).toEqual([]);
    await dialog.getByLabel("Address").fill(url);
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await expect(page.getByRole("dialog", { name: "The webhook's secret" }).getByLabel("Secret")).toHaveValue(
      /^whsec_/,
    );
    await dialog.getByRole("button", { name: "Done" }).click();

    const actions = page.getByRole("button", { name: `Actions for ${url}` });
    await actions.click();
    await page.getByRole("menuitem", { name: "Send a test event" }).click();
    await page.getByRole("button", { name: "Deliveries" }).click();
    const delivered = page.getByRole("listitem").filter({ hasText: "Delivered" });
    await expect(delivered.filter({ hasText: "webhook.test" }).first()).toContainText("HTTP 200");
    const task = await rest.createTask({ name: "watched", command: ["true"] });
    await rest.waitFor(task, "completed");
    await expect(delivered.filter({ hasText: "task.completed" }).first()).toBeVisible();
    await page.getByRole("button", { name: /task.completed/ }).click();
    await expect(page.getByText(task)).toBeVisible();
    expect(await barriers(page)).toEqual([]);
    expect(await sidewaysOnPhone(page)).toBe(0);
    expect(heard.map(({ event }) => event).sort()).toEqual(["task.completed", "task.started", "webhook.test"]);
    expect(heard.every(({ signed }) => signed)).toBe(true);

    await actions.click();
    await page.getByRole("menuitem", { name: "Remove webhook" }).click();
    await dialog.getByRole("button", { name: "Remove webhook" }).click();
    await expect(page.getByText("No webhooks yet")).toBeVisible();
    // The browser logs the address that was refused on purpose.
    expect(errors).toEqual([expect.stringContaining("status of 400")]);
  } finally {
    receiver.close();
  }
});

test("another password signs the other browser out, and this one not", async ({ page, browser, stack, account }) => {
  const other = await browser.newPage({ baseURL: stack.url, storageState: { cookies: [], origins: [] } });
  await other.goto("/sign-in");
  await other.getByLabel("Email").fill(account.email);
  await other.getByLabel("Password").fill(account.password);
  await other.getByRole("button", { name: "Sign in" }).click();
  await expect(other.getByRole("heading", { name: "Tasks" })).toBeVisible();

  await page.goto("/settings?part=profile");
  await expect(page.getByRole("button", { name: "Sign out there" })).toHaveCount(1);
  await page.getByLabel("Current password").fill("a guess");
  await page.getByLabel("New password").fill("a new password");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("current is not the current password.")).toBeVisible();
  await page.getByLabel("Current password").fill(account.password);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByRole("button", { name: "Sign out there" })).toHaveCount(0);
  await page.reload();
  await expect(page.getByText("This browser")).toBeVisible();
  await expect(async () => {
    await other.goto("/tasks");
    await expect(other.getByRole("button", { name: "Sign in" })).toBeVisible({ timeout: 1000 });
  }).toPass({ timeout: 10_000 });
  await other.close();
});
