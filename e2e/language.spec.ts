import { expect, FOR_A_CLIENT, test } from "./fixtures";

test("the language is switched without losing the place, and stays", async ({ page, rest }) => {
  const taskId = await rest.createTask({ ...FOR_A_CLIENT, name: "two languages" });
  await page.goto(`/tasks/${taskId}`);
  await page.getByRole("button", { name: "Language" }).click();
  await page.getByRole("menuitemradio", { name: "中文" }).click();
  await expect(page.getByText("等待中：等待客户端启动")).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-Hans");
  await expect(page).toHaveTitle(/^等待中：two languages/);
  await page.goto("/tasks/new");
  await expect(page.getByRole("heading", { name: "新建任务" })).toBeVisible();
  await page.getByLabel("配置").fill("{'lr': 1}");
  await page.getByRole("button", { name: "提交任务" }).click();
  await expect(page.getByText("第 1 行第 2 列：JSON 使用双引号，不用单引号。")).toBeVisible();
});

test.describe("a browser that prefers Chinese", () => {
  test.use({ locale: "zh-CN", storageState: { cookies: [], origins: [] } });

  test("gets the sign-in in Chinese", async ({ page }) => {
    await page.goto("/sign-in");
    await expect(page.getByRole("heading", { name: "登录" })).toBeVisible();
  });
});
