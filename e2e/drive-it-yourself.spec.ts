// README's "Drive it yourself" as somebody lives it: group, unit and sweep made in the browser, the example driver installed
// from the packed package and running as a process of its own, its waiting list changed while it trains.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { barriers, complaintsOf } from "./page-checks";

const ROOT = process.cwd();
/** Of the driver package, as README has it. */
const HEARTBEAT_MS = 5000;
/** What a cancelled run takes to be told, and to stop at the end of its epoch. */
const CANCEL_MS = HEARTBEAT_MS + 4000;

/** npm tells its children of the project that it was called for. */
const cleanEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package)/.test(name)),
  ) as NodeJS.ProcessEnv;

/** An empty folder with the example driver, the packed package and what else README installs. */
const installDriver = async (folder: string): Promise<string> => {
  const npm = async (cwd: string, ...args: string[]) =>
    (await promisify(execFile)("npm", args, { cwd, env: cleanEnv(), maxBuffer: 1e7 })).stdout.trim();
  await npm(ROOT, "run", "-s", "build:driver");
  await npm(folder, "pack", "--silent", path.join(ROOT, "dist/driver"));
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (!tarball) throw new Error("npm pack made no package.");
  cpSync(path.join(ROOT, "examples/driver"), folder, { recursive: true, dereference: true });
  await npm(folder, "install", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`, "zod", "tsx");
  return folder;
};

type Driver = { child: ChildProcess; output: () => string; ended: Promise<number | null> };

const startDriver = (folder: string, env: Record<string, string>): Driver => {
  const child = spawn(path.join(folder, "node_modules/.bin/tsx"), ["driver.ts"], {
    cwd: folder,
    env: { ...cleanEnv(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that nothing of it outlives a failed test.
    detached: true,
  });
  let output = "";
  const read = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, output: () => output, ended };
};

const killGroup = ({ child }: Driver): void => {
  try {
    if (child.pid) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
};

const rows = (page: Page) => page.locator("ol > li[data-run]");
const names = (page: Page) => rows(page).getByRole("link").allTextContents();
const handle = (page: Page, name: string) => page.getByRole("button", { name: `Move ${name}, now`, exact: false });
const parameter = (page: Page, name: string) =>
  page.getByRole("listitem").filter({ has: page.getByRole("button", { name: `Remove ${name}`, exact: true }) });

const make = async (page: Page, what: string, name: string) => {
  await page.getByRole("button", { name: what }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Create" }).click();
  // The first one: the activity below names it, too.
  await page
    .getByRole("link", { name: new RegExp(name) })
    .first()
    .click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
};

/** In the row itself, as JSON. */
const edit = async (page: Page, name: string, change: (parameters: Record<string, unknown>) => object) => {
  await page.getByRole("button", { name: `Actions for ${name}`, exact: true }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const form = page.getByRole("form", { name: `Edit ${name}` });
  const text: Locator = form.getByRole("textbox", { name: "Parameters" });
  await text.fill(JSON.stringify(change(JSON.parse(await text.inputValue()))));
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form).toHaveCount(0);
};

const dragBefore = async (page: Page, name: string, target: string) => {
  await handle(page, name).scrollIntoViewIfNeeded();
  const from = await handle(page, name).boundingBox();
  const to = await handle(page, target).boundingBox();
  if (!from || !to) throw new Error("The rows are not on the page.");
  await page.mouse.move(from.x + 10, from.y + 10);
  await page.mouse.down();
  await page.mouse.move(from.x + 10, from.y - 20, { steps: 4 });
  await page.mouse.move(to.x + 10, to.y + 4, { steps: 8 });
  await page.mouse.up();
  await expect(page.getByText(new RegExp(`^${name.replaceAll(".", "\\.")} moved to`)).first()).toBeVisible();
};

type WireRun = {
  name: string;
  status: string;
  parameters: Record<string, number>;
  result: { accuracy: number; loss: number } | null;
  started_at: string;
  queue_id: string;
};

test("a sweep made in the browser is trained by an installed driver, which follows every change of the list while it trains", async ({
  page,
  account,
  stack,
  request,
}) => {
  // Under 90 s on two cores of its own; the npm registry and a busy machine may take longer.
  test.setTimeout(480_000);
  const complaints = complaintsOf(page);
  const folder = mkdtempSync(path.join(tmpdir(), "mlqueue-drive-"));
  const installed = installDriver(folder);
  installed.catch(() => {});
  const headers = { Authorization: `Bearer ${account.key}` };
  let driver: Driver | null = null;
  try {
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.goto("/groups");
    expect(await barriers(page), "groups").toEqual([]);
    await make(page, "New group", "digits");
    await make(page, "New unit", "mlp");
    const unitId = new URL(page.url()).pathname.split("/").at(-1);
    const runs = async (): Promise<WireRun[]> => {
      const answer = await request.get(`/v2/units/${unitId}/queues`, { headers });
      return (await answer.json()).queues;
    };
    await expect(page.getByText("No driver is connected")).toBeVisible();
    expect(await barriers(page), "unit without a driver").toEqual([]);

    await installed;
    driver = startDriver(folder, {
      MLQUEUE_URL: stack.url,
      MLQUEUE_API_KEY: account.key,
      MLQUEUE_DRIVER: "gpu03",
      MLQUEUE_STATE_DIR: path.join(folder, "state"),
    });
    await expect(page.getByText("Driver connected"), driver.output()).toBeVisible({ timeout: 30_000 });

    // The form starts from what the driver published. Meanwhile nothing starts, so that the first run can be made a long one.
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Pause unit" }).click();
    await expect(page.getByText("This unit is paused")).toBeVisible();
    await page.getByRole("link", { name: "New sweep" }).click();
    await parameter(page, "lr").getByLabel("Values, separated by commas").fill("0.3, 0.1, 0.03, 0.01");
    await parameter(page, "epochs").getByLabel("Value", { exact: true }).fill("4");
    await parameter(page, "hidden").getByLabel("Values", { exact: true }).selectOption("List");
    await parameter(page, "hidden").getByLabel("Values, separated by commas").fill("16, 32, 64");
    const preview = page.getByRole("list", { name: "Runs of this sweep" });
    await expect(preview.getByRole("checkbox", { checked: true })).toHaveCount(12);
    await expect(preview).toContainText("lr=0.03 hidden=64");
    expect(await barriers(page), "new sweep").toEqual([]);
    await page.getByRole("button", { name: "Queue 12 runs" }).click();
    await expect(rows(page)).toHaveCount(12);

    const queued = await names(page);
    const [long = "", , , third = "", fourth = ""] = queued;
    const last = queued.at(-1) ?? "";
    await edit(page, long, (parameters) => ({ ...parameters, epochs: 1000 }));
    await page.getByRole("button", { name: "Resume" }).click();
    const running = page.getByRole("region", { name: /^Running/ });
    await expect(running).toContainText(long);
    await expect(running).toContainText("gpu03");
    await expect(rows(page)).toHaveCount(11);

    // While it trains: by drag, by keyboard, in place.
    await dragBefore(page, fourth, queued[1] ?? "");
    await handle(page, last).focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await expect(page.getByText(`${last} moved to 1 of 11`).first()).toBeVisible();
    await edit(page, third, (parameters) => ({ ...parameters, lr: 0.2, epochs: 7 }));
    await expect(running).toContainText(long);
    await expect.poll(() => names(page)).toEqual(expect.arrayContaining([last, fourth, third]));
    const shown = await names(page);
    expect(shown.slice(0, 2)).toEqual([last, fourth]);
    expect(await barriers(page), "unit at work").toEqual([]);

    // The one that runs is cancelled: it ends, and the same process takes the next.
    await running.getByRole("button", { name: `Cancel ${long}` }).click();
    const cancelledAt = Date.now();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel", exact: true }).click();
    await expect
      .poll(async () => (await runs()).find(({ name }) => name === last)?.status, {
        timeout: CANCEL_MS,
        intervals: [100],
      })
      .not.toBe("pending");
    expect(Date.now() - cancelledAt).toBeLessThan(CANCEL_MS);
    expect(driver.child.exitCode, driver.output()).toBeNull();

    await expect
      .poll(async () => (await runs()).filter(({ status }) => status === "completed").length, { timeout: 60_000 })
      .toBe(11);
    const ended = await runs();
    expect(ended).toHaveLength(12);
    const startOrder = ended
      .filter(({ status }) => status === "completed")
      .sort((one, other) => one.started_at.localeCompare(other.started_at))
      .map(({ name }) => name);
    expect(startOrder).toEqual(shown);

    // What came of them: the edited one trained what it was changed to, and the best is marked.
    const best = ended.reduce((one, other) => ((other.result?.loss ?? 9) < (one.result?.loss ?? 9) ? other : one));
    await page.getByRole("button", { name: "Runs", exact: true }).click();
    await expect(page.locator("tbody tr")).toHaveCount(12);
    await expect(page.locator("tbody tr").filter({ hasText: "Completed" })).toHaveCount(11);
    await expect(page.locator("tbody tr").filter({ hasText: "Cancelled" }).getByRole("link")).toHaveText(long);
    await page.getByLabel("Mark the best by").selectOption("loss");
    await page.getByLabel("Better is").selectOption("smaller");
    await expect(page.locator("tbody tr").filter({ hasText: "Best" }).getByRole("link")).toHaveText(best.name);
    expect(await barriers(page), "runs").toEqual([]);
    await page.getByRole("link", { name: third, exact: true }).click();
    await expect(page.getByRole("heading", { level: 1, name: third })).toBeVisible();
    await expect(page.getByText("Epoch 7: loss")).toBeVisible();
    await expect(page.getByText("Epoch 8: loss")).toHaveCount(0);
    expect(await barriers(page), "run").toEqual([]);
    await page.goto("/groups");
    await page.getByRole("link", { name: /digits/ }).click();
    await expect(page.getByRole("link", { name: /^mlp .* completed/ })).toContainText(
      /Best accuracy 0\.\d+last 0\.\d+/,
    );
    expect(await barriers(page), "group").toEqual([]);

    driver.child.kill("SIGTERM");
    expect(await driver.ended, driver.output()).toBe(0);
    expect(driver.output()).toContain("11 completed, 0 failed, 1 stopped.");
    expect(complaints).toEqual([]);
  } finally {
    if (driver) killGroup(driver);
    await installed.catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  }
});
