// A sweep is made in the browser, seen, extended and trimmed.
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { barriers, barriersInBoth, complaintsOf, sideways, sidewaysOnPhone } from "./page-checks";

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

test("rows are changed and taken out by hand, made as they were shown, and the finish of all is told once runs were measured", async ({
  page,
  request,
  account,
}) => {
  test.setTimeout(90_000);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  const headers = { Authorization: `Bearer ${account.key}` };
  const post = async (path: string, data: Record<string, unknown>) =>
    (await request.post(path, { headers, data })).json();
  const group = await post("/v2/groups", { name: "digits" });
  const unit = await post(`/v2/groups/${group.group_id}/units`, { name: "mlp" });
  const form = `/units/${unit.unit_id}/sweeps/new`;
  const runs = page.getByRole("list", { name: "Runs of this sweep" });

  await page.goto(form);
  await fillGrid(page, "0.1, 0.01");
  await expect(page.getByRole("button", { name: "Queue 6 runs" })).toBeEnabled();
  await expect(page.getByText("No finish time: no run of this unit has completed yet")).toBeVisible();

  // Row 2 becomes equal to row 1: it is ticked off, and says why.
  await page.getByRole("button", { name: "Change row 2" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("bs").fill("");
  await expect(dialog.getByText("A value is missing.")).toBeVisible();
  await dialog.getByLabel("bs").fill("16");
  await dialog.getByLabel("bs").press("Enter");
  await expect(runs.getByText("changed by hand · same as row 1")).toBeVisible();
  await expect(page.getByRole("button", { name: "Queue 5 runs" })).toBeEnabled();
  await page.getByRole("button", { name: "Change row 2" }).click();
  await dialog.getByLabel("bs").fill("48");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(runs.getByText("lr=0.1 bs=48")).toBeVisible();
  await page.getByRole("button", { name: "Take out row 6" }).click();
  await expect(runs.getByRole("listitem")).toHaveCount(5);
  await expect(page.getByText("1 row taken out by hand.")).toBeVisible();
  await page.getByRole("button", { name: "Bring back" }).click();
  await expect(runs.getByRole("listitem")).toHaveCount(6);
  await page.getByRole("button", { name: "Take out row 6" }).click();
  await expect(page.getByRole("button", { name: "Queue 5 runs" })).toBeEnabled();
  expect(await barriers(page)).toEqual([]);
  expect(await sideways(page)).toBe(0);

  // Another recipe has other rows; the way back is offered.
  await row(page, 0).getByLabel("Values, separated by commas").fill("0.1");
  await expect(page.getByText("2 changes by hand are not among them")).toBeVisible();
  await page.getByRole("button", { name: "Back to that recipe" }).click();
  await expect(runs.getByText("lr=0.1 bs=48")).toBeVisible();
  await expect(runs.getByRole("listitem")).toHaveCount(5);

  await page.getByRole("button", { name: "Queue 5 runs" }).click();
  await expect(page).toHaveURL(new RegExp(`/units/${unit.unit_id}$`));
  await expect(page.locator("ol > li[data-run]")).toHaveCount(5);
  await expect(page.locator("ol > li[data-run]").nth(1)).toContainText("lr=0.1 bs=48");

  // A driver comes, and two runs complete.
  await post(`/v2/units/${unit.unit_id}/heartbeat`, {});
  for (let n = 0; n < 2; n++) {
    const { queue_id: done } = (await post(`/v2/units/${unit.unit_id}/claim`, {})).queue;
    await post(`/v2/queues/${done}/complete`, {});
  }
  await page.goto(form);
  await fillGrid(page, "0.5, 0.6");
  await expect(page.getByText(/^All of them have ended by .+, nine times of ten by /)).toBeVisible();
  await expect(page.getByText("told from 2 completed runs")).toBeVisible();

  // What was done by hand stands beside the recipe.
  await page.goto(`/units/${unit.unit_id}`);
  await page.locator("ol > li[data-run]").first().getByRole("link").click();
  await page.getByRole("link", { name: "Show the sweep" }).click();
  await expect(page.getByText("By hand: 1 row changed · 1 row left out")).toBeVisible();
  await expect(page.getByText("Row 2: bs 32 → 48")).toBeVisible();
  expect(errors).toEqual([]);
});

test("of 10,000 rows only those in sight are on the page, to the last one", async ({ page, request, account }) => {
  test.setTimeout(90_000);
  const headers = { Authorization: `Bearer ${account.key}` };
  const post = async (path: string, data: Record<string, unknown>) =>
    (await request.post(path, { headers, data })).json();
  const group = await post("/v2/groups", { name: "digits" });
  const unit = await post(`/v2/groups/${group.group_id}/units`, { name: "mlp" });
  await page.goto(`/units/${unit.unit_id}/sweeps/new`);
  const numbers = Array.from({ length: 100 }, (_, n) => n).join(", ");
  await fillGrid(page, numbers);
  await row(page, 1).getByLabel("Values, separated by commas").fill(numbers);
  await expect(page.getByRole("button", { name: "Queue 10,000 runs" })).toBeEnabled({ timeout: 30_000 });
  const runs = page.getByRole("list", { name: "Runs of this sweep" });
  expect(await runs.getByRole("listitem").count()).toBeLessThan(60);
  await runs.evaluate((list) => list.parentElement?.scrollTo(0, 1e9));
  await expect(runs.getByText("lr=99 bs=99")).toBeVisible();
  expect(await runs.getByRole("listitem").count()).toBeLessThan(60);
  await page.getByRole("button", { name: "Take out row 10,000" }).click();
  await expect(page.getByRole("button", { name: "Queue 9,999 runs" })).toBeEnabled({ timeout: 30_000 });
});
