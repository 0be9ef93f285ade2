// Groups and the page of a run: made, renamed, cloned, removed, and brought back from the trash.
import { expect, test } from "./fixtures";
import { barriers, complaintsOf } from "./page-checks";

test("an empty account is shown how to start, and a group is made, renamed, removed with what runs in it, and restored", async ({
  page,
  rest,
}) => {
  const errors = complaintsOf(page);
  await page.goto("/groups");
  await expect(page.getByText("npx mlqueue driver run -u my-group/my-unit")).toBeVisible();
  expect(await barriers(page)).toEqual([]);

  await page.getByRole("button", { name: "New group" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("digits");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Create" }).click();
  await page.getByRole("link", { name: /digits/ }).click();
  await page.getByRole("button", { name: "Rename" }).click();
  await dialog.getByLabel("Name").fill("letters");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "letters" })).toBeVisible();

  await page.getByRole("button", { name: "New unit" }).first().click();
  await dialog.getByLabel("Name").fill("mlp");
  await dialog.getByRole("button", { name: "Create" }).click();
  const unit = page.getByRole("link", { name: /^mlp \w/ });
  await expect(unit).toContainText("never seen");
  const unitId = (await unit.getAttribute("href"))?.split("/").at(-1);
  await rest.post(`/v2/units/${unitId}/queues`, { name: "first", parameters: { lr: 0.1 } });
  await rest.post(`/v2/units/${unitId}/heartbeat`);
  await rest.post(`/v2/units/${unitId}/claim`);
  await expect(unit).toContainText("Driver connected");
  await expect(unit).toContainText("1 running");

  await page.getByRole("link", { name: "Groups" }).first().click();
  await expect(page.getByRole("link", { name: /letters/ })).toContainText("1 running");
  await page.getByRole("button", { name: "Remove letters" }).click();
  await expect(dialog).toContainText("1 run is running: its driver will stop.");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Move to trash" }).click();
  await expect(page.getByRole("link", { name: /letters/ })).toHaveCount(0);
  await page
    .getByRole("listitem")
    .filter({ hasText: "Group letters" })
    .getByRole("button", { name: "Restore" })
    .click();
  await expect(page.getByRole("link", { name: /letters/ })).toContainText("1 unit");
  expect(errors).toEqual([]);
});

test("a group is not removed before it is known what goes along", async ({ page, rest }) => {
  const group = await rest.post("/v2/groups", { name: "digits" });
  const unit = await rest.post(`/v2/groups/${group.group_id}/units`, { name: "mlp" });
  for (const name of ["first", "second"])
    await rest.post(`/v2/units/${unit.unit_id}/queues`, { name, parameters: { lr: 0.1 } });
  await rest.post(`/v2/units/${unit.unit_id}/claim`);
  let count = () => {};
  const counted = new Promise<void>((resolve) => (count = resolve));
  await page.route(/groups\.statistics/, async (route) => {
    await counted;
    await route.continue();
  });
  await page.goto("/groups");
  await page.getByRole("button", { name: "Remove digits" }).click();
  const dialog = page.getByRole("dialog");
  const remove = dialog.getByRole("button", { name: "Move to trash" });
  await expect(dialog).toContainText("Counting what goes along");
  await expect(dialog).not.toContainText(/\b0\b/);
  await expect(remove).toBeDisabled();
  count();
  await expect(dialog).toContainText("1 run is running: its driver will stop.");
  await expect(remove).toBeEnabled();
});

test("a unit whose driver took a run without a heartbeat says just that", async ({ page, rest }) => {
  const group = await rest.post("/v2/groups", { name: "digits" });
  const unit = await rest.post(`/v2/groups/${group.group_id}/units`, { name: "mlp" });
  for (const name of ["first", "second"])
    await rest.post(`/v2/units/${unit.unit_id}/queues`, { name, parameters: { lr: 0.1 } });
  await rest.post(`/v2/units/${unit.unit_id}/claim`);
  await page.goto(`/groups/${group.group_id}`);
  await expect(page.getByRole("link", { name: /^mlp \w/ })).toContainText(
    "A driver took a run, and has sent no heartbeat yet",
  );
  await page.goto(`/units/${unit.unit_id}`);
  await expect(page.locator("header").getByText("A driver took a run, and has sent no heartbeat yet")).toBeVisible();
  await expect(page.getByText("A driver took 1 run, and has sent no heartbeat yet")).toBeVisible();
  await expect(page.locator("ol > li[data-run]")).toContainText("no driver has sent a heartbeat yet");
  await expect(page.locator("main")).not.toContainText(/never/);
});

test("a run tells how it goes, is cloned with a change that its copy shows, and is removed and brought back", async ({
  page,
  rest,
}) => {
  const errors = complaintsOf(page);
  const group = await rest.post("/v2/groups", { name: "digits" });
  const unit = await rest.post(`/v2/groups/${group.group_id}/units`, { name: "mlp" });
  const run = await rest.post(`/v2/units/${unit.unit_id}/queues`, { name: "first", parameters: { lr: 0.1 } });
  await page.goto(`/runs/${run.queue_id}`);
  await expect(page.getByText("until a driver takes it")).toBeVisible();

  await page.getByRole("button", { name: "Clone with changes" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Parameters").fill('{ "lr": 0.3 }');
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Add run" }).click();
  await expect(page.getByText("A copy of")).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: "lr: 0.1 → 0.3" })).toBeVisible();

  await page.getByRole("button", { name: "Remove run" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "mlp" })).toBeVisible();
  await expect(page.locator("ol > li[data-run]")).toHaveCount(1);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.locator("ol > li[data-run]")).toHaveCount(2);

  await rest.post(`/v2/units/${unit.unit_id}/claim`, { driver_id: "gpu03" });
  await page.goto(`/runs/${run.queue_id}`);
  await expect(page.getByText(/^for .+ on gpu03$/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Remove run" })).toHaveCount(0);
  await page.getByRole("button", { name: "Cancel run" }).click();
  await expect(page.getByText(/^after /)).toBeVisible();
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(page.getByText("until a driver takes it")).toBeVisible();
  expect(errors).toEqual([]);
});
