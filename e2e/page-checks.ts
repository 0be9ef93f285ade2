// What every page is held to: no barrier that axe can find, nothing in the console, no sideways scrolling on a phone.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect } from "./fixtures";

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
export const PHONE = { width: 390, height: 844 };

/**
 * The page is drawn as it will stay, from its top: after a change of the colour scheme its colours come a frame later, some by a
 * transition, and what the header that stays covers by half would count as a small target.
 */
const drawn = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    scrollTo(0, 0);
    for (let frames = 0; frames < 2; frames++) await new Promise((resolve) => requestAnimationFrame(resolve));
    const passing = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(passing.map((one) => one.finished));
  });

/** The serious and the critical ones, as the page is shown now. */
export const barriers = async (page: Page): Promise<string[]> => {
  await drawn(page);
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
};

/** In dark and in light; the page is left light. */
export const barriersInBoth = async (page: Page): Promise<string[]> => {
  const found: string[] = [];
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    found.push(...(await barriers(page)).map((barrier) => `${colorScheme} ${barrier}`));
  }
  return found;
};

/** By how many pixels the page is wider than its window. */
export const sideways = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** The same on a phone; the window is left as it was. */
export const sidewaysOnPhone = async (page: Page): Promise<number> => {
  const wide = page.viewportSize() ?? PHONE;
  await page.setViewportSize(PHONE);
  const over = await sideways(page);
  await page.setViewportSize(wide);
  return over;
};

/** Collects from now on what the page complains of. */
export const complaintsOf = (page: Page): string[] => {
  const complaints: string[] = [];
  page.on("console", (message) => {
    // The browser itself logs each 404 that a page asks for on purpose, or that Next fetches ahead.
    if (message.type() === "error" && !message.text().includes("404")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return complaints;
};

/** Nothing is being loaded any more. */
export const settled = async (page: Page): Promise<void> => {
  await expect(page.locator("h1, main p").first()).toBeVisible();
  // It is streamed, and may come after the page.
  await expect(page).toHaveTitle(/./);
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
};
