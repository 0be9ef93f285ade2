import { expect, FOR_A_CLIENT, test } from "./fixtures";

const EVENTS = /\/api\/trpc\/live\.events/;

test("what happens elsewhere shows within about a second, in every tab, through one stream", async ({
  page,
  context,
  rest,
}) => {
  await rest.createTask({ ...FOR_A_CLIENT, name: "already here" });
  let streams = 0;
  context.on("request", (request) => {
    if (EVENTS.test(request.url())) streams++;
  });
  await page.goto("/tasks");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  const second = await context.newPage();
  await second.goto("/tasks");
  await expect(second.getByText("Live", { exact: true })).toBeVisible();
  expect(streams).toBe(1);

  const taskId = await rest.createTask({ ...FOR_A_CLIENT, name: "new elsewhere" });
  await expect(second.getByRole("row", { name: /new elsewhere/ })).toBeVisible({ timeout: 2500 });
  await rest.post(`/v1/tasks/${taskId}/start`);
  await expect(second.getByRole("row", { name: /new elsewhere.*/ })).toContainText("Running", { timeout: 2500 });

  await page.close();
  await expect.poll(() => streams).toBe(2);
  await expect(second.getByText("Live", { exact: true })).toBeVisible();
});

test("rows do not move under the pointer; new ones wait behind a button", async ({ page, rest }) => {
  await rest.createTask({ ...FOR_A_CLIENT, name: "under the pointer" });
  await page.goto("/tasks");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await page.getByRole("row", { name: /under the pointer/ }).hover();
  await rest.createTask({ ...FOR_A_CLIENT, name: "came later" });
  await expect(page.getByRole("button", { name: "1 new task" })).toBeVisible();
  await expect(page.getByRole("row", { name: /came later/ })).toHaveCount(0);
  await page.getByRole("button", { name: "1 new task" }).click();
  await expect(page.getByRole("row", { name: /came later/ })).toBeVisible();
});

test("without a stream the page asks by itself, and says so", async ({ page, rest }) => {
  await page.route(EVENTS, (route) => route.abort());
  const taskId = await rest.createTask({ name: "polled", entrypoint: "train_digits.mjs", config: { epochs: 3 } });
  await page.goto(`/tasks/${taskId}`);
  await expect(page.getByText("Polling")).toBeVisible();
  await expect(page.getByText(/^Completed in/)).toBeVisible({ timeout: 15_000 });
  await expect(page.getByRole("log")).toContainText("Epoch 3/3");
});

test("a server that is away is said, with the time of what is shown, and the page recovers", async ({ page, rest }) => {
  await rest.createTask({ ...FOR_A_CLIENT, name: "still shown" });
  await page.goto("/tasks");
  await expect(page.getByRole("row", { name: /still shown/ })).toBeVisible();
  await page.route("**/api/trpc/**", (route) => route.abort());
  await page.getByRole("button", { name: /^Waiting/ }).click();
  await expect(page.getByText(/^Offline, shown as of \d\d:\d\d$/)).toBeVisible();
  await page.unroute("**/api/trpc/**");
  await expect(page.getByRole("row", { name: /still shown/ })).toBeVisible();
  await expect(page.getByText(/^Offline/)).toHaveCount(0);
});
