// The built product for the browser tests: its own database and Redis keys, one server, one worker.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import postgres from "postgres";

const PASSWORD = "a password for tests";
const READY_MS = 40_000;
const STOP_MS = 8000;

export type Account = { email: string; password: string; key: string };
export type Role = "owner" | "member" | "viewer";
export type Stack = {
  url: string;
  addAccount: (role?: Role) => Promise<Account>;
  /** what the web server has written to its log */
  webLog: () => string;
  setRole: (account: Account, role: Role) => Promise<unknown>;
  stop: () => Promise<void>;
};

const given = (name: "TEST_DATABASE_URL" | "TEST_REDIS_URL" | "MLQUEUE_DIST"): string => {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set: run the tests with \`npm test\`, which builds and starts the services.`);
  return value;
};

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("There is no free port.")),
      );
    });
  });

/** Starts one of our programs and waits for its line in the log. */
const startUntil = (
  name: "server" | "worker",
  env: NodeJS.ProcessEnv,
  ready: string,
): Promise<{ child: ChildProcess; output: () => string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(given("MLQUEUE_DIST"), `${name}.mjs`)], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const fail = (why: string) => reject(new Error(`The ${name} ${why}:\n${output.slice(-4000)}`));
    const timer = setTimeout(() => fail(`was not ready within ${READY_MS / 1000} s`), READY_MS);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (!output.includes(ready)) return;
      clearTimeout(timer);
      resolve({ child, output: () => output });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => fail(`ended with code ${code}`));
  });

const stopChild = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const force = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    child.removeAllListeners("exit");
    child.once("exit", () => {
      clearTimeout(force);
      resolve();
    });
    child.kill("SIGTERM");
  });

const deleteKeys = async (prefix: string): Promise<void> => {
  const redis = new Redis(given("TEST_REDIS_URL"));
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, "MATCH", `${prefix}*`, "COUNT", 1000);
    cursor = next;
    if (keys.length > 0) await redis.del(...keys);
  } while (cursor !== "0");
  redis.disconnect();
};

/** @param extra settings that are different in this one */
export const startStack = async (extra: Record<string, string> = {}): Promise<Stack> => {
  const id = randomBytes(5).toString("hex");
  const database = `e2e_${id}`;
  const admin = postgres(given("TEST_DATABASE_URL"), { max: 1, onnotice: () => {} });
  await admin.unsafe(`CREATE DATABASE "${database}"`);
  const databaseUrl = new URL(given("TEST_DATABASE_URL"));
  databaseUrl.pathname = `/${database}`;
  const dataDir = mkdtempSync(path.join(tmpdir(), "mlqueue-e2e-"));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_ENV: "production",
    ENV: "test",
    LOG_LEVEL: "info",
    DATABASE_URL: databaseUrl.href,
    REDIS_URL: given("TEST_REDIS_URL"),
    REDIS_PREFIX: `e2e:${id}:`,
    JWT_SECRET: "a-secret-for-tests-only",
    NEXTAUTH_SECRET: "a-secret-for-tests-only",
    WEBHOOK_SECRET_KEY: "a-secret-for-tests-only",
    WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8",
    NEXTAUTH_URL: url,
    NEXT_TELEMETRY_DISABLED: "1",
    SERVER_HOST: "127.0.0.1",
    SERVER_PORT: String(port),
    DATA_DIR: dataDir,
    MLQUEUE_DATA_DIR: dataDir,
    MLQUEUE_ROOT: process.cwd(),
    NEXT_DIST_DIR: path.relative(process.cwd(), path.join(given("MLQUEUE_DIST"), "next")),
    WORKER_NAME: `e2e-${id}`,
    QUEUE_WORKER_COUNT: "2",
    CANCEL_GRACE_SECONDS: "3",
    SHUTDOWN_GRACE_SECONDS: "1",
    ...extra,
  };

  const run = async (bundle: "migrate" | "account", ...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [path.join(given("MLQUEUE_DIST"), `${bundle}.mjs`), ...args],
      { env },
    );
    return stdout.trim();
  };

  await run("migrate");
  const [web, worker] = await Promise.all([
    startUntil("server", env, '"web ready"'),
    startUntil("worker", env, '"worker ready"'),
  ]);
  let accounts = 0;
  return {
    url,
    webLog: web.output,
    addAccount: async (role = "member") => {
      const email = `researcher-${++accounts}@example.com`;
      const key = await run("account", "add", email, "--password", PASSWORD, "--role", role);
      return { email, password: PASSWORD, key };
    },
    setRole: ({ email }, role) => run("account", "role", email, role),
    stop: async () => {
      await Promise.all([web, worker].map(({ child }) => stopChild(child)));
      await deleteKeys(`e2e:${id}:`);
      await admin.unsafe(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
      await admin.end({ timeout: 2 });
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
