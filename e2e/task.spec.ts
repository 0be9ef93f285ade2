import { expect, FOR_A_CLIENT, LONG_TRAINING, test } from "./fixtures";

test("a training shows its log and its curves while it runs, and is cancelled with all it started", async ({
  page,
  rest,
}) => {
  const taskId = await rest.createTask({ ...LONG_TRAINING, name: "long one" });
  await page.goto(`/tasks/${taskId}`);
  const log = page.getByRole("log");
  await expect(log).toContainText("Epoch 3/1000");
  await expect(page.getByText(/^Running for .* on e2e-/)).toBeVisible();
  await expect(page.getByRole("progressbar")).toBeVisible();
  await expect(page.getByRole("img", { name: /^Chart of loss/ }).locator("canvas")).toBeVisible();

  await page.getByRole("button", { name: "Show as table" }).click();
  await expect(page.getByRole("columnheader", { name: "accuracy" })).toBeVisible();

  await page.getByRole("button", { name: "Cancel task" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel task" }).click();
  await expect(page.getByText(/^Cancelled after/)).toBeVisible({ timeout: 15_000 });
  expect((await rest.getTask(taskId)).status).toBe("cancelled");
});

test("the log follows its end until the reader scrolls up, counts what is new, and comes back", async ({
  page,
  rest,
}) => {
  const taskId = await rest.createTask({ ...LONG_TRAINING, name: "scrolled" });
  await page.goto(`/tasks/${taskId}`);
  const log = page.getByRole("log");
  await expect(log).toContainText("Epoch 60/1000", { timeout: 20_000 });
  await log.hover();
  await page.mouse.wheel(0, -600);
  await expect(page.getByRole("button", { name: /\d+ new lines?/ })).toBeVisible();
  const top = await log.evaluate((element) => element.scrollTop);
  await page.waitForResponse((response) => response.url().includes("tasks.logs"));
  expect(await log.evaluate((element) => element.scrollTop)).toBe(top);
  await page.getByRole("button", { name: /new lines?/ }).click();
  await expect
    .poll(() => log.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight))
    .toBeLessThan(24);
  await rest.post(`/v1/tasks/${taskId}/cancel`);
});

test("a failed task tells its exception first, and is tried again with one click", async ({ page, rest }) => {
  const taskId = await rest.createTask({
    name: "breaks",
    entrypoint: "fails_halfway.py",
    config: { lr: 0.1, epochs: 2 },
  });
  await rest.waitFor(taskId, "failed");
  await page.goto(`/tasks/${taskId}`);
  await expect(page.getByText(/^Failed after .*exit code 1/)).toBeVisible();
  await expect(
    page
      .getByRole("region", { name: "Error" })
      .getByText(/^FloatingPointError/)
      .first(),
  ).toBeVisible();
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(page.getByRole("rowheader", { name: "2" })).toBeVisible({ timeout: 15_000 });
  await expect(page.getByLabel("Attempt to show")).toBeVisible();
});

test("the priority of a waiting task is changed where it stands", async ({ page, rest }) => {
  const taskId = await rest.createTask({ ...FOR_A_CLIENT, name: "waits" });
  await page.goto(`/tasks/${taskId}`);
  await expect(page.getByText("Waiting: a client has to start it")).toBeVisible();
  await page.getByRole("button", { name: "Change the priority, now 0" }).click();
  await page.getByLabel("Priority", { exact: true }).fill("2000000");
  await page.keyboard.press("Enter");
  await expect(page.getByText("A whole number from -1,000,000 to 1,000,000.")).toBeVisible();
  await page.getByLabel("Priority", { exact: true }).fill("42");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Change the priority, now 42" })).toBeVisible();
});

test("a task that can never fit says so, and an unknown one too", async ({ page, rest }) => {
  const taskId = await rest.createTask({ ...LONG_TRAINING, name: "huge", resources: { gpus: 64 } });
  await page.goto(`/tasks/${taskId}`);
  await expect(page.getByText(/^Waiting: needs 64 GPUs, but the largest worker has \d/)).toBeVisible();
  await page.goto("/tasks/task_unknown");
  await expect(page.getByText("There is no such task")).toBeVisible();
});
