// From an empty account to a sweep that a driver works through: groups, a unit, a sweep, a run.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const PHONE = { width: 390, height: 844 };

const barriers = async (page: Page): Promise<string[]> => {
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
};
const sideways = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test("a group, a unit and a sweep are made in the browser, a driver takes the first run, and its page shows what came of it", async ({
  page,
  context,
  request,
  account,
  stack,
}) => {
  test.setTimeout(120_000);
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("404")) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
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
  const groupPath = new URL(page.url()).pathname;
  await page.getByRole("link", { name: /mlp/ }).click();
  await expect(page.getByRole("heading", { level: 1, name: "mlp" })).toBeVisible();
  const unitPath = new URL(page.url()).pathname;
  const unitId = unitPath.split("/").at(-1);

  await page.getByRole("link", { name: "New sweep" }).click();
  const values = page.getByLabel("Values, separated by commas");
  await values.first().fill("0.3, 0.1, 0.03, 0.01");
  await values.nth(1).fill("10");
  await page.getByRole("button", { name: "Add a parameter" }).click();
  await page.getByLabel("Parameter", { exact: true }).nth(2).fill("batch");
  await values.nth(2).fill("16, 32, 64");
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

  // The same sweep again: what ran, runs or waits is ticked off.
  await page.goto(sweepPath);
  await values.first().fill("0.3, 0.1, 0.03, 0.01");
  await values.nth(1).fill("10");
  await page.getByRole("button", { name: "Add a parameter" }).click();
  await page.getByLabel("Parameter", { exact: true }).nth(2).fill("batch");
  await values.nth(2).fill("16, 32, 64");
  await expect(page.getByText("ran before")).toHaveCount(12);
  await expect(page.getByRole("button", { name: "Queue 0 runs" })).toBeDisabled();

  for (const language of ["en", "zh"]) {
    await context.addCookies([{ name: "mlq_locale", value: language, url: stack.url }]);
    for (const path of ["/groups", groupPath, unitPath, sweepPath, runPath]) {
      await page.goto(path);
      await expect(page.locator("h1").first()).toBeVisible();
      await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
      if (language === "en") {
        expect(await barriers(page), `light ${path}`).toEqual([]);
        await page.emulateMedia({ colorScheme: "dark" });
        expect(await barriers(page), `dark ${path}`).toEqual([]);
        await page.emulateMedia({ colorScheme: "light" });
      }
      const wide = page.viewportSize() ?? PHONE;
      await page.setViewportSize(PHONE);
      expect(await sideways(page), `phone ${language} ${path}`).toBe(0);
      if (process.env.SHOTS)
        await page.screenshot({
          path: `${process.env.SHOTS}/${language}-390${path.replace(/\W/g, "_").slice(0, 14)}.png`,
          fullPage: true,
        });
      await page.setViewportSize(wide);
      if (process.env.SHOTS)
        await page.screenshot({
          path: `${process.env.SHOTS}/${language}-wide${path.replace(/\W/g, "_").slice(0, 14)}.png`,
          fullPage: true,
        });
    }
  }
  expect(errors).toEqual([]);
});
