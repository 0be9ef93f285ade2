// What holds for every page: no sideways scrolling on a phone, no barrier that axe can find, nothing in the console.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, LONG_TRAINING, type Rest, test } from "./fixtures";

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** One task of each kind that looks different, with a name that is long and one without spaces. */
const prepare = async (rest: Rest): Promise<string[]> => {
  const done = await rest.createTask({
    name: `digits_${"x".repeat(120)}`,
    entrypoint: "train_digits.mjs",
    config: { lr: 0.1, epochs: 3 },
    tags: ["a-rather-long-tag-of-mine", "b", "c", "d"],
  });
  const failed = await rest.createTask({
    name: "a name with very many words ".repeat(6).trim(),
    entrypoint: "fails_halfway.py",
    config: { epochs: 2 },
  });
  const waiting = await rest.createTask({
    ...LONG_TRAINING,
    name: "never fits",
    priority: -1_000_000,
    resources: { gpus: 64, cpus: 9999, memory_mb: 99_999_999 },
  });
  await rest.createTask({
    name: "later",
    run_at: new Date(Date.now() + 86_400_000).toISOString(),
    queue: "another-queue-with-a-long-name",
  });
  await Promise.all([rest.waitFor(done, "completed"), rest.waitFor(failed, "failed")]);
  return [
    "/tasks",
    "/tasks?q=nothing-like-it",
    "/tasks/new",
    `/tasks/new?from=${waiting}`,
    `/tasks/${done}`,
    `/tasks/${failed}`,
    `/tasks/${waiting}`,
    "/tasks/task_unknown",
    "/nothing-here",
  ];
};

const settled = async (page: Page) => {
  await expect(page.locator("h1, main p").first()).toBeVisible();
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
};

for (const locale of ["en", "zh"]) {
  test.describe(() => {
    test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

    test(`on a phone no page scrolls sideways (${locale})`, async ({ page, context, rest, stack }) => {
      await context.addCookies([{ name: "mlq_locale", value: locale, url: stack.url }]);
      for (const path of await prepare(rest)) {
        await page.goto(path);
        await settled(page);
        expect(
          await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
          path,
        ).toBe(0);
      }
    });
  });
}

test("axe finds no serious barrier on any page, in light and in dark", async ({ page, rest }) => {
  test.setTimeout(60_000);
  const paths = await prepare(rest);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const path of paths) {
      await page.goto(path);
      await settled(page);
      const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(
        serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`),
        `${colorScheme} ${path}`,
      ).toEqual([]);
    }
  }
});

test("dialogs and menus have no serious barrier, and give the focus back", async ({ page, rest }) => {
  await prepare(rest);
  await page.goto("/tasks");
  const opener = page.getByRole("button", { name: "Actions for never fits" });
  await opener.click();
  expect(
    (await new AxeBuilder({ page }).withTags(WCAG).analyze()).violations.filter(({ impact }) => impact === "critical"),
  ).toEqual([]);
  await page.getByRole("menuitem", { name: "Cancel task" }).click();
  const { violations } = await new AxeBuilder({ page }).include("[role=dialog]").withTags(WCAG).analyze();
  expect(violations).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("no page writes an error to the console", async ({ page, rest }) => {
  const errors: string[] = [];
  page.on("console", (message) => {
    // The browser itself logs each 404 that a page asks for on purpose.
    if (message.type() === "error" && !message.text().includes("404")) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  for (const path of await prepare(rest)) {
    await page.goto(path);
    await settled(page);
  }
  expect(errors).toEqual([]);
});
