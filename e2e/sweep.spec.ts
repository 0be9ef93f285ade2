// A sweep is made in the browser, seen, extended and trimmed.
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { barriersInBoth, complaintsOf, sidewaysOnPhone } from "./page-checks";

const row = (page: Page, nth: number) =>
  page
    .getByRole("list")
    .getByRole("listitem")
    .filter({ has: page.getByLabel("Parameter") })
    .nth(nth);

const fillGrid = async (page: Page, lr: string) => {
  await row(page, 0).getByLabel("Values, separated by commas").fill(lr);
  await row(page, 1).getByLabel("Parameter").fill("bs");
  await row(page, 1).getByLabel("Values", { exact: true }).selectOption("List");
  await row(page, 1).getByLabel("Values, separated by commas").fill("16, 32, 64");
};

test("a sweep of 12 runs is previewed, queued, found again as run before, extended and trimmed", async ({
  page,
  request,
  account,
}) => {
  test.setTimeout(180_000);
  const errors = complaintsOf(page);
  const headers = { Authorization: `Bearer ${account.key}` };
  const post = async (path: string, data: Record<string, unknown>) =>
    (await request.post(path, { headers, data })).json();
  const group = await post("/v2/groups", { name: "digits" });
  const unit = await post(`/v2/groups/${group.group_id}/units`, { name: "mlp" });
  const form = `/units/${unit.unit_id}/sweeps/new`;
  const runs = page.getByRole("list", { name: "Runs of this sweep" });

  await page.goto(form);
  await fillGrid(page, "0.1, 0.05, 0.02, 0.01");
  await expect(page.getByRole("button", { name: "Queue 12 runs" })).toBeEnabled();
  await expect(runs.getByRole("checkbox", { checked: true })).toHaveCount(12);
  expect(await barriersInBoth(page)).toEqual([]);
  expect(await sidewaysOnPhone(page)).toBe(0);

  // A refusal stands at the field that it is about.
  await row(page, 1).getByLabel("Values", { exact: true }).selectOption("Log range");
  await row(page, 1).getByLabel("From").fill("-1");
  await expect(row(page, 1).getByLabel("Parameter")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("button", { name: /^Queue/ })).toBeDisabled();
  await row(page, 1).getByLabel("Values", { exact: true }).selectOption("List");

  await page.getByLabel(/^Name/).fill("lr by bs");
  await page.getByRole("button", { name: "Queue 12 runs" }).click();
  await expect(page).toHaveURL(new RegExp(`/units/${unit.unit_id}$`));
  await expect(page.locator("ol > li[data-run]")).toHaveCount(12);

  await page.goto(form);
  await fillGrid(page, "0.1, 0.05, 0.02, 0.01, 0.005");
  await expect(runs.getByText("ran before")).toHaveCount(12);
  await expect(page.getByRole("button", { name: "Queue 3 runs" })).toBeEnabled();

  await page.goto(`/units/${unit.unit_id}`);
  await page.locator("ol > li[data-run]").first().getByRole("link").click();
  await page.getByRole("link", { name: "Show the sweep" }).click();
  await expect(page.getByRole("heading", { name: "lr by bs" })).toBeVisible();
  await expect(page.getByText("16, 32, 64")).toBeVisible();
  await expect(runs.getByRole("link")).toHaveCount(12);
  expect(await barriersInBoth(page)).toEqual([]);
  expect(await sidewaysOnPhone(page)).toBe(0);

  // One is claimed and fails.
  const { queue_id: failed } = (await post(`/v2/units/${unit.unit_id}/claim`, {})).queue;
  await post(`/v2/queues/${failed}/fail`, { error_message: "CUDA out of memory" });
  await expect(page.getByRole("button", { name: "Retry failed (1)" })).toBeVisible();
  await page.getByRole("button", { name: /^Failed/ }).click();
  await expect(runs.getByRole("link")).toHaveCount(1);
  await page.getByRole("button", { name: "Retry failed (1)" }).click();
  await expect(page.getByText("No run in this state.")).toBeVisible();

  await page.getByRole("link", { name: "Extend the sweep" }).click();
  await expect(runs.getByText("ran before")).toHaveCount(12);
  const lr = page.getByRole("listitem").filter({ has: page.getByRole("button", { name: "Remove lr" }) });
  await lr.getByLabel("Values, separated by commas").fill("0.1, 0.001");
  await page.getByRole("button", { name: "Queue 3 runs" }).click();
  await expect(page.getByRole("heading", { name: "Recipe 2" })).toBeVisible();
  await expect(runs.getByRole("link")).toHaveCount(15);

  await page.getByRole("button", { name: "Drop waiting (15)" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Drop waiting (15)" }).click();
  await expect(runs.getByRole("link")).toHaveCount(0);
  expect(errors).toEqual([]);
});
