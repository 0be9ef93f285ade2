// The scripts' own rules, and a real PostgreSQL and Redis that are killed and come back.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import postgres from "postgres";
import { afterAll, expect, test } from "vitest";
import { parseEnv } from "../src/platform/env";
import { sourceHash } from "./lib/build.mjs";
import { isInstalled } from "./lib/install.mjs";
import { makeKeeper } from "./lib/keeper.mjs";
import { killAll } from "./lib/leftovers.mjs";
import { lockHolder, tryLock } from "./lib/lock.mjs";
import { isFree, nextFreePort } from "./lib/ports.mjs";
import { startPostgres, stopPostgres } from "./lib/postgres.mjs";
import { bootId, end, identify, isAlive, killPrograms, waitGone } from "./lib/processes.mjs";
import { checkNode, loadEnv, parseDotEnv } from "./lib/project.mjs";
import { answers, startRedis, stopRedis } from "./lib/redis.mjs";
import { liveRun, lockOf, readRun, survivors, writeRun } from "./lib/run-file.mjs";
import { checkProductionSecrets, EXAMPLE_SECRETS, keepSecrets, withSecrets } from "./lib/secrets.mjs";
import { givenDatabase, givenRedis } from "./lib/services.mjs";
import { countPlaywright, countVitest, sum } from "./lib/test-report.mjs";

const folders: string[] = [];
const makeFolder = (): string => {
  // Below the test run's own folder, where whatever is left is found and ended.
  const folder = mkdtempSync(path.join(process.env.DATA_DIR || tmpdir(), "scripts-"));
  folders.push(folder);
  return folder;
};
afterAll(async () => {
  for (const folder of folders) {
    // A failed test may have left its servers.
    await killAll(folder, {});
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A process that lives until it is killed. */
const makeSleeper = (env: Record<string, string> = {}) => {
  const child = spawn("sleep", ["60"], {
    stdio: "ignore",
    detached: true,
    env: { NODE_ENV: "test", PATH: process.env.PATH, ...env },
  });
  return identify(child.pid ?? 0);
};

test("a taken port is passed over for the next free one", async () => {
  const server = net.createServer();
  const port = await new Promise<number>((done) => {
    server.listen(0, "127.0.0.1", () => done((server.address() as net.AddressInfo).port));
  });
  expect(await isFree(port)).toBe(false);
  expect(await nextFreePort(port, "127.0.0.1")).toBeGreaterThan(port);
  await new Promise((done) => server.close(done));
  expect(await nextFreePort(port, "127.0.0.1")).toBe(port);
});

test("secrets are made once, for the owner's eyes only, and production gets none of them", () => {
  const dataDir = makeFolder();
  const secrets = keepSecrets(dataDir);
  expect(statSync(path.join(dataDir, "secrets.json")).mode & 0o777).toBe(0o600);
  expect(keepSecrets(dataDir)).toEqual(secrets);
  expect(secrets.jwtSecret).toMatch(/^[0-9a-f]{64}$/);
  expect(withSecrets({ ENV: "development" }, secrets).JWT_SECRET).toBe(secrets.jwtSecret);
  expect(withSecrets({ ENV: "development" }, secrets).API_KEY_SECRET).toBe(secrets.apiKeySecret);
  expect(withSecrets({ JWT_SECRET: "my own one" }, secrets).API_KEY_SECRET).toBe(`my own one,${secrets.apiKeySecret}`);
  expect(withSecrets({ ENV: "production" }, secrets).API_KEY_SECRET).toBeUndefined();
  expect(withSecrets({ ENV: "development" }, secrets).WEBHOOK_SECRET_KEY).toBe(secrets.webhookSecretKey);
  expect(withSecrets({ ENV: "production" }, secrets).JWT_SECRET).toBeUndefined();
  expect(withSecrets({ ENV: "production" }, secrets).WEBHOOK_SECRET_KEY).toBeUndefined();
});

test("in production the start refuses what env.ts refuses, with the same sentence", () => {
  const services = { DATABASE_URL: "postgres://localhost/x", REDIS_URL: "redis://localhost" };
  const wrong = [undefined, ...EXAMPLE_SECRETS.filter((one) => one.length >= 8)];
  const own = "one-of-my-own";
  for (const given of [
    ...wrong.map((JWT_SECRET) => ({ JWT_SECRET, WEBHOOK_SECRET_KEY: own })),
    ...wrong.slice(1).map((API_KEY_SECRET) => ({ JWT_SECRET: own, WEBHOOK_SECRET_KEY: own, API_KEY_SECRET })),
    ...wrong.map((WEBHOOK_SECRET_KEY) => ({ JWT_SECRET: own, WEBHOOK_SECRET_KEY })),
  ]) {
    const env = { ENV: "production", ...given };
    const sentence = (() => {
      try {
        parseEnv({ ...env, ...services });
      } catch (error) {
        return (error as Error).message;
      }
      return "accepted";
    })();
    expect(() => checkProductionSecrets(env)).toThrow(sentence);
  }
  expect(() => checkProductionSecrets({ ENV: "production", JWT_SECRET: own, WEBHOOK_SECRET_KEY: own })).not.toThrow();
  const source = readFileSync(new URL("../src/platform/env.ts", import.meta.url), "utf8");
  for (const one of EXAMPLE_SECRETS) expect(source).toContain(`"${one}"`);
});

test("DB_* and REDIS_* give the URLs that env.ts makes of them", () => {
  const parts = {
    ...{
      JWT_SECRET: "long-enough",
      WEBHOOK_SECRET_KEY: "long-enough",
      DB_HOST: "db",
      DB_USER: "a b",
      DB_PASSWORD: "p@ss:/",
      DB_NAME: "x",
      DB_SSLMODE: "require",
    },
    ...{ REDIS_HOST: "cache", REDIS_PASSWORD: "p@ss", REDIS_DB: "3" },
  };
  expect(givenDatabase(parts)).toBe(parseEnv(parts).DATABASE_URL);
  expect(givenRedis(parts)).toBe(parseEnv(parts).REDIS_URL);
  const bare = { JWT_SECRET: "long-enough", WEBHOOK_SECRET_KEY: "long-enough", DB_HOST: "db", REDIS_HOST: "cache" };
  expect(givenDatabase(bare)).toBe(parseEnv(bare).DATABASE_URL);
  expect(givenRedis(bare)).toBe(parseEnv(bare).REDIS_URL);
  expect(givenDatabase({})).toBeNull();
});

test(".env: quotes, comments and empty values; the process's own values win; npm's are dropped", () => {
  const text =
    '# head\nA=1\nexport B = two words # note\nC=\'# kept\'\nD="x\\ny"\nE=\n  F=a#b\nnot a line\nG="two\nlines"\r\nH=last\r\n';
  expect(parseDotEnv(text)).toEqual({
    A: "1",
    B: "two words",
    C: "# kept",
    D: "x\ny",
    E: "",
    F: "a#b",
    G: "two\nlines",
    H: "last",
  });
  const file = path.join(makeFolder(), ".env");
  writeFileSync(file, "A=1\nB=2\nC=\n");
  expect(loadEnv({ A: "mine", B: "", npm_lifecycle_event: "start", npm_package_name: "x" }, file)).toEqual({
    A: "mine",
    B: "2",
  });
});

test("an old Node is refused with a sentence that names both versions", () => {
  expect(() => checkNode("20.18.3")).toThrow("20.19 or newer, and this is Node 20.18.3");
  expect(() => checkNode("20.19.0")).not.toThrow();
  expect(() => checkNode("22.0.0")).not.toThrow();
});

test("a pid written down counts only with its start time and on the same boot", async () => {
  const dataDir = makeFolder();
  const sleeper = makeSleeper();
  const run = {
    ...identify(process.pid),
    bootId: bootId(),
    ports: { web: 1 },
    processes: { worker: sleeper, web: { ...sleeper, startTime: "1" } },
  };
  writeRun(dataDir, run);
  expect(survivors(readRun(dataDir))).toEqual({ worker: sleeper });
  expect(survivors({ ...run, bootId: "another" })).toEqual({});
  process.kill(sleeper.pid, "SIGKILL");
  await waitGone(sleeper, 2000);
  expect(survivors(readRun(dataDir))).toEqual({});
  expect(statSync(path.join(dataDir, "run.json")).mode & 0o777).toBe(0o600);
});

test("one supervisor per data directory: a living one keeps the lock, a dead one's is free", () => {
  const dataDir = makeFolder();
  const file = lockOf(dataDir);
  const first = tryLock(file, "start");
  if (!("release" in first)) throw new Error("The lock was not free.");
  expect(tryLock(file, "start")).toMatchObject({ holder: { pid: process.pid, purpose: "start" } });
  expect(liveRun(dataDir)).toMatchObject({ pid: process.pid });
  first.release();
  expect(lockHolder(file)).toBeNull();
  writeFileSync(file, JSON.stringify({ pid: process.pid, startTime: "1", bootId: bootId(), purpose: "start" }));
  expect(liveRun(dataDir)).toBeNull();
  const second = tryLock(file, "start");
  expect("release" in second).toBe(true);
});

test("the build's hash changes with a source and not with a test", () => {
  const root = makeFolder();
  mkdirSync(path.join(root, "src"));
  writeFileSync(path.join(root, "src/a.ts"), "1");
  const before = sourceHash(root);
  writeFileSync(path.join(root, "src/a.test.ts"), "1");
  writeFileSync(path.join(root, "src/README.md"), "1");
  expect(sourceHash(root)).toBe(before);
  writeFileSync(path.join(root, "src/a.ts"), "2");
  expect(sourceHash(root)).not.toBe(before);
});

test("packages are installed again when npm's list differs from the lockfile, other platforms' packages aside", () => {
  const wanted = {
    packages: {
      "": {},
      "node_modules/a": { version: "1.0.0" },
      "node_modules/b": { version: "1.0.0", optional: true, os: ["none"] },
    },
  };
  expect(isInstalled(wanted, { packages: { "node_modules/a": { version: "1.0.0" } } })).toBe(true);
  expect(isInstalled(wanted, { packages: { "node_modules/a": { version: "1.0.1" } } })).toBe(false);
  expect(isInstalled(wanted, { packages: {} })).toBe(false);
  expect(
    isInstalled(wanted, {
      packages: { "node_modules/a": { version: "1.0.0" }, "node_modules/c": { version: "1.0.0" } },
    }),
  ).toBe(false);
  expect(isInstalled(wanted, null)).toBe(false);
});

test("the runners' reports are summed; a crash counts as one failure and a skipped test is named", () => {
  const folder = makeFolder();
  const file = path.join(folder, "report.json");
  const passed = { status: "passed", fullName: "a" };
  writeFileSync(
    file,
    JSON.stringify({
      testResults: [
        { status: "passed", assertionResults: [passed, { status: "skipped", fullName: "b" }] },
        { status: "failed", assertionResults: [] },
      ],
    }),
  );
  const vitest = countVitest(file, 1);
  expect(vitest).toMatchObject({ passed: 1, failed: 1, skipped: ["b"] });
  writeFileSync(file, JSON.stringify({ testResults: [{ status: "passed", assertionResults: [passed] }] }));
  expect(countVitest(file, 1)).toMatchObject({ passed: 1, failed: 1 });
  const spec = (status: string) => ({ title: status, tests: [{ status }] });
  writeFileSync(
    file,
    JSON.stringify({
      errors: [],
      suites: [
        {
          title: "x.spec.ts",
          specs: [spec("expected"), spec("unexpected")],
          suites: [{ title: "y", specs: [spec("skipped"), spec("flaky")] }],
        },
      ],
    }),
  );
  const playwright = countPlaywright(file, 1);
  expect(playwright).toMatchObject({ passed: 2, failed: 1, skipped: ["x.spec.ts › y › skipped"] });
  expect(countPlaywright(path.join(folder, "none.json"), 1)).toMatchObject({ passed: 0, failed: 1 });
  expect(sum([vitest, playwright])).toMatchObject({ passed: 3, failed: 2 });
});

test("a kept process that dies comes back, and none after its release", async () => {
  const said: string[] = [];
  const started: ReturnType<typeof makeSleeper>[] = [];
  const start = async () => {
    const one = makeSleeper();
    started.push(one);
    return one;
  };
  const keeper = makeKeeper({ name: "It", start, say: (sentence: string) => said.push(sentence) });
  await keeper.begin();
  keeper.keep();
  process.kill(started[0]?.pid ?? 0, "SIGKILL");
  await expect.poll(() => started.length, { timeout: 3000 }).toBe(2);
  keeper.release();
  await end(started[1], [["SIGKILL", 1000]]);
  expect(said[0]).toBe("It ended (killed); starting it again");
  expect(started).toHaveLength(2);
});

test.runIf(process.platform === "linux")(
  "programs left by a worker are found by their marks and killed, another data directory's are not",
  async () => {
    const dataDir = makeFolder();
    const left = makeSleeper({ MLQUEUE_TASK_ID: "task_1", MLQUEUE_DATA_DIR: dataDir });
    const foreign = makeSleeper({ MLQUEUE_TASK_ID: "task_1", MLQUEUE_DATA_DIR: `${dataDir}2` });
    await expect.poll(() => readFileSync(`/proc/${left.pid}/environ`, "utf8")).toContain("MLQUEUE_TASK_ID");
    expect(await killPrograms(dataDir)).toBe(1);
    expect(isAlive(left)).toBe(false);
    expect(isAlive(foreign)).toBe(true);
    await end(foreign, [["SIGKILL", 1000]]);
  },
);

test("PostgreSQL keeps its port and committed rows over kill -9, is taken over when it runs, and takes a new password", async () => {
  const dataDir = makeFolder();
  let server = await startPostgres({ dataDir, password: "first" });
  const { port } = server;
  const ask = async <T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    return work(sql).finally(() => sql.end({ timeout: 1 }));
  };
  await ask(server.url, (sql) => sql`CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n`);
  process.kill(server.pid, "SIGKILL");
  expect(await server.exited).toBe("signal SIGKILL");
  server = await startPostgres({ dataDir, password: "first", port });
  expect(server.port).toBe(port);
  expect(await ask(server.url, (sql) => sql`SELECT count(*)::int AS n FROM kept`)).toEqual([{ n: 1000 }]);
  const settings = await ask(
    server.url,
    (sql) => sql`SELECT current_setting('fsync') AS a, current_setting('synchronous_commit') AS b`,
  );
  expect(settings).toEqual([{ a: "on", b: "on" }]);
  expect(await startPostgres({ dataDir, password: "first", port, known: server })).toMatchObject({
    pid: server.pid,
    how: "found running",
  });
  const again = await startPostgres({ dataDir, password: "second", port, known: server });
  expect(again.pid).not.toBe(server.pid);
  expect(await ask(again.url, (sql) => sql`SELECT count(*)::int AS n FROM kept`)).toEqual([{ n: 1000 }]);
  expect(await stopPostgres(again)).toBe(true);
  expect(existsSync(path.join(dataDir, "postgres/postmaster.pid"))).toBe(false);
});

test("a postmaster.pid whose number belongs to a stranger now does not keep PostgreSQL down", async () => {
  const dataDir = makeFolder();
  const server = await startPostgres({ dataDir, password: "x", durable: false });
  const file = path.join(dataDir, "postgres/postmaster.pid");
  const lines = readFileSync(file, "utf8").split("\n");
  await stopPostgres(server);
  const stranger = makeSleeper();
  writeFileSync(file, [String(stranger.pid), ...lines.slice(1)].join("\n"));
  const again = await startPostgres({ dataDir, password: "x", durable: false });
  expect(isAlive(stranger)).toBe(true);
  await stopPostgres(again);
  await end(stranger, [["SIGKILL", 1000]]);
});

test("Redis comes back on its port after kill -9, is taken over when it runs, and refuses a wrong password", async () => {
  const dataDir = makeFolder();
  const server = await startRedis({ dataDir, password: "abc" });
  expect(await answers(server.port, "abc")).toBe(true);
  expect(await answers(server.port, "abd")).toBe(false);
  expect(statSync(path.join(dataDir, "redis/redis.conf")).mode & 0o777).toBe(0o600);
  process.kill(server.pid, "SIGKILL");
  expect(await server.exited).toBe("signal SIGKILL");
  const again = await startRedis({ dataDir, password: "abc", port: server.port });
  expect(again.port).toBe(server.port);
  expect(await startRedis({ dataDir, password: "abc", port: again.port, known: again })).toMatchObject({
    pid: again.pid,
    how: "found running",
  });
  expect(await stopRedis(again)).toBe(true);
});
