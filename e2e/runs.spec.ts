// From an empty account to a sweep that a driver works through: groups, a unit, a sweep, a run.
import { expect, test } from "./fixtures";
import { barriers, complaintsOf } from "./page-checks";

test("a group, a unit and a sweep are made in the browser, a driver takes the first run, and its page shows what came of it", async ({
  page,
  request,
  account,
}) => {
  const errors = complaintsOf(page);
  const post = async (path: string, data: Record<string, unknown> = {}) => {
    const answer = await request.post(path, { headers: { Authorization: `Bearer ${account.key}` }, data });
    expect(answer.ok(), await answer.text()).toBe(true);
    return answer.json();
  };

  await page.goto("/groups");
  await expect(page.getByText("No group yet")).toBeVisible();
  await page.getByRole("button", { name: "New group" }).first().click();
  await page.getByRole("dialog").getByLabel("Name").fill("digits");
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
  await page.getByRole("link", { name: /digits/ }).click();
  await page.getByRole("button", { name: "New unit" }).first().click();
  await page.getByRole("dialog").getByLabel("Name").fill("mlp");
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
  // The first one: the activity below names it, too.
  await page.getByRole("link", { name: /mlp/ }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: "mlp" })).toBeVisible();
  const unitPath = new URL(page.url()).pathname;
  const unitId = unitPath.split("/").at(-1);

  await page.getByRole("link", { name: "New sweep" }).click();
  const values = page.getByLabel("Values, separated by commas");
  await values.first().fill("0.3, 0.1, 0.03, 0.01");
  await page.getByRole("button", { name: "Add a parameter" }).click();
  await page.getByLabel("Parameter", { exact: true }).nth(2).fill("batch");
  await values.nth(1).fill("16, 32, 64");
  await expect(page.getByRole("button", { name: "Queue 12 runs" })).toBeEnabled();
  expect(await barriers(page)).toEqual([]);
  const sweepPath = new URL(page.url()).pathname;
  await page.getByRole("button", { name: "Queue 12 runs" }).click();
  await expect(page.locator("ol > li[data-run]")).toHaveCount(12);

  await post(`/v2/units/${unitId}/heartbeat`);
  const { queue } = await post(`/v2/units/${unitId}/claim`);
  await expect(page.locator("ol > li[data-run]")).toHaveCount(11);
  await post(`/v2/queues/${queue.queue_id}/metrics`, {
    points: [1, 2, 3].map((step) => ({ key: "loss", step, value: 1 / step })),
  });
  await post(`/v2/queues/${queue.queue_id}/logs`, { lines: [{ message: "epoch 3 done" }] });
  const runPath = `/runs/${queue.queue_id}`;
  await page.goto(runPath);
  await expect(page.getByText("epoch 3 done")).toBeVisible();
  await expect(page.getByText("Running")).toBeVisible();
  await post(`/v2/queues/${queue.queue_id}/complete`, { result: { accuracy: 0.97 } });
  await expect(page.getByText("Completed")).toBeVisible();
  await expect(page.getByText("0.97").first()).toBeVisible();
  expect(await barriers(page)).toEqual([]);

  // The same sweep again: what ran, runs or waits is ticked off.
  await page.goto(sweepPath);
  await values.first().fill("0.3, 0.1, 0.03, 0.01");
  await page.getByRole("button", { name: "Add a parameter" }).click();
  await page.getByLabel("Parameter", { exact: true }).nth(2).fill("batch");
  await values.nth(1).fill("16, 32, 64");
  await expect(page.getByText("ran before")).toHaveCount(12);
  await expect(page.getByRole("button", { name: "Queue 0 runs" })).toBeDisabled();

  expect(errors).toEqual([]);
});
