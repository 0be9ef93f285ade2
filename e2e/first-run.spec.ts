import { expect, test } from "./fixtures";

test("a new account gets from nothing to a trained result with one click", async ({ page, stack }) => {
  await page.goto("/tasks");
  await expect(page.getByRole("heading", { name: "Queue your first training" })).toBeVisible();
  await expect(page.getByText("Ready: 2 tasks can run at once.")).toBeVisible();
  await expect(page.getByText(`curl ${stack.url}/v1/tasks`)).toBeVisible();

  await page.getByRole("button", { name: "Queue an example training" }).click();
  await expect(page).toHaveURL(/\/tasks\/task_/);
  await expect(page.getByRole("log")).toContainText("Epoch 20/20", { timeout: 20_000 });
  await expect(page.getByText(/^Completed in/)).toBeVisible();
  await expect(page.getByRole("img", { name: /^Chart of accuracy/ }).locator("canvas")).toBeVisible();
  const accuracy = page
    .getByRole("region", { name: "Result" })
    .first()
    .getByText(/^0\.\d+$/)
    .first();
  expect(Number(await accuracy.textContent())).toBeGreaterThan(0.85);
});
