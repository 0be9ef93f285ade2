// Real drivers against a real web server, both of which die: what was claimed is run once, and no point or line is lost or doubled.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { programArgs, programEnv } from "../scripts/lib/app.mjs";
import { buildDriver } from "../scripts/lib/build-driver.mjs";
import { freePort } from "../scripts/lib/ports.mjs";
import { type Client, createClient } from "../src/driver/client";
import { getEnv } from "../src/platform/env";
import { makeAccount } from "../src/testing/make";
import { useTestServices } from "../src/testing/services";

useTestServices();

const STALL_SECONDS = 6;
const STEPS = 60;
const SEED = Number(process.env.DRIVER_SEED ?? 20261125);

/** Mulberry32: the same seed gives the same moments. */
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
const random = seeded(SEED);

const folder = mkdtempSync(join(process.env.DATA_DIR ?? tmpdir(), "driver-faults-"));
const driverDist = resolve("dist", `driver-faults-${process.pid}`);
const children = new Set<ChildProcess>();
let port = 0;
let key = "";
let client: Client;
let server: ChildProcess;

const start = (args: string[], env: Record<string, string | undefined>, log: string): ChildProcess => {
  const output = openSync(join(folder, log), "a");
  const child = spawn(process.execPath, args, { env: env as NodeJS.ProcessEnv, stdio: ["ignore", output, output] });
  closeSync(output);
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
};

const startServer = async (): Promise<void> => {
  const dist = process.env.MLQUEUE_DIST ?? null;
  const env = programEnv({
    env: { ...process.env, SERVER_HOST: "127.0.0.1", SERVER_PORT: String(port) },
    ...{ dataDir: folder, dist, databaseUrl: getEnv().DATABASE_URL, redisUrl: getEnv().REDIS_URL },
  });
  server = start(programArgs("server", dist), env, "server.log");
  for (const until = Date.now() + 60_000; ; await wait(50)) {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null);
    if (answer?.ok) return;
    if (server.exitCode !== null || Date.now() > until)
      throw new Error(`The server did not start:\n${readFileSync(join(folder, "server.log"), "utf8").slice(-2000)}`);
  }
};
const killServer = async (): Promise<void> => {
  server.kill("SIGKILL");
  await once(server, "exit");
};

const startDriver = (name: string): ChildProcess =>
  start(
    [resolve("src/driver/test-drivers/driver.mjs")],
    {
      ...process.env,
      DRIVER_DIST: driverDist,
      DRIVER_NAME: name,
      EVENTS: join(folder, "events"),
      HEARTBEAT_MS: "500",
      CONCURRENCY: "2",
      MLQUEUE_URL: `http://127.0.0.1:${port}`,
      MLQUEUE_API_KEY: key,
      MLQUEUE_STATE_DIR: join(folder, "state"),
    },
    `${name}.log`,
  );

beforeAll(async () => {
  mkdirSync(join(folder, "logs"), { recursive: true });
  await buildDriver(driverDist, { types: false });
  port = await freePort();
  ({ key } = await makeAccount());
  await startServer();
  client = createClient({ url: `http://127.0.0.1:${port}`, apiKey: key });
}, 120_000);

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all([...children].map((child) => once(child, "exit")));
  rmSync(driverDist, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

const newUnit = async (runs: Record<string, unknown>[], stallTimeoutSeconds: number | null): Promise<string> => {
  const { groupId } = await client.groups.create.mutate({ name: "tests" });
  const { unitId } = await client.units.create.mutate({ groupId, name: "unit", stallTimeoutSeconds });
  await client.runs.createMany.mutate({ unitId, runs: runs.map((parameters) => ({ parameters })) });
  return unitId;
};
const runsOf = async (unitId: string) => (await client.runs.list.query({ unitId })).runs;

/** Each step's point and line is there, once, in order. */
const expectWhole = async (runId: string): Promise<void> => {
  const { metrics } = await client.runs.metrics.query({ runId });
  expect(metrics.loss?.map((point) => point.step)).toEqual(Array.from({ length: STEPS }, (_, n) => n + 1));
  const { logs } = await client.runs.logs.query({ runId });
  expect(logs.map((line) => line.message)).toEqual(Array.from({ length: STEPS }, (_, n) => `step ${n + 1}`));
};

test("50 drivers claim 1,000 runs over HTTP: each exactly once, in order", async () => {
  const unitId = await newUnit(
    Array.from({ length: 1000 }, (_, n) => ({ n })),
    null,
  );
  const claimed: { runId: string; order: number }[] = [];
  const drive = async (): Promise<void> => {
    for (;;) {
      const { run } = await client.units.claim.mutate({ unitId });
      if (!run) return;
      claimed.push(run);
      await client.runs.complete.mutate({ runId: run.runId, attempt: run.attempt, result: { n: run.order } });
    }
  };
  await Promise.all(Array.from({ length: 50 }, drive));
  expect(new Set(claimed.map((run) => run.runId)).size).toBe(1000);
  expect(claimed).toHaveLength(1000);
  const runs = await runsOf(unitId);
  expect(runs.every((run) => run.status === "completed" && run.attempt === 1 && run.result?.n === run.order)).toBe(
    true,
  );
}, 120_000);

test(`a server that dies and stays away loses and doubles nothing (seed ${SEED})`, async () => {
  const unitId = await newUnit(
    Array.from({ length: 8 }, () => ({ kind: "train", steps: STEPS, pauseMs: 60 })),
    120,
  );
  const drivers = ["a", "b"].map(startDriver);
  const isRunning = async () => (await runsOf(unitId)).filter((run) => run.status === "running").length;
  await expect.poll(isRunning, { timeout: 20_000, interval: 100 }).toBeGreaterThanOrEqual(4);
  // Restarted at once, then away for some seconds, each time at a moment of its own.
  for (const awayMs of [0, 8000]) {
    await wait(500 + 2000 * random());
    await killServer();
    await wait(awayMs);
    await startServer();
  }
  await expect
    .poll(async () => (await runsOf(unitId)).map((run) => run.status), { timeout: 60_000, interval: 200 })
    .toEqual(Array.from({ length: 8 }, () => "completed"));
  for (const run of await runsOf(unitId)) {
    expect(run).toMatchObject({ attempt: 1, result: { steps: STEPS }, progress: { done: STEPS, total: STEPS } });
    await expectWhole(run.runId);
  }
  for (const driver of drivers) {
    driver.kill("SIGTERM");
    expect(await once(driver, "exit")).toEqual([0, null]);
  }
}, 150_000);

test("a killed driver's run fails as driver lost within its stall timeout and 5 s; a retry completes it; a late end is refused then", async () => {
  const unitId = await newUnit([{ kind: "train", steps: STEPS, pauseMs: 200 }], STALL_SECONDS);
  const driver = startDriver("killed");
  const only = async () => (await runsOf(unitId))[0];
  await expect
    .poll(async () => (await only())?.progress?.done ?? 0, { timeout: 20_000, interval: 50 })
    .toBeGreaterThan(5);
  driver.kill("SIGKILL");
  const killedAt = performance.now();
  await expect.poll(async () => (await only())?.status, { timeout: 30_000, interval: 50 }).toBe("failed");
  const silentSeconds = (performance.now() - killedAt) / 1000;
  const lost = await only();
  expect(lost).toMatchObject({ errorMessage: "driver lost", errorKind: "lost", attempt: 1 });
  // The sweep comes each 5 s, and the last heartbeat was up to half a second old.
  expect(silentSeconds).toBeLessThan(STALL_SECONDS + 5 + 1);
  expect(silentSeconds).toBeGreaterThan(STALL_SECONDS - 1);

  const runId = lost?.runId ?? "";
  await client.runs.retry.mutate({ runId });
  const next = startDriver("next");
  await expect.poll(async () => (await only())?.status, { timeout: 60_000, interval: 100 }).toBe("completed");
  expect((await only())?.attempt).toBe(2);
  await expect(client.runs.complete.mutate({ runId, attempt: 1, result: {} })).rejects.toMatchObject({
    code: "INVALID_QUEUE_STATUS",
  });
  const { metrics } = await client.runs.metrics.query({ runId });
  expect(metrics.loss?.map((point) => point.step)).toEqual(Array.from({ length: STEPS }, (_, n) => n + 1));
  next.kill("SIGTERM");
  await once(next, "exit");
}, 150_000);

test("an end that comes after its driver was thought lost is accepted", async () => {
  const unitId = await newUnit([{}], STALL_SECONDS - 4);
  await client.units.heartbeat.mutate({ unitId, running: [] });
  const { run } = await client.units.claim.mutate({ unitId });
  const { runId = "", attempt = 0 } = run ?? {};
  await expect
    .poll(async () => (await client.runs.get.query({ runId })).errorKind, { timeout: 20_000, interval: 100 })
    .toBe("lost");
  const ended = await client.runs.complete.mutate({ runId, attempt, result: { late: true } });
  expect(ended).toMatchObject({ status: "completed", result: { late: true }, errorMessage: null });
}, 60_000);

test("the server said nothing of what it could not handle", () => {
  expect(readFileSync(join(folder, "server.log"), "utf8")).not.toMatch(/"level":"(error|fatal)"/);
});
