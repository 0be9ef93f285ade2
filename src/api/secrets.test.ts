// Secrets that are planted in a running product, web and worker as built (MLQUEUE_DIST), and then looked for: in logs, in the
// processes that it starts, in Redis, in every column of every table, in pages and in what browsers are given.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { registerKey } from "../accounts/api-keys";
import { addUser } from "../accounts/users";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { openRedis } from "../platform/redis";
import { useTestServices } from "../testing/services";
import { useWebProcesses, type WebProcess } from "../testing/web-process";
import { useWorkers, type WorkerProcess } from "../testing/worker-process";

const planted = (what: string): string => `planted${what}${randomBytes(9).toString("hex")}`;

/** Each secret, with the columns that may hold it in the clear: what the owner gave to be used as it is. */
const OWN_ADDRESS = ["tasks.webhook_url", "webhook_events.own_url", "webhook_deliveries.url", "webhook_endpoints.url"];
const secrets: Record<string, { text: string; mayStandIn: string[]; inProgram?: true }> = {
  password: { text: planted("Password"), mayStandIn: [] },
  wrongPassword: { text: planted("Guess"), mayStandIn: [] },
  key: { text: planted("Key"), mayStandIn: [] },
  wrongKey: { text: planted("WrongKey"), mayStandIn: [] },
  jwtSecret: { text: planted("Jwt"), mayStandIn: [] },
  sessionSecret: { text: planted("Session"), mayStandIn: [] },
  webhookKey: { text: planted("WebhookKey"), mayStandIn: [] },
  databasePassword: { text: new URL(process.env.TEST_DATABASE_URL ?? "").password, mayStandIn: [] },
  wrongDatabasePassword: { text: planted("Database"), mayStandIn: [] },
  addressToken: { text: planted("Token"), mayStandIn: OWN_ADDRESS },
  taskEnv: { text: planted("Env"), mayStandIn: ["tasks.env"], inProgram: true },
  taskConfig: { text: planted("Config"), mayStandIn: ["tasks.config"], inProgram: true },
};
const textOf = (name: string): string => secrets[name]?.text ?? "";

const { redisPrefix } = useTestServices({
  JWT_SECRET: textOf("jwtSecret"),
  NEXTAUTH_SECRET: textOf("sessionSecret"),
  WEBHOOK_SECRET_KEY: textOf("webhookKey"),
  WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8",
  WEBHOOK_RETRY_COUNT: "1",
  LOG_LEVEL: "debug",
});
const webs = useWebProcesses();
const workers = useWorkers();

let web: WebProcess;
let worker: WorkerProcess;
let pages = "";
let programs: { command: string; environment: string }[] = [];
let failedStart = "";

const bearer = () => ({ Authorization: `Bearer ${textOf("key")}` });
const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(`${web.url}${path}`, {
    method,
    headers: { ...bearer(), "Content-Type": "application/json", ...headers },
    body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as JsonObject };
};
const statusOf = async (id: unknown) => (await ask("GET", `/v1/tasks/${id}`)).json.status;

/** Signs in as a browser does. @returns its cookies */
const signIn = async (password: string): Promise<string> => {
  const cookies = new Map<string, string>();
  const keep = (response: Response) => {
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split(/=(.*)/s);
      cookies.set(name, value);
    }
  };
  const cookie = () => [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const asked = await fetch(`${web.url}/api/auth/csrf`);
  keep(asked);
  const { csrfToken } = (await asked.json()) as { csrfToken: string };
  const answer = await fetch(`${web.url}/api/auth/callback/credentials`, {
    method: "POST",
    redirect: "manual",
    headers: { "Content-Type": "application/x-www-form-urlencoded", Cookie: cookie() },
    body: new URLSearchParams({ csrfToken, email: "planted@example.org", password, json: "true" }),
  });
  keep(answer);
  await answer.text();
  return cookie();
};

/** All processes below one, as the kernel shows them. */
const below = (pid: number): number[] => {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "latin1");
        return [{ pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) }];
      } catch {
        return []; // it has just ended
      }
    });
  const children = parents.filter(({ parent }) => parent === pid).map((one) => one.pid);
  return children.flatMap((child) => [child, ...below(child)]);
};

/** A server that cannot sign in to its database: what it says until it is stopped. */
const startWithWrongPassword = async (): Promise<string> => {
  const url = new URL(process.env.DATABASE_URL ?? "");
  url.password = textOf("wrongDatabasePassword");
  const child = spawn(process.execPath, [join(process.env.MLQUEUE_DIST ?? "", "server.mjs")], {
    env: { ...process.env, DATABASE_URL: url.href, SERVER_PORT: "0", LOG_LEVEL: "debug" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const ended = new Promise((done) => child.once("exit", done));
  await Promise.race([ended, new Promise((done) => setTimeout(done, 20_000))]);
  child.kill("SIGKILL");
  await ended;
  return output;
};

beforeAll(async () => {
  const user = await addUser({
    email: "planted@example.org",
    password: textOf("password"),
    tier: "standard",
    role: "member",
  });
  await registerKey({ userId: user?.userId ?? "", key: textOf("key"), name: "planted" });
  [web, worker] = await Promise.all([webs.start({ LOG_LEVEL: "debug" }), workers.start({ LOG_LEVEL: "debug" })]);
});

test("the product is driven with them: signed in, run, sent, and refused", async () => {
  const failing = startWithWrongPassword();
  await signIn(textOf("wrongPassword"));
  const Cookie = await signIn(textOf("password"));
  pages = (
    await Promise.all(
      ["/settings", "/tasks"].map(async (path) => (await fetch(`${web.url}${path}`, { headers: { Cookie } })).text()),
    )
  ).join("\n");
  await ask("GET", "/v1/tasks", undefined, { Authorization: `Bearer ${textOf("wrongKey")}` });
  const token = String((await ask("POST", "/v1/auth/token")).json.token);
  await ask("GET", "/v1/tasks", undefined, { Authorization: `Bearer ${token}` });
  secrets.token = { text: token, mayStandIn: [] };
  const made = await ask("POST", "/api/trpc/accounts.keys.create", { name: "n", scopes: ["*"] });
  secrets.madeKey = { text: String(((made.json.result as JsonObject).data as JsonObject).key), mayStandIn: [] };

  const url = `http://127.0.0.1:1/hook?token=${textOf("addressToken")}`;
  const hook = await ask("POST", "/v1/webhooks", { url }, { "Idempotency-Key": "planted" });
  secrets.hookSecret = { text: String(hook.json.secret), mayStandIn: [] };
  secrets.taskSecret = { text: String((await ask("GET", "/v1/webhooks/task-secret")).json.secret), mayStandIn: [] };
  const { deliveries = [] } = (await ask("POST", `/v1/webhooks/${hook.json.webhook_id}/test`)).json as {
    deliveries?: unknown[];
  };
  expect(deliveries).toEqual([]);

  const task = {
    name: "planted",
    config: { secret: textOf("taskConfig") },
    env: { PLANTED: textOf("taskEnv") },
    webhook_url: url,
  };
  await ask("POST", "/v1/tasks", `{"name": "x", "config": {"secret": "${textOf("taskConfig")}"`);
  await ask("POST", "/v1/tasks", { ...task, priority: "high" });
  const sleeping = await ask("POST", "/v1/tasks", { ...task, command: ["sleep", "60"] });
  const failed = await ask("POST", "/v1/tasks", { ...task, command: ["sh", "-c", "exit 3"] });
  const missing = await ask("POST", "/v1/tasks", { ...task, command: ["no-such-program"] });
  for (const one of [failed, missing])
    await expect.poll(() => statusOf(one.json.task_id), { timeout: 20_000 }).toBe("failed");
  await expect.poll(() => statusOf(sleeping.json.task_id), { timeout: 20_000 }).toBe("running");
  await expect
    .poll(
      () =>
        below(worker.child.pid ?? 0)
          .map(commandOf)
          .join(),
      { timeout: 10_000 },
    )
    .toContain("sleep");
  programs = below(worker.child.pid ?? 0).map((pid) => ({
    command: commandOf(pid),
    environment: readFileSync(`/proc/${pid}/environ`, "latin1"),
  }));
  await ask("POST", `/v1/tasks/${sleeping.json.task_id}/cancel`);
  await expect.poll(() => statusOf(sleeping.json.task_id), { timeout: 20_000 }).toBe("cancelled");
  await expect
    .poll(async () => (await getSql()`SELECT 1 FROM webhook_deliveries WHERE tries > 0`).count, { timeout: 20_000 })
    .toBeGreaterThan(3);
  failedStart = await failing;
}, 120_000);

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
  } catch {
    return ""; // it has just ended
  }
};

const found = (where: string): string[] =>
  Object.entries(secrets)
    .filter(([, { text }]) => where.includes(text))
    .map(([name]) => name);

test("what is planted would be found", () => {
  for (const { text } of Object.values(secrets)) expect(text.length).toBeGreaterThan(7);
  expect(found(`x${textOf("taskEnv")}y`)).toEqual(["taskEnv"]);
});

test("in no log, also not in those of failures", () => {
  expect(web.log()).toContain("request refused");
  expect(worker.log()).toContain("webhook failed");
  expect(failedStart).toContain("password authentication failed");
  expect([found(web.log()), found(worker.log()), found(failedStart)]).toEqual([[], [], []]);
});

test("in the command line of no process, and of a program's environment only what its task gave it", () => {
  expect(programs.length).toBeGreaterThan(1);
  expect(programs.filter(({ environment }) => found(environment).includes("taskEnv"))).not.toEqual([]);
  for (const { command, environment } of programs) {
    expect([command, found(command)]).toEqual([command, []]);
    const known = found(environment).filter((name) => !secrets[name]?.inProgram);
    expect([command, known]).toEqual([command, []]);
  }
  for (const pid of [web.child.pid ?? 0, worker.child.pid ?? 0]) expect(found(commandOf(pid))).toEqual([]);
});

test("in Redis", async () => {
  const redis = openRedis(process.env.REDIS_URL ?? "", { timeoutMs: 10_000 });
  afterAll(() => redis.disconnect());
  const keys = await redis.keys(`${redisPrefix}*`);
  expect(keys).not.toEqual([]);
  const read: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => redis.get(key),
    hash: (key) => redis.hgetall(key),
    list: (key) => redis.lrange(key, 0, "-1"),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.zrange(key, 0, "-1"),
  };
  for (const key of keys) {
    const type = await redis.type(key);
    const value = await read[type]?.(key);
    expect([type, value === undefined]).toEqual([type, false]);
    expect([key, found(`${key} ${JSON.stringify(value)}`)]).toEqual([key, []]);
  }
});

test("in every column of every table only where its owner gave it to be kept", async () => {
  const tables = await getSql()<{ name: string }[]>`
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`;
  const places: string[] = [];
  for (const { name } of tables) {
    const rows = await getSql().unsafe<{ row: JsonObject }[]>(`SELECT to_jsonb(t) AS row FROM ${name} t`);
    for (const { row } of rows)
      for (const [column, value] of Object.entries(row))
        for (const secret of found(JSON.stringify(value)))
          if (!secrets[secret]?.mayStandIn.includes(`${name}.${column}`.replace(/^public\./, "")))
            places.push(`${secret}: ${name}.${column}`);
  }
  expect([...new Set(places)]).toEqual([]);
  const kept = await getSql()`SELECT 1 FROM tasks WHERE env::text LIKE ${`%${textOf("taskEnv")}%`}`;
  expect(kept.count).toBeGreaterThan(0);
});

test("in no page, and browsers are not given so much as the names of the server's secrets", () => {
  expect(pages).toContain("planted@example.org");
  expect(found(pages)).toEqual([]);
  const bundle = resolve(process.env.MLQUEUE_DIST ?? "", "next", "static");
  const files = readdirSync(bundle, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(js|css|json)$/.test(name),
  );
  expect(files.length).toBeGreaterThan(5);
  for (const name of files) {
    const text = readFileSync(join(bundle, name), "utf8");
    expect([name, found(text)]).toEqual([name, []]);
    expect([
      name,
      /\b(JWT_SECRET|NEXTAUTH_SECRET|WEBHOOK_SECRET_KEY|DATABASE_URL|REDIS_URL|METRICS_TOKEN)\b/.exec(text)?.[0],
    ]).toEqual([name, undefined]);
  }
});
