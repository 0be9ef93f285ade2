import { expect, test } from "./fixtures";

test.use({ storageState: { cookies: [], origins: [] } });

test("a wrong password is said in a sentence, a right one leads back to where one was going", async ({
  page,
  account,
}) => {
  await page.goto("/tasks?status=failed");
  await expect(page).toHaveURL(/\/sign-in\?from=/);
  await page.getByLabel("Email").fill(account.email);
  await page.getByLabel("Password").fill("not this");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("There is no account with this email and password.")).toBeVisible();
  await expect(page.getByLabel("Password")).toBeFocused();

  await page.getByLabel("Password").fill(account.password);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/tasks\?status=failed$/);
});

test("who signs out cannot come back with the old page", async ({ page, account }) => {
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/tasks$/);
  await page.getByRole("button", { name: "Account" }).click();
  await expect(page.getByRole("menu").getByText(account.email)).toBeVisible();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  await page.goto("/tasks/new");
  await expect(page).toHaveURL(/\/sign-in\?from=%2Ftasks%2Fnew/);
});

test("an address elsewhere is not reached through the sign-in", async ({ page, account }) => {
  await page.goto("/sign-in?from=//elsewhere.invalid/x");
  await page.getByLabel("Email").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/^http:\/\/localhost:\d+\/tasks$/);
});
