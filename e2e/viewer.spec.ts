// Who only looks: sees everything, is offered nothing that would be refused.
import type { Page } from "@playwright/test";
import { expect, FOR_A_CLIENT, test } from "./fixtures";
import { barriers, complaintsOf, settled, sideways } from "./page-checks";

/** Words of what changes something. */
const CHANGES =
  /\b(New|Pause|Resume|Cancel|Retry|Duplicate|Clone|Add|Rename|Remove|Select|Move|Edit|priority|Restore)\b/;

const offered = async (page: Page): Promise<string[]> => {
  const names = await page
    .locator("main")
    .locator("button, a[href*='/new'], a[href$='/extend'], input[type=checkbox]")
    .evaluateAll((all) => all.map((one) => one.getAttribute("aria-label") ?? one.textContent ?? ""));
  return names.filter((name) => CHANGES.test(name));
};

test("a viewer sees its tasks and units, and no button that would be refused", async ({
  page,
  rest,
  stack,
  account,
}) => {
  const complaints = complaintsOf(page);
  const task = await rest.createTask({ ...FOR_A_CLIENT, name: "never mind" });
  const group = await rest.post("/v2/groups", { name: "a group" });
  const unit = await rest.post(`/v2/groups/${group.group_id}/units`, { name: "a unit" });
  for (const lr of [0.1, 0.2])
    await rest.post(`/v2/units/${unit.unit_id}/queues`, { name: `lr ${lr}`, parameters: { lr } });
  await rest.post("/v1/queue/pause", { queue: "default", reason: "the room is hot" });
  await page.goto("/tasks");
  await expect(page.getByRole("link", { name: "New task" })).toBeVisible();
  await expect.poll(() => offered(page)).toEqual(expect.arrayContaining([expect.stringContaining("Resume")]));

  await stack.setRole(account, "viewer");
  for (const path of [
    "/tasks",
    `/tasks/${task}`,
    "/groups",
    `/groups/${group.group_id}`,
    `/units/${unit.unit_id}`,
    `/units/${unit.unit_id}?tab=runs`,
    "/settings?part=webhooks",
  ]) {
    await expect(async () => {
      await page.goto(path);
      await settled(page);
      expect(await offered(page)).toEqual([]);
    }, path).toPass({ timeout: 15_000 });
    expect(await barriers(page), path).toEqual([]);
  }
  await page.goto("/tasks");
  await page.getByRole("button", { name: "Actions for never mind" }).first().click();
  await expect(page.getByRole("menuitem")).toHaveText(["Copy the task id"]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Account", exact: true }).click();
  await expect(page.getByText(`${account.email} · Viewer`)).toBeVisible();
  await page.keyboard.press("Escape");

  await page.goto("/settings");
  await page.getByRole("button", { name: "New API key" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("checkbox")).toHaveCount(1);
  await dialog.getByLabel("Name").fill("dashboard");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  await expect(page.getByRole("dialog").getByLabel("Key")).toHaveValue(/^mlq_/);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("listitem").filter({ hasText: "dashboard" })).toContainText("only reads");
  expect(await sideways(page)).toBe(0);
  expect(complaints).toEqual([]);
});

test("a viewer without tasks or groups is told where something may appear, and is offered nothing to type", async ({
  page,
  stack,
  account,
}) => {
  await stack.setRole(account, "viewer");
  for (const [path, words] of [
    ["/tasks", "the groups that others share with it"],
    ["/groups", "Groups that others share with it appear here"],
  ] as const) {
    await page.goto(path);
    await expect(page.getByText(words)).toBeVisible();
    await expect(page.locator("pre")).toHaveCount(0);
    expect(await offered(page), path).toEqual([]);
    expect(await barriers(page), path).toEqual([]);
  }
  await page.goto("/settings");
  const keys = page.getByRole("region", { name: "API keys" });
  await expect(keys.getByText("only reads")).toBeVisible();
  await expect(keys).not.toContainText("everything");
});
