import { expect, FOR_A_CLIENT, test } from "./fixtures";

const names = ["alpha lr=0.1", "beta lr=0.1", "gamma lr=0.01"];

test("filter, search and sort live in the address and survive a reload", async ({ page, rest }) => {
  for (const [index, name] of names.entries()) await rest.createTask({ ...FOR_A_CLIENT, name, priority: index });
  const rows = page.locator("tbody tr");
  await page.goto("/tasks");
  await expect(rows).toHaveCount(3);

  await page.keyboard.press("/");
  await page.keyboard.type("lr=0.1");
  await expect(rows).toHaveCount(2);
  await expect(page).toHaveURL(/q=lr%3D0\.1/);

  await page.getByRole("button", { name: "Name" }).click();
  await expect(page).toHaveURL(/sort=name&order=asc/);
  await expect(rows.first()).toContainText("alpha");
  await page.getByRole("button", { name: "Name" }).click();
  await expect(rows.first()).toContainText("beta");
  await expect(page.getByRole("columnheader", { name: "Name" })).toHaveAttribute("aria-sort", "descending");

  await page.reload();
  await expect(page.getByRole("searchbox")).toHaveValue("lr=0.1");
  await expect(rows.first()).toContainText("beta");

  await page.getByRole("button", { name: /^Completed/ }).click();
  await expect(page.getByText("No task matches")).toBeVisible();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await expect(rows).toHaveCount(3);
});

test("many tasks are cancelled and tried again together", async ({ page, rest }) => {
  for (const name of names) await rest.createTask({ ...FOR_A_CLIENT, name });
  await page.goto("/tasks");
  await page.getByRole("checkbox", { name: "Select alpha lr=0.1" }).check();
  await page.getByRole("checkbox", { name: "Select gamma lr=0.01" }).check();
  await page.getByRole("button", { name: "Cancel 2" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel 2 tasks" }).click();
  await expect(page.getByText("2 tasks cancelled")).toBeVisible();
  await expect(page.getByRole("row", { name: /Cancelled/ })).toHaveCount(2);

  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await page.getByRole("button", { name: "Retry 2" }).click();
  await expect(page.getByRole("row", { name: /Waiting/ })).toHaveCount(3);
});

test("a long list has pages", async ({ page, rest }) => {
  await rest.post("/v1/tasks/batch", {
    tasks: Array.from({ length: 53 }, (_, index) => ({ name: `row ${index}`, config: {} })),
  });
  await page.goto("/tasks");
  await expect(page.getByText("1–50 of 53")).toBeVisible();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("51–53 of 53")).toBeVisible();
  await expect(page.locator("tbody tr")).toHaveCount(3);
  await page.goBack();
  await expect(page.getByText("1–50 of 53")).toBeVisible();
});

test("a queue is paused with a reason that everyone reads, and resumed", async ({ page, rest }) => {
  const queue = "paused-here";
  await rest.post("/v1/queue/pause", { queue });
  await rest.post("/v1/queue/resume", { queue });
  const first = await rest.createTask({ ...FOR_A_CLIENT, name: "placeholder", queue });
  await page.goto(`/tasks?queue=${queue}`);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByLabel("Reason").fill("new driver");
  await page.getByRole("button", { name: "Pause queue" }).click();
  await expect(page.getByText(`Queue ${queue} is paused: new driver`)).toBeVisible();

  const taskId = await rest.createTask({
    name: "held back",
    entrypoint: "train_digits.mjs",
    config: { epochs: 1 },
    queue,
  });
  const row = page.getByRole("row", { name: /held back/ });
  await expect(row).toContainText(`queue ${queue} is paused: new driver`);
  await page.getByRole("button", { name: "Resume", exact: true }).click();
  await rest.waitFor(taskId, "completed");
  await expect(row).toContainText("Completed");
  await rest.post(`/v1/tasks/${first}/cancel`);
});
