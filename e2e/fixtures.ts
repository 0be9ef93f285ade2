// What every browser test gets: the running product, an account of its own, a signed-in page, and REST for set-up.
import { type BrowserContext, test as base, expect, request } from "@playwright/test";
import { type Account, type Stack, startStack } from "./stack";

type TaskBody = { name: string; config?: Record<string, unknown> } & Record<string, unknown>;
type WireTask = { task_id: string; status: string; result: Record<string, unknown> | null };

export type Rest = {
  createTask: (body: TaskBody) => Promise<string>;
  getTask: (taskId: string) => Promise<WireTask>;
  /** Waits until the task has the status; an end that was not asked for fails at once. */
  waitFor: (taskId: string, status: string) => Promise<WireTask>;
  post: (path: string, body?: Record<string, unknown>) => Promise<Record<string, unknown>>;
};

type Fixtures = { account: Account; rest: Rest };
type StorageState = Awaited<ReturnType<BrowserContext["storageState"]>>;

const ENDED = ["completed", "failed", "cancelled"];

export const signIn = async (url: string, account: Account): Promise<StorageState> => {
  const http = await request.newContext({ baseURL: url });
  const { csrfToken } = await (await http.get("/api/auth/csrf")).json();
  const answer = await http.post("/api/auth/callback/credentials", {
    form: { email: account.email, password: account.password, csrfToken, json: "true" },
  });
  expect(answer.ok()).toBe(true);
  const state = await http.storageState();
  await http.dispose();
  return state;
};

export const test = base.extend<Fixtures, { stack: Stack }>({
  stack: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures are needed from the pattern
    async ({}, use) => {
      const stack = await startStack();
      await use(stack);
      await stack.stop();
    },
    { scope: "worker", timeout: 90_000 },
  ],
  baseURL: ({ stack }, use) => use(stack.url),
  account: async ({ stack }, use) => use(await stack.addAccount()),
  storageState: async ({ stack, account }, use) => use(await signIn(stack.url, account)),
  rest: async ({ stack, account }, use) => {
    const http = await request.newContext({
      baseURL: stack.url,
      extraHTTPHeaders: { Authorization: `Bearer ${account.key}` },
    });
    const getTask = async (taskId: string): Promise<WireTask> => (await http.get(`/v1/tasks/${taskId}`)).json();
    const post = async (path: string, data: Record<string, unknown> = {}) => {
      const answer = await http.post(path, { data });
      expect(answer.ok(), await answer.text()).toBe(true);
      return answer.json();
    };
    await use({
      getTask,
      post,
      createTask: async (body) => (await post("/v1/tasks", { config: {}, ...body })).task_id,
      waitFor: async (taskId, status) => {
        let task = await getTask(taskId);
        await expect
          .poll(
            async () => {
              task = await getTask(taskId);
              if (task.status !== status && ENDED.includes(task.status)) throw new Error(`The task is ${task.status}.`);
              return task.status;
            },
            { timeout: 20_000, intervals: [100] },
          )
          .toBe(status);
        return task;
      },
    });
    await http.dispose();
  },
});

export { expect };

/** Trains until it is told to stop. */
export const LONG_TRAINING = { entrypoint: "train_digits.mjs", config: { lr: 0.01, epochs: 1000, hidden: 64 } };
/** No worker takes it: it waits, and stays where it is. */
export const FOR_A_CLIENT = { config: { lr: 0.1 } };
