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
