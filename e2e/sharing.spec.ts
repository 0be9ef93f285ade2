// Sharing a group: added by address, seen by the other account, kept from what its role forbids; and who did what.
import type { Page } from "@playwright/test";
import { expect, signIn, test } from "./fixtures";
import { barriers, complaintsOf, PHONE, sideways } from "./page-checks";

test("a group is shared as viewer, then as editor, left, and each page offers what the role allows", async ({
  page,
  rest,
  stack,
  account,
  browser,
}) => {
  test.setTimeout(180_000);
  const errors = complaintsOf(page);
  const other = await stack.addAccount();
  const group = await rest.post("/v2/groups", { name: "digits" });
  const unit = await rest.post(`/v2/groups/${group.group_id}/units`, { name: "mlp" });
  for (const lr of [1, 2]) await rest.post(`/v2/units/${unit.unit_id}/queues`, { parameters: { lr } });
  const failed = await rest.post(`/v2/units/${unit.unit_id}/queues`, { name: "bad", parameters: { lr: 9 } });
  await rest.post(`/v2/queues/${failed.queue_id}/start`);
  await rest.post(`/v2/queues/${failed.queue_id}/fail`);

  await page.goto(`/groups/${group.group_id}`);
  await page.getByRole("button", { name: "Share" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("E-mail address").fill("nobody@example.org");
  await dialog.getByRole("button", { name: "Share" }).click();
  await expect(dialog).toContainText("is no account's address");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByLabel("E-mail address").fill(other.email);
  await dialog.getByRole("button", { name: "Share" }).click();
  await expect(dialog.getByRole("listitem")).toContainText(other.email);
  await page.setViewportSize(PHONE);
  expect(await sideways(page)).toBe(0);
  expect(await barriers(page)).toEqual([]);
  await page.setViewportSize({ width: 1280, height: 800 });

  const theirs = await browser.newContext({ baseURL: stack.url, storageState: await signIn(stack.url, other) });
  const guest = await theirs.newPage();
  const guestErrors = complaintsOf(guest);
  await guest.goto("/groups");
  await expect(guest.getByRole("link", { name: /digits/ })).toContainText(`shared by ${account.email}`);
  await expect(guest.getByRole("button", { name: "Remove digits" })).toHaveCount(0);
  await guest.getByRole("link", { name: /digits/ }).click();
  await expect(guest.getByRole("button", { name: "Leave" })).toBeVisible();
  await expect(guest.getByRole("button", { name: "Share" })).toHaveCount(0);
  const offered = async (at: Page) => {
    const found = [];
    for (const path of [`/units/${unit.unit_id}`, `/units/${unit.unit_id}?tab=runs`, `/runs/${failed.queue_id}`]) {
      await at.goto(path);
      await expect(at.getByRole("heading", { level: 1 })).toContainText("shared by");
      await expect(
        at.getByText(path.includes("units") && !path.includes("tab") ? "lr=1" : "bad").first(),
      ).toBeVisible();
      for (const name of ["Pause", "Add run", "Retry", "Select all waiting runs", "Actions"])
        if ((await at.getByRole("button", { name: new RegExp(`^${name}`) }).count()) > 0) found.push(`${path} ${name}`);
      if ((await at.getByRole("checkbox").count()) > 0) found.push(`${path} checkbox`);
    }
    return found;
  };
  expect(await offered(guest)).toEqual([]);

  await dialog.getByLabel(`Role of ${other.email}`).selectOption("editor");
  await expect.poll(async () => (await offered(guest)).length).toBeGreaterThan(4);
  await guest.goto(`/units/${unit.unit_id}`);
  await guest.getByRole("button", { name: "Pause" }).click();
  await guest.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await expect(guest.getByText("Paused").first()).toBeVisible();

  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect(page.getByText(`${other.email} paused the unit`)).toBeVisible();
  await page.goto("/activity");
  await expect(page.getByText(`${other.email} paused the unit`)).toBeVisible();
  await page.getByLabel("What").selectOption("share");
  await expect(page.getByText(`${account.email} shared the group`).first()).toBeVisible();
  await expect(page.getByText("paused the unit")).toHaveCount(0);
  await page.getByLabel("What").selectOption("");
  await page.getByLabel("Who").selectOption({ label: other.email });
  await expect(page.getByText("shared the group")).toHaveCount(0);
  await expect(page.getByText(`${other.email} paused the unit`)).toBeVisible();

  await guest.goto(`/groups/${group.group_id}`);
  await guest.getByRole("button", { name: "Leave" }).click();
  await guest.getByRole("dialog").getByRole("button", { name: "Leave" }).click();
  await expect(guest).toHaveURL(/\/groups$/);
  await expect(guest.getByRole("link", { name: /digits/ })).toHaveCount(0);
  // The address that has no account.
  expect(errors).toEqual([expect.stringContaining("400")]);
  expect(guestErrors).toEqual([]);
  await theirs.close();
});

test("an open page shows at once what is shared, and what is not any more", async ({ page, rest, stack, account }) => {
  const owner = await stack.addAccount();
  const headers = { Authorization: `Bearer ${owner.key}` };
  const { group_id: groupId } = await (
    await page.request.post("/v2/groups", { headers, data: { name: "theirs" } })
  ).json();
  const { user_id: me } = await rest.post("/v2/groups", { name: "mine" });
  await page.goto("/groups");
  await expect(page.getByRole("link", { name: /mine/ })).toBeVisible();
  await expect(page.getByText("Live")).toBeVisible();
  const share = { headers, data: { email: account.email } };
  expect((await page.request.put(`/v2/groups/${groupId}/shares`, share)).status()).toBe(200);
  await expect(page.getByRole("link", { name: /theirs/ })).toContainText(`shared by ${owner.email}`);
  expect((await page.request.delete(`/v2/groups/${groupId}/shares/${me}`, { headers })).status()).toBe(200);
  await expect(page.getByRole("link", { name: /theirs/ })).toHaveCount(0);
});
