// Web server and worker, as they are built (MLQUEUE_DIST), while what connects them to PostgreSQL and Redis loses every packet.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { registerKey } from "../../src/accounts/api-keys";
import { newApiKey } from "../../src/accounts/key-text";
import { addUser } from "../../src/accounts/users";
import { taskAttempts } from "../../src/tasks/attempts";
import { createTask } from "../../src/tasks/create";
import { getTask } from "../../src/tasks/list";
import { aTask } from "../../src/testing/engine";
import { useTestServices } from "../../src/testing/services";
import { useWebProcesses } from "../../src/testing/web-process";
import { useWorkers } from "../../src/testing/worker-process";
import { Network } from "./network";

useTestServices({ ALLOW_COMMANDS: "true" });
const webs = useWebProcesses();
const workers = useWorkers();

const ANSWER_MS = 15_000;

let userId: string;
let key: string;
const networks: Network[] = [];
beforeAll(async () => {
  const email = "half-open@example.org";
  const user = await addUser({ email, password: "a password for tests", tier: "standard", role: "member" });
  userId = user?.userId ?? "";
  key = newApiKey();
  await registerKey({ userId, key, name: "test" });
});
afterEach(() => {
  for (const network of networks) network.heal();
});
afterAll(() => Promise.all(networks.map((network) => network.close())));

/** Settings that lead through networks of their own. */
const behindNetworks = async () => {
  const through = async (name: "DATABASE_URL" | "REDIS_URL") => {
    const url = new URL(String(process.env[name]));
    const port = Number(url.port);
    const network = await Network.open(() => port);
    networks.push(network);
    url.port = String(network.port);
    return { network, env: { [name]: url.href } };
  };
  const [postgres, redis] = await Promise.all([through("DATABASE_URL"), through("REDIS_URL")]);
  return {
    postgres: postgres.network,
    redis: redis.network,
    env: { ...postgres.env, ...redis.env } as Record<string, string>,
  };
};

const sh = (script: string) => createTask(userId, aTask({ command: ["sh", "-c", script] }));
const statusOf = async (taskId: string) => (await getTask(userId, taskId)).status;
const attemptsOf = async (taskId: string) => (await taskAttempts(userId, { taskId })).length;

test("a web server answers within the limit while connections are lost, and goes on by itself", async () => {
  const { postgres, redis, env } = await behindNetworks();
  const web = await webs.start(env);
  const post = async () => {
    const from = performance.now();
    const response = await fetch(`${web.url}/v1/tasks`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ name: "a", config: {}, queue: "nobody-serves-it" }),
      signal: AbortSignal.timeout(2 * ANSWER_MS),
    });
    await response.text();
    return { status: response.status, ms: performance.now() - from };
  };
  const posts = (count: number) => Promise.all(Array.from({ length: count }, post));
  expect((await posts(30)).every(({ status }) => status === 201)).toBe(true);

  // Old connections are lost, new ones would be good.
  for (const network of [postgres, redis]) network.freeze({ newOnes: false });
  for (const { status, ms } of await posts(40)) {
    expect([201, 503]).toContain(status);
    expect(ms).toBeLessThan(8000);
  }
  const afterwards = await posts(40);
  expect(afterwards.map(({ status }) => status)).toEqual(Array(40).fill(201));

  // Nothing can be reached.
  for (const network of [postgres, redis]) network.freeze({ newOnes: true });
  for (const { status, ms } of await posts(60)) {
    expect(status).toBe(503);
    expect(ms).toBeLessThan(ANSWER_MS);
  }
  for (const network of [postgres, redis]) network.heal();
  await expect.poll(async () => (await post()).status, { timeout: 8000 }).toBe(201);
  expect((await posts(40)).map(({ status }) => status)).toEqual(Array(40).fill(201));
  expect(web.child.exitCode).toBeNull();
}, 90_000);

test("a worker goes on over new connections: nothing is killed, nothing runs twice", async () => {
  const { postgres, redis, env } = await behindNetworks();
  const worker = await workers.start(env);
  const long = await sh("sleep 30; echo whole");
  await expect.poll(() => statusOf(long.taskId), { timeout: 10_000 }).toBe("running");

  for (const network of [postgres, redis]) network.freeze({ newOnes: false });
  const from = performance.now();
  const next = await sh("echo next");
  await expect.poll(() => statusOf(next.taskId), { timeout: 12_000, interval: 50 }).toBe("completed");
  expect(performance.now() - from).toBeLessThan(12_000);

  // Away altogether, for less than the fence; what ends meanwhile is recorded afterwards.
  const ending = await sh("sleep 4; echo ended");
  await expect.poll(() => statusOf(ending.taskId), { timeout: 10_000 }).toBe("running");
  for (const network of [postgres, redis]) network.freeze({ newOnes: true });
  await new Promise((done) => setTimeout(done, 12_000));
  for (const network of [postgres, redis]) network.heal();
  await expect.poll(() => statusOf(ending.taskId), { timeout: 15_000 }).toBe("completed");
  await expect.poll(() => statusOf(long.taskId), { timeout: 30_000 }).toBe("completed");
  for (const { taskId } of [long, next, ending]) expect(await attemptsOf(taskId)).toBe(1);
  expect(await worker.stop()).toBe(0);
}, 120_000);
