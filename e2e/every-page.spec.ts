// What holds for every page: no barrier that axe can find, nothing in the console, no sideways scrolling on a phone.
import { expect, LONG_TRAINING, type Rest, test } from "./fixtures";
import { barriers, complaintsOf, PHONE, settled, sideways } from "./page-checks";

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
  const group = await rest.post("/v2/groups", { name: `group_${"g".repeat(120)}`, description: "words ".repeat(40) });
  const unit = await rest.post(`/v2/groups/${group.group_id}/units`, { name: `unit_${"u".repeat(120)}` });
  const run = await rest.post(`/v2/units/${unit.unit_id}/queues`, {
    name: `run_${"r".repeat(120)}`,
    parameters: { lr: 0.1, "a-parameter-with-a-long-name": "v".repeat(200) },
  });
  await rest.post(`/v2/units/${unit.unit_id}/claim`, { driver_id: `driver_${"d".repeat(120)}` });
  await rest.post(`/v2/queues/${run.queue_id}/fail`, { error_message: `ValueError: ${"e".repeat(300)}` });
  const add = async (parameters: object) =>
    (await rest.post(`/v2/units/${unit.unit_id}/queues`, { parameters })).queue_id as string;
  const [completed, running] = [
    await add({ lr: 0.2, optimizer: "adam" }),
    await add({ lr: 0.3 }),
    await add({ lr: 0.4 }),
  ];
  for (const id of [completed, running]) {
    await rest.post(`/v2/queues/${id}/start`);
    await rest.post(`/v2/queues/${id}/metrics`, {
      points: [1, 2].map((step) => ({ key: "loss", step, value: 1 / step })),
    });
  }
  await rest.post(`/v2/queues/${completed}/logs`, { lines: [{ message: `line ${"l".repeat(300)}` }] });
  await rest.post(`/v2/queues/${completed}/complete`, { result: { loss: 0.5, accuracy: 0.9 } });
  await Promise.all([rest.waitFor(done, "completed"), rest.waitFor(failed, "failed")]);
  return [
    "/tasks",
    "/tasks?q=nothing-like-it",
    `/tasks/new?from=${waiting}`,
    `/tasks/${done}`,
    `/tasks/${failed}`,
    `/tasks/${waiting}`,
    "/tasks/task_unknown",
    "/groups",
    `/groups/${group.group_id}`,
    `/units/${unit.unit_id}`,
    `/units/${unit.unit_id}?tab=runs`,
    `/units/${unit.unit_id}?tab=charts`,
    `/units/${unit.unit_id}/sweeps/new`,
    `/runs/${run.queue_id}`,
    `/runs/${completed}`,
    `/runs/${running}`,
    `/units/${unit.unit_id}?tab=activity`,
    "/activity",
    "/settings",
    "/settings?part=webhooks",
    "/settings?part=profile",
    "/admin",
    "/admin?part=queues",
    "/admin?part=limits",
    "/admin?part=retention",
    "/admin?part=health",
    "/invitation",
    "/groups/grp_unknown",
    "/runs/run_unknown",
    "/nothing-here",
  ];
};

test("every page is free of serious barriers in light and dark, quiet in the console, and fits on a phone in both languages", async ({
  page,
  context,
  rest,
  stack,
  account,
}) => {
  test.setTimeout(480_000);
  await stack.setRole(account, "owner");
  const errors = complaintsOf(page);
  const paths = await prepare(rest);
  await page.emulateMedia({ reducedMotion: "reduce", colorScheme: "light" });
  const wide = page.viewportSize() ?? PHONE;

  for (const path of paths) {
    await page.setViewportSize(wide);
    await page.goto(path);
    await settled(page);
    expect(await barriers(page), `light ${path}`).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await barriers(page), `dark ${path}`).toEqual([]);
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize(PHONE);
    expect(await sideways(page), `phone ${path}`).toBe(0);
  }
  await context.addCookies([{ name: "mlq_locale", value: "zh", url: stack.url }]);
  for (const path of paths) {
    await page.goto(path);
    await settled(page);
    expect(await sideways(page), `phone, Chinese ${path}`).toBe(0);
  }
  expect(errors).toEqual([]);
});

test("on a phone a task is found, opened and cancelled", async ({ page, rest }) => {
  await page.setViewportSize(PHONE);
  await rest.createTask({ name: "in my pocket" });
  await page.goto("/tasks");
  await page.getByRole("link", { name: /in my pocket/ }).click();
  await page.getByRole("button", { name: "Cancel task" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel task" }).click();
  await expect(page.getByText("Cancelled before it started")).toBeVisible();
});

test("menus and dialogs are free of serious barriers, and give the focus back", async ({ page, rest }) => {
  await rest.createTask({ name: "never mind" });
  await page.goto("/tasks");
  const opener = page.getByRole("button", { name: "Actions for never mind" });
  await opener.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menu")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(opener).toBeFocused();

  await page.getByRole("checkbox", { name: "Select never mind" }).check();
  await page.getByRole("button", { name: "Cancel 1" }).click();
  await expect(page.getByRole("dialog", { name: "Cancel “never mind”?" })).toBeVisible();
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Cancel 1" })).toBeFocused();
});
