// The page of a unit: its waiting list is changed while a driver pulls from it.
import type { APIRequestContext, Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { barriers, complaintsOf, PHONE, sideways } from "./page-checks";
import type { Account } from "./stack";

type Body = Record<string, unknown>;
type Ask = (method: "POST" | "PUT" | "GET", path: string, body?: Body) => Promise<Body>;

const askAs =
  (request: APIRequestContext, account: Account): Ask =>
  async (method, path, data) => {
    const answer = await request.fetch(path, {
      method,
      headers: { Authorization: `Bearer ${account.key}` },
      ...(data && { data }),
    });
    expect(answer.ok(), await answer.text()).toBe(true);
    return answer.json();
  };

const unitWith = async (ask: Ask, count: number): Promise<string> => {
  const group = await ask("POST", "/v2/groups", { name: "digits" });
  const unit = await ask("POST", `/v2/groups/${group.group_id}/units`, { name: "mlp" });
  const queues = Array.from({ length: count }, (_, n) => ({
    name: `run ${n + 1}`,
    parameters: { lr: (n + 1) / 100, epochs: 10 },
  }));
  await ask("POST", `/v2/units/${unit.unit_id}/queues/batch`, { queues });
  return String(unit.unit_id);
};

const rows = (page: Page) => page.locator("ol > li[data-run]");
const names = (page: Page) => rows(page).getByRole("link").allTextContents();
const handle = (page: Page, name: string) => page.getByRole("button", { name: new RegExp(`^Move ${name}, now`) });
const first = (page: Page, ...wanted: string[]) =>
  expect.poll(async () => (await names(page)).slice(0, wanted.length)).toEqual(wanted);

test("the waiting list is moved, edited and claimed from, and a running run is cancelled", async ({
  page,
  request,
  account,
}) => {
  test.setTimeout(180_000);
  const errors = complaintsOf(page);
  const ask = askAs(request, account);
  const unitId = await unitWith(ask, 12);
  const order = async () => {
    const { queues } = await ask("GET", `/v2/units/${unitId}/queues?status=pending`);
    return (queues as Body[]).map((queue) => queue.name);
  };
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(`/units/${unitId}`);
  await expect(rows(page)).toHaveCount(12);
  await expect(page.getByText("12 runs wait for a driver")).toBeVisible();
  expect(await barriers(page)).toEqual([]);

  // by pointer, and undone
  await handle(page, "run 5").scrollIntoViewIfNeeded();
  await handle(page, "run 2").scrollIntoViewIfNeeded();
  const from = await handle(page, "run 5").boundingBox();
  const to = await handle(page, "run 2").boundingBox();
  if (!from || !to) throw new Error("The rows are not on the page.");
  await page.mouse.move(from.x + 10, from.y + 10);
  await page.mouse.down();
  await page.mouse.move(from.x + 10, from.y - 20, { steps: 4 });
  await page.mouse.move(to.x + 10, to.y + 4, { steps: 8 });
  await page.mouse.up();
  await first(page, "run 1", "run 5", "run 2");
  await expect.poll(async () => (await order()).slice(0, 3)).toEqual(["run 1", "run 5", "run 2"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await first(page, "run 1", "run 2", "run 3", "run 4", "run 5");
  await expect.poll(async () => (await order()).slice(0, 3)).toEqual(["run 1", "run 2", "run 3"]);

  await expect(page.getByText("The order is as it was")).toBeAttached();

  // by keyboard: put back, then dropped
  await handle(page, "run 4").focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowUp");
  await first(page, "run 1", "run 2", "run 4", "run 3");
  await expect(page.getByText("run 4: 3 of 12")).toBeAttached();
  await page.keyboard.press("Escape");
  await first(page, "run 1", "run 2", "run 3", "run 4");
  await page.keyboard.press("Space");
  for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowUp");
  await expect(handle(page, "run 4")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByText("run 4 moved to 1 of 12").first()).toBeVisible();
  await expect.poll(async () => (await order()).slice(0, 2)).toEqual(["run 4", "run 1"]);

  // by menu
  await page.getByRole("button", { name: "Actions for run 12" }).click();
  await page.getByRole("menuitem", { name: "Move to the top" }).click();
  await first(page, "run 12", "run 4", "run 1");

  // edited, with somebody else's change in between
  await page.getByRole("button", { name: "Actions for run 3", exact: true }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const form = page.getByRole("form", { name: "Edit run 3" });
  await form.getByLabel("Parameters").fill('{"lr": 0.5, "epochs": 10}');
  const { queues } = await ask("GET", `/v2/units/${unitId}/queues`);
  const third = (queues as Body[]).find((queue) => queue.name === "run 3");
  await ask("PUT", `/v2/queues/${third?.queue_id}`, { name: "run 3 of theirs" });
  await expect(form.getByRole("alert")).toContainText("run 3 of theirs");
  await form.getByRole("button", { name: "Save mine anyway" }).click();
  await expect(form).toHaveCount(0);
  await expect
    .poll(async () => (await ask("GET", `/v2/queues/${third?.queue_id}`)).queue)
    .toMatchObject({ name: "run 3", parameters: { lr: 0.5, epochs: 10 } });

  // claimed by a driver: it leaves the list by itself
  await ask("POST", `/v2/units/${unitId}/heartbeat`);
  const { queue } = await ask("POST", `/v2/units/${unitId}/claim`);
  expect(queue).toMatchObject({ name: "run 12" });
  await expect(rows(page)).toHaveCount(11);
  const running = page.getByRole("region", { name: /^Running/ });
  await expect(running).toContainText("run 12");
  await expect(page.getByText("Driver connected")).toBeVisible();
  expect(await barriers(page)).toEqual([]);
  await running.getByRole("button", { name: "Cancel run 12" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await expect(running).toHaveCount(0);

  // many at once, counted by the server first
  await page.getByRole("checkbox", { name: "Select run 4", exact: true }).click();
  await page.getByRole("checkbox", { name: "Select run 2", exact: true }).click({ modifiers: ["Shift"] });
  await expect(page.getByText("3 runs selected")).toBeVisible();
  await page.getByRole("toolbar").getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel 3 runs" }).click();
  await expect(rows(page)).toHaveCount(8);

  // what became of all
  await page.getByRole("button", { name: "Runs", exact: true }).click();
  await expect(page.locator("tbody tr")).toHaveCount(12);
  await page.getByRole("combobox", { name: "State" }).selectOption("cancelled");
  await expect(page.locator("tbody tr")).toHaveCount(4);
  expect(await barriers(page)).toEqual([]);
  expect(errors).toEqual([]);
});

test("a row in the hand stays between its neighbours when a driver claims one above it", async ({
  page,
  request,
  account,
}) => {
  const ask = askAs(request, account);
  const unitId = await unitWith(ask, 5);
  const version = async () => (await ask("GET", `/v2/units/${unitId}`)).version;
  const moves: string[] = [];
  page.on("request", (sent) => {
    if (sent.url().includes("runs.move")) moves.push(sent.url());
  });
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(`/units/${unitId}`);
  await expect(rows(page)).toHaveCount(5);
  const before = await version();
  await handle(page, "run 3").focus();
  await page.keyboard.press("Space");
  await ask("POST", `/v2/units/${unitId}/claim`);
  await expect(rows(page)).toHaveCount(4);
  await first(page, "run 2", "run 3", "run 4", "run 5");
  await page.keyboard.press("Space");
  await expect(page.getByText("run 3 moved to 2 of 4")).toBeAttached();
  await first(page, "run 2", "run 3", "run 4", "run 5");
  expect(await version()).toEqual(before);
  expect(moves).toEqual([]);

  // lifted and moved on, and its new successor claimed
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowUp");
  await first(page, "run 3", "run 2");
  await ask("POST", `/v2/units/${unitId}/claim`);
  await expect(rows(page)).toHaveCount(3);
  await page.keyboard.press("Space");
  await first(page, "run 3", "run 4", "run 5");
  expect(moves).toEqual([]);
});

test("another's change that comes between the look and the save is shown, not overwritten", async ({
  page,
  request,
  account,
}) => {
  const ask = askAs(request, account);
  const unitId = await unitWith(ask, 2);
  const { queues } = await ask("GET", `/v2/units/${unitId}/queues`);
  const id = String((queues as Body[])[0]?.queue_id);
  await page.goto(`/units/${unitId}`);
  await page.getByRole("button", { name: "Actions for run 1" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const form = page.getByRole("form", { name: "Edit run 1" });
  await form.getByLabel("Parameters").fill('{"lr": 0.5}');
  let changes = 0;
  await page.route(/runs\.update/, async (route) => {
    if (changes++ === 0) await ask("PUT", `/v2/queues/${id}`, { name: "theirs" });
    await route.continue();
  });
  await form.getByRole("button", { name: "Save", exact: true }).click();
  await expect(form.getByRole("alert")).toContainText("Somebody changed this run");
  await expect(form.getByRole("alert")).toContainText("theirs");
  expect((await ask("GET", `/v2/queues/${id}`)).queue).toMatchObject({ name: "theirs", parameters: { lr: 0.01 } });
  await form.getByRole("button", { name: "Take theirs" }).click();
  const theirs = page.getByRole("form", { name: "Edit theirs" });
  await expect(theirs.getByLabel("Name")).toHaveValue("theirs");

  // What changed elsewhere in the unit is no reason to ask.
  await theirs.getByLabel("Parameters").fill('{"lr": 0.25}');
  changes = 0;
  await page.unroute(/runs\.update/);
  await page.route(/runs\.update/, async (route) => {
    if (changes++ === 0) await ask("POST", `/v2/units/${unitId}/queues`, { parameters: { lr: 1 } });
    await route.continue();
  });
  await theirs.getByRole("button", { name: "Save", exact: true }).click();
  await expect(theirs).toHaveCount(0);
  expect((await ask("GET", `/v2/queues/${id}`)).queue).toMatchObject({ name: "theirs", parameters: { lr: 0.25 } });
});

test("a run is moved before another by its number or its name, several at once too", async ({
  page,
  request,
  account,
}) => {
  const unitId = await unitWith(askAs(request, account), 12);
  await page.goto(`/units/${unitId}`);
  await page.getByRole("button", { name: "Actions for run 9" }).click();
  await page.getByRole("menuitem", { name: "Move before" }).click();
  const dialog = page.getByRole("dialog", { name: "Move run 9 before" });
  await dialog.getByLabel("Before which run?").fill("2");
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await first(page, "run 1", "run 9", "run 2", "run 3");

  await page.getByRole("checkbox", { name: "Select run 11", exact: true }).click();
  await page.getByRole("checkbox", { name: "Select run 12", exact: true }).click();
  await page.getByRole("toolbar").getByRole("button", { name: "Move before" }).click();
  const many = page.getByRole("dialog", { name: "Move 2 runs before" });
  await expect(many.getByRole("listitem").filter({ hasText: "run 11" })).toHaveCount(0);
  await many.getByLabel("Before which run?").fill("run 9");
  await many.getByRole("button", { name: "run 9" }).click();
  await first(page, "run 1", "run 11", "run 12", "run 9", "run 2");
});

test("of many runs only those in sight are drawn, and one is moved over all of them by keyboard", async ({
  page,
  request,
  account,
}) => {
  test.setTimeout(90_000);
  const ask = askAs(request, account);
  const unitId = await unitWith(ask, 400);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(`/units/${unitId}`);
  await first(page, "run 1", "run 2");
  expect(await rows(page).count()).toBeLessThan(80);
  await handle(page, "run 3").focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("End");
  await expect(page.getByText("run 3: 400 of 400")).toBeAttached();
  await expect(handle(page, "run 3")).toBeFocused();
  await expect(handle(page, "run 3")).toBeInViewport();
  await expect(handle(page, "run 400")).toBeVisible();
  await page.keyboard.press("ArrowUp");
  // Before the drop: its notice lies over a row for some seconds.
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Space");
  await expect(page.getByText("run 3 moved to 399 of 400").first()).toBeVisible();
  expect(await rows(page).count()).toBeLessThan(80);
  const order = async () => {
    const { queues } = await ask("GET", `/v2/units/${unitId}/queues?status=pending`);
    return (queues as Body[]).map((queue) => queue.name);
  };
  await expect.poll(async () => (await order()).slice(-3)).toEqual(["run 399", "run 3", "run 400"]);

  // What has the focus stays when it is out of sight, and is not lost.
  await page.evaluate(() => window.scrollTo(0, 0));
  await expect(handle(page, "run 1")).toBeInViewport();
  await expect(handle(page, "run 3")).toBeFocused();
});

test("of a long line only what is in sight is fetched, and what was never fetched is moved and cancelled as well", async ({
  page,
  request,
  account,
}) => {
  test.setTimeout(90_000);
  const ask = askAs(request, account);
  const unitId = await unitWith(ask, 400);
  const asked: number[] = [];
  page.on("request", (sent) => {
    const { searchParams, pathname } = new URL(sent.url());
    if (!pathname.includes("line.")) return;
    const all = Object.values(JSON.parse(searchParams.get("input") ?? "{}")) as { count?: number }[];
    for (const { count } of all) if (count !== undefined) asked.push(count);
  });
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(`/units/${unitId}`);
  await first(page, "run 1", "run 2");
  await expect(page.locator("[data-run]").first()).toHaveAttribute("aria-setsize", "400");
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await expect(handle(page, "run 400")).toBeVisible();

  await page.getByRole("button", { name: "Actions for run 390" }).click();
  await page.getByRole("menuitem", { name: "Move to the top" }).click();
  await expect(page.getByText("run 390 moved to 1 of 400").first()).toBeVisible();
  await page.evaluate(() => window.scrollTo(0, 0));
  await first(page, "run 390", "run 1", "run 2");
  await page.getByRole("button", { name: "Undo" }).click();
  await first(page, "run 1", "run 2");

  await page.getByRole("checkbox", { name: "Select all that wait" }).click();
  await expect(page.getByText("400 runs selected")).toBeVisible();
  await page.getByRole("checkbox", { name: "Select run 2", exact: true }).click();
  await expect(page.getByText("399 runs selected")).toBeVisible();
  await page.getByRole("toolbar").getByRole("button", { name: "Cancel" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Type 399 to confirm").fill("399");
  await dialog.getByRole("button", { name: "Cancel 399 runs" }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText("run 2");
  expect(Math.max(...asked)).toBeLessThanOrEqual(200);
});

test("runs are selected in their table, and acted on: those that are shown, or all that match", async ({
  page,
  request,
  account,
}) => {
  test.setTimeout(90_000);
  const ask = askAs(request, account);
  const unitId = await unitWith(ask, 130);
  await page.goto(`/units/${unitId}?tab=runs`);
  const table = page.locator("tbody tr");
  const dialog = page.getByRole("dialog");
  const toolbar = page.getByRole("toolbar");
  await expect(table).toHaveCount(100);
  await expect(page.getByText("100 of 130 runs")).toBeVisible();

  await page.getByRole("checkbox", { name: "Select run 2", exact: true }).click();
  await page.getByRole("checkbox", { name: "Select run 4", exact: true }).click({ modifiers: ["Shift"] });
  await expect(toolbar).toContainText("3 runs selected");
  expect(await barriers(page)).toEqual([]);
  await toolbar.getByRole("button", { name: "Cancel" }).click();
  await dialog.getByRole("button", { name: "Cancel 3 runs" }).click();
  await expect(page.getByText("3 runs cancelled")).toBeVisible();
  await expect(toolbar).toHaveCount(0);

  // removed but for the one that runs, which is said
  await ask("POST", `/v2/units/${unitId}/claim`);
  await expect(table.filter({ hasText: "Running" })).toHaveCount(1);
  await page.getByRole("checkbox", { name: "Select run 1", exact: true }).click();
  await page.getByRole("checkbox", { name: "Select run 2", exact: true }).click();
  await toolbar.getByRole("button", { name: "Remove" }).click();
  await expect(dialog).toContainText("1 more is in another state");
  await dialog.getByRole("button", { name: "Remove 1 run" }).click();
  await expect(page.getByText("1 run moved to the trash")).toBeVisible();

  // all that match, beyond the page
  await page.getByRole("combobox", { name: "State" }).selectOption("pending");
  await expect(page.getByText("100 of 126 runs")).toBeVisible();
  await page.getByRole("checkbox", { name: "Select all that are shown" }).click();
  await toolbar.getByRole("button", { name: "Select all 126 that match" }).click();
  await toolbar.getByRole("button", { name: "Cancel" }).click();
  const agree = dialog.getByRole("button", { name: "Cancel 126 runs" });
  await expect(agree).toBeDisabled();
  await dialog.getByLabel("Type 126 to confirm").fill("126");
  await agree.click();
  await expect(page.getByText("126 runs cancelled")).toBeVisible();
  await expect(page.getByText("No run matches")).toBeVisible();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await expect(table.filter({ hasText: "Cancelled" })).toHaveCount(99);
  await page.getByRole("button", { name: "Show 29 more" }).click();
  await expect(table).toHaveCount(129);
});

test("a run that started while the reader agreed to cancel it as waiting is left to train", async ({
  page,
  request,
  account,
}) => {
  const ask = askAs(request, account);
  const unitId = await unitWith(ask, 3);
  await page.goto(`/units/${unitId}`);
  await page.getByRole("checkbox", { name: "Select run 1", exact: true }).click();
  await page.getByRole("checkbox", { name: "Select run 2", exact: true }).click();
  await page.getByRole("toolbar").getByRole("button", { name: "Cancel" }).click();
  const agree = page.getByRole("dialog").getByRole("button", { name: "Cancel 2 runs" });
  await expect(agree).toBeEnabled();
  const { queue } = await ask("POST", `/v2/units/${unitId}/claim`);
  await agree.click();
  await expect(page.getByText("1 run cancelled")).toBeVisible();
  await expect(page.getByText("1 had already started")).toBeVisible();
  const { queue: now } = await ask("GET", `/v2/queues/${(queue as Body).queue_id}`);
  expect(now).toMatchObject({ name: "run 1", status: "running" });
});

test("a paused unit says why, and is resumed", async ({ page, request, account }) => {
  const unitId = await unitWith(askAs(request, account), 2);
  await page.setViewportSize(PHONE);
  await page.goto(`/units/${unitId}`);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByLabel("Reason").fill("new driver on gpu03");
  await page.getByRole("button", { name: "Pause unit" }).click();
  await expect(page.getByText("This unit is paused: new driver on gpu03", { exact: true })).toBeVisible();
  await expect(rows(page).first()).toContainText("the unit is paused: new driver on gpu03");
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByText("This unit is paused: new driver on gpu03", { exact: true })).toHaveCount(0);
  for (const tab of ["Queue", "Runs", "Charts"]) {
    await page.getByRole("button", { name: tab, exact: true }).click();
    await expect(page.getByText(tab === "Charts" ? "No run has started yet" : "run 2").first()).toBeVisible();
    expect(await sideways(page), tab).toBe(0);
  }
});

test("a run is added as JSON, with the wrong line named", async ({ page, request, account }) => {
  const unitId = await unitWith(askAs(request, account), 1);
  await page.goto(`/units/${unitId}`);
  await page.getByRole("button", { name: "Add run" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Parameters").fill('{"lr": 0.25,}');
  await dialog.getByRole("button", { name: "Add run" }).click();
  await expect(dialog).toContainText("Line 1");
  await dialog.getByLabel("Parameters").fill('{"lr": 0.25}');
  await dialog.getByRole("button", { name: "Add run" }).click();
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).last()).toContainText("lr=0.25");
});
