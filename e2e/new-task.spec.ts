import { expect, LONG_TRAINING, test } from "./fixtures";

test("a bad config is marked where it is wrong, and nothing is queued until it is mended", async ({ page }) => {
  await page.goto("/tasks/new");
  await page.getByLabel("Name").fill("my first");
  await page.getByLabel("Config").fill('{\n  "lr": 0.1,\n  "epochs": 3,\n}');
  await page.getByRole("button", { name: "Queue task" }).click();
  await expect(page.getByText("Line 3, column 14: there must be no comma after the last entry.")).toBeVisible();
  await expect(page.getByLabel("Config")).toBeFocused();
  await expect(page.getByLabel("Config")).toHaveAttribute("aria-invalid", "true");

  await page.getByLabel("Config").fill('{\n  "lr": 0.1,\n  "epochs": 3\n}');
  await page.getByRole("button", { name: "Queue task" }).click();
  await expect(page).toHaveURL(/\/tasks\/task_/);
  await expect(page.getByRole("heading", { name: "my first" })).toBeVisible();
  await expect(page.getByText(/^Completed in/)).toBeVisible({ timeout: 20_000 });
});

test("what the server refuses is said at its field, and what was typed stays", async ({ page }) => {
  await page.goto("/tasks/new");
  await page.getByLabel("Name").fill("too eager");
  await page.getByText("More options").click();
  await page.getByLabel("Attempts").fill("5000");
  await page.getByRole("button", { name: "Queue task" }).click();
  await expect(page.getByText("must be at most 1000")).toBeVisible();
  await expect(page.getByLabel("Attempts")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Name")).toHaveValue("too eager");
});

test("a command is shown as the arguments it is split into", async ({ page, rest }) => {
  await page.goto("/tasks/new");
  await page.getByLabel("Name").fill("says hello");
  await page.getByText("Command", { exact: true }).click();
  await page.getByLabel("Command").last().fill("node -p '\"hello \" + 1'");
  await expect(page.getByText("3 arguments:")).toBeVisible();
  await page.getByRole("button", { name: "Queue task" }).click();
  await expect(page.getByRole("log")).toContainText("hello 1", { timeout: 15_000 });
  const taskId = page.url().split("/").at(-1) ?? "";
  await rest.waitFor(taskId, "completed");
});

test("a duplicate starts with the same values", async ({ page, rest }) => {
  const taskId = await rest.createTask({
    ...LONG_TRAINING,
    name: "the original",
    priority: 7,
    tags: ["seed-1"],
    queue: "nobody",
    resources: { gpus: 64 },
  });
  await page.goto(`/tasks/${taskId}`);
  await page.getByRole("button", { name: "Duplicate" }).click();
  await expect(page.getByLabel("Name")).toHaveValue("the original");
  await expect(page.getByLabel("Priority")).toHaveValue("7");
  await expect(page.getByLabel("Tags")).toHaveValue("seed-1");
  await expect(page.getByLabel("GPUs")).toHaveValue("64");
  await expect(page.getByLabel("Config")).toHaveValue(/"epochs": 1000/);
});
