// Real drivers against a real web server, both of which die: what was claimed is run once, and no point or line is lost or doubled.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
const AWAY_MS = 60_000;
/** A machine at work takes long to start what idle takes two seconds. */
const START_MS = 120_000;
const SEED = Number(process.env.DRIVER_SEED ?? 20261125);

/** Mulberry32: the same seed gives the same moments. */
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

const folder = mkdtempSync(join(process.env.DATA_DIR ?? tmpdir(), "driver-faults-"));
const driverDist = resolve("dist", `driver-faults-${process.pid}`);
const children = new Set<ChildProcess>();
let key = "";

const start = (args: string[], env: Record<string, string | undefined>, log: string): ChildProcess => {
  const output = openSync(join(folder, log), "a");
  const child = spawn(process.execPath, args, { env: env as NodeJS.ProcessEnv, stdio: ["ignore", output, output] });
  closeSync(output);
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
};

/** A web server of its own, to be killed without hurting others. */
const makeSite = async (name: string) => {
  const dist = process.env.MLQUEUE_DIST;
  // Without a build the server would be one for development, of which a folder has room for one.
  if (!dist) throw new Error("MLQUEUE_DIST is not set: run the tests with `npm test`, which builds first.");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let server: ChildProcess;
  const begin = async (): Promise<void> => {
    const env = programEnv({
      env: { ...process.env, SERVER_HOST: "127.0.0.1", SERVER_PORT: String(port) },
      ...{ dataDir: folder, dist, databaseUrl: getEnv().DATABASE_URL, redisUrl: getEnv().REDIS_URL },
    });
    server = start(programArgs("server", dist), env, `${name}.log`);
    for (const until = Date.now() + START_MS; ; await wait(50)) {
      const answer = await fetch(`${url}/ready`).catch(() => null);
      if (answer?.ok) return;
      if (server.exitCode !== null || Date.now() > until)
        throw new Error(`The server did not start:\n${readFileSync(join(folder, `${name}.log`), "utf8").slice(-2000)}`);
    }
  };
  const kill = async (): Promise<void> => {
    server.kill("SIGKILL");
    await once(server, "exit");
  };
  await begin();
  return { url, begin, kill, client: createClient({ url, apiKey: key }) };
};
type Site = Awaited<ReturnType<typeof makeSite>>;

const startDriver = (site: Site, unit: string, name: string): ChildProcess =>
  start(
    [resolve("src/driver/test-drivers/driver.mjs")],
    {
      ...process.env,
      DRIVER_DIST: driverDist,
      DRIVER_NAME: name,
      DRIVER_UNIT: unit,
      EVENTS: join(folder, "events"),
      HEARTBEAT_MS: "500",
      CONCURRENCY: "2",
      MLQUEUE_URL: site.url,
      MLQUEUE_API_KEY: key,
      MLQUEUE_STATE_DIR: join(folder, "state"),
    },
    `${name}.log`,
  );

beforeAll(async () => {
  mkdirSync(join(folder, "logs"), { recursive: true });
  await buildDriver(driverDist, { types: false });
  ({ key } = await makeAccount());
}, 120_000);

type Claimed = { queue?: { queue_id: string } | null; code?: string };
const post = async (site: Site, path: string, headers: Record<string, string> = {}, signal?: AbortSignal) => {
  const given = { Authorization: `Bearer ${key}`, ...headers };
  const response = await fetch(`${site.url}${path}`, { method: "POST", headers: given, ...(signal && { signal }) });
  return (await response.json()) as Claimed;
};
const expectNoErrors = (site: string) =>
  expect(readFileSync(join(folder, `${site}.log`), "utf8")).not.toMatch(/"level":"(error|fatal)"/);

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all([...children].map((child) => once(child, "exit")));
  rmSync(driverDist, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

let units = 0;
/** Its names are what a driver finds it by. */
const newUnit = async (
  client: Client,
  runs: Record<string, unknown>[],
  stallTimeoutSeconds: number | null,
): Promise<{ unitId: string; names: string }> => {
  const group = `tests ${++units}`;
  const { groupId } = await client.groups.create.mutate({ name: group });
  const { unitId } = await client.units.create.mutate({ groupId, name: "unit", stallTimeoutSeconds });
  await client.runs.createMany.mutate({ unitId, runs: runs.map((parameters) => ({ parameters })) });
  return { unitId, names: `${group}/unit` };
};
const runsOf = async (client: Client, unitId: string) => (await client.runs.list.query({ unitId })).runs;
const steps = Array.from({ length: STEPS }, (_, n) => n + 1);

/** Each step's point and line is there, once, in order. */
const expectWhole = async (client: Client, runId: string): Promise<void> => {
  const { metrics } = await client.runs.metrics.query({ runId });
  expect(metrics.loss?.map((point) => point.step)).toEqual(steps);
  const { logs } = await client.runs.logs.query({ runId });
  expect(logs.map((line) => line.message)).toEqual(steps.map((step) => `step ${step}`));
};

// Beside the others, with a server of its own: it lasts over a minute.
describe.concurrent("a server", () => {
  test(`that dies, and later stays away for a minute, loses and doubles nothing (seed ${SEED})`, async ({ expect }) => {
    const site = await makeSite("faulty-server");
    const { client } = site;
    const random = seeded(SEED);
    // Two that go on for the whole minute, so that all they say waits on disk; and some that end during it, or come after.
    const pauses = [1100, 1100, ...Array.from({ length: 6 }, () => 60)];
    const runs = pauses.map((pauseMs) => ({ kind: "train", steps: STEPS, pauseMs }));
    const { unitId, names } = await newUnit(client, runs, 2 * (AWAY_MS / 1000));
    const drivers = ["a", "b"].map((name) => startDriver(site, names, name));
    const isRunning = async () => (await runsOf(client, unitId)).filter((run) => run.status === "running").length;
    await expect.poll(isRunning, { timeout: 60_000, interval: 100 }).toBeGreaterThanOrEqual(4);
    // Restarted at once, then away, each time at a moment of its own.
    for (const awayMs of [0, AWAY_MS]) {
      await wait(500 + 2000 * random());
      await site.kill();
      await wait(awayMs);
      await site.begin();
    }
    await expect
      .poll(async () => (await runsOf(client, unitId)).map((run) => run.status), { timeout: 60_000, interval: 200 })
      .toEqual(runs.map(() => "completed"));
    for (const run of await runsOf(client, unitId)) {
      expect(run).toMatchObject({ attempt: 1, result: { steps: STEPS }, progress: { done: STEPS, total: STEPS } });
      await expectWhole(client, run.runId);
    }
    for (const driver of drivers) {
      driver.kill("SIGTERM");
      expect(await once(driver, "exit")).toEqual([0, null]);
    }
    expectNoErrors("faulty-server");
  }, 400_000);
});

describe.concurrent("drivers", () => {
  let site: Site;
  let client: Client;
  beforeAll(async () => {
    site = await makeSite("server");
    ({ client } = site);
  }, 120_000);

  test.sequential("50 of them claim 1,000 runs over HTTP: each exactly once, over either adapter", async ({
    expect,
  }) => {
    const runs = Array.from({ length: 1000 }, (_, n) => ({ n }));
    const { unitId } = await newUnit(client, runs, null);
    const claimed: string[] = [];
    const overTrpc = async (): Promise<string | null> =>
      (await client.units.claim.mutate({ unitId })).run?.runId ?? null;
    const overRest = async (): Promise<string | null> => {
      const { queue } = await post(site, `/v2/units/${unitId}/claim`);
      return queue?.queue_id ?? null;
    };
    const drive = async (_: unknown, nth: number): Promise<void> => {
      for (;;) {
        const runId = await (nth % 2 === 0 ? overTrpc() : overRest());
        if (runId === null) return;
        claimed.push(runId);
        await client.runs.complete.mutate({ runId, attempt: 1, result: { driver: nth } });
      }
    };
    await Promise.all(Array.from({ length: 50 }, drive));
    const all = await runsOf(client, unitId);
    expect([...claimed].sort()).toEqual(all.map((run) => run.runId).sort());
    expect(new Set(claimed).size).toBe(1000);
    expect(all.every((run) => run.status === "completed" && run.attempt === 1)).toBe(true);
    expect(new Set(all.map((run) => run.result?.driver)).size).toBe(50);
  }, 240_000);

  test.sequential("a killed one's run fails as driver lost within its stall timeout and 5 s; a retry completes it; a late end is refused then", async ({
    expect,
  }) => {
    const runs = [{ kind: "train", steps: STEPS, pauseMs: 200 }];
    const { unitId, names } = await newUnit(client, runs, STALL_SECONDS);
    const driver = startDriver(site, names, "killed");
    const only = async () => (await runsOf(client, unitId))[0];
    await expect
      .poll(async () => (await only())?.progress?.done ?? 0, { timeout: 60_000, interval: 50 })
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
    const next = startDriver(site, names, "next");
    await expect.poll(async () => (await only())?.status, { timeout: 60_000, interval: 100 }).toBe("completed");
    expect((await only())?.attempt).toBe(2);
    await expect(client.runs.complete.mutate({ runId, attempt: 1, result: {} })).rejects.toMatchObject({
      code: "INVALID_QUEUE_STATUS",
    });
    const { metrics } = await client.runs.metrics.query({ runId });
    expect(metrics.loss?.map((point) => point.step)).toEqual(steps);
    next.kill("SIGTERM");
    await once(next, "exit");
  }, 240_000);

  test.sequential("one whose end comes after it was thought lost is believed", async ({ expect }) => {
    const { unitId } = await newUnit(client, [{}], STALL_SECONDS - 4);
    await client.units.heartbeat.mutate({ unitId, running: [] });
    const { run } = await client.units.claim.mutate({ unitId });
    const { runId = "", attempt = 0 } = run ?? {};
    await expect
      .poll(async () => (await client.runs.get.query({ runId })).errorKind, { timeout: 60_000, interval: 100 })
      .toBe("lost");
    const ended = await client.runs.complete.mutate({ runId, attempt, result: { late: true } });
    expect(ended).toMatchObject({ status: "completed", result: { late: true }, errorMessage: null });
  }, 120_000);

  test.sequential("one that lost the answer to its claim gets the same run by the same Idempotency-Key", async ({
    expect,
  }) => {
    const { unitId } = await newUnit(
      client,
      Array.from({ length: 20 }, (_, n) => ({ n })),
      null,
    );
    const path = `/v2/units/${unitId}/claim`;
    const random = seeded(SEED + 1);
    const got: string[] = [];
    for (let n = 0; n < 20; n++) {
      const headers = { "Idempotency-Key": `lost ${SEED} ${n}` };
      // The line is cut at some moment from before the claim until after its answer.
      await post(site, path, headers, AbortSignal.timeout(Math.ceil(12 * random()))).catch(() => null);
      let answer = await post(site, path, headers);
      // The first one may still be under way.
      for (; answer.code === "CONFLICT"; answer = await post(site, path, headers)) await wait(5);
      got.push(answer.queue?.queue_id ?? "");
    }
    const all = await runsOf(client, unitId);
    expect(got).toEqual(all.map((run) => run.runId));
    expect(all.every((run) => run.status === "running" && run.attempt === 1)).toBe(true);
  }, 120_000);

  test.sequential("the server said nothing of what it could not handle", () => expectNoErrors("server"));
});
