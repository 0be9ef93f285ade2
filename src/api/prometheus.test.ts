// GET /metrics: what Prometheus reads.
import { beforeAll, expect, test } from "vitest";
import { version } from "../../package.json";
import { getSql, openSql, type Sql } from "../platform/db";
import { getEnv } from "../platform/env";
import { refusalIn, useHttpServer } from "../testing/http";
import { useRestUnits } from "../testing/rest-units";
import { useTestServices } from "../testing/services";
import { useWorkers } from "../testing/worker-process";

useTestServices({ WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" });
const workers = useWorkers();
const { call, readEvents } = useHttpServer();
const { ask, accounts } = useRestUnits(call);

type Sample = { name: string; labels: Record<string, string>; value: number };

/** The text format, read strictly: a line that is neither a comment nor a sample fails the test. */
const parse = (text: string): Sample[] =>
  text
    .split("\n")
    .filter((line) => line !== "" && !/^# (HELP|TYPE) /.test(line))
    .map((line) => {
      const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (!match) throw new Error(`This is no sample: ${line}`);
      const labels = [...(match[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = "", value = ""]) => [
        name,
        value,
      ]);
      return { name: match[1] ?? "", labels: Object.fromEntries(labels), value: Number(match[3]) };
    });

const scrape = async (): Promise<Sample[]> => parse((await call("GET", "/metrics")).text);
const sampleOf = (samples: Sample[], name: string, labels: Record<string, string> = {}): number | undefined =>
  samples.find(
    (one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
  )?.value;

/** What is read from PostgreSQL is kept for two seconds: asks until it is there. */
const scrapeUntil = async (isThere: (samples: Sample[]) => boolean): Promise<Sample[]> => {
  let samples: Sample[] = [];
  await expect
    .poll(
      async () => {
        samples = await scrape();
        return isThere(samples);
      },
      { timeout: 10_000, interval: 200 },
    )
    .toBe(true);
  return samples;
};

let pool: Sql;
beforeAll(() => {
  pool = getSql();
});

test("it is Prometheus' text, needs no key, and names the version, the process and the database", async () => {
  const { status, headers, text } = await call("GET", "/metrics");
  expect([status, headers.get("content-type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  const samples = parse(text);
  expect(sampleOf(samples, "mlqueue_build_info", { version })).toBe(1);
  expect(sampleOf(samples, "mlqueue_database_up")).toBe(1);
  expect(sampleOf(samples, "process_resident_memory_bytes")).toBeGreaterThan(1e7);
  expect(sampleOf(samples, "nodejs_eventloop_lag_seconds")).toBeGreaterThanOrEqual(0);
  const head = await call("HEAD", "/metrics");
  expect([head.status, head.text]).toEqual([200, ""]);
  expect(refusalIn(await call("POST", "/metrics"))).toMatchObject({ status: 405, code: "METHOD_NOT_ALLOWED" });
});

test("tasks by queue and status, over all accounts", async () => {
  const create = (key: string, queue: string) =>
    call("POST", "/v1/tasks", { key, body: { name: "a", config: {}, queue } });
  for (const { key } of [accounts.mine, accounts.other]) await create(key, "deep");
  const { json } = await create(accounts.mine.key, "deep");
  await ask("POST", `/v1/tasks/${json.task_id}/start`);
  const samples = await scrapeUntil(
    (all) => sampleOf(all, "mlqueue_tasks", { queue: "deep", status: "running" }) === 1,
  );
  expect(sampleOf(samples, "mlqueue_tasks", { queue: "deep", status: "queued" })).toBe(2);
});

test("beyond a hundred queues the idle ones stand together, and nothing is lost", async () => {
  const tasks = Array.from({ length: 130 }, (_, index) => ({ name: "a", config: {}, queue: `many ${index}` }));
  expect((await ask("POST", "/v1/tasks/batch", { tasks })).status).toBe(201);
  const tasksIn = (all: Sample[]) => all.filter(({ name }) => name === "mlqueue_tasks");
  const samples = tasksIn(await scrapeUntil((all) => tasksIn(all).length > 100));
  const queues = new Set(samples.map(({ labels }) => labels.queue));
  expect(queues.size).toBe(101);
  expect([queues.has(""), queues.has("deep")]).toEqual([true, true]);
  const [stored] = await getSql()<{ n: number }[]>`SELECT count(*) AS n FROM tasks`;
  expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(Number(stored?.n));
});

test("workers and their slots", async () => {
  await getSql()`
    INSERT INTO workers (id, host, boot_id, pid_namespace, pid, pid_start_time, version, slots, cpus, memory_mb, gpus, entrypoints, allows_commands, draining)
    VALUES ('w1', 'h', 'b', 'n', 1, 1, 'v', 4, 1, 1, '{}', '{}', false, false), ('w2', 'h', 'b', 'n', 2, 1, 'v', 3, 1, 1, '{}', '{}', false, true)`;
  const samples = await scrapeUntil((all) => sampleOf(all, "mlqueue_workers", { state: "live" }) === 1);
  expect(sampleOf(samples, "mlqueue_workers", { state: "draining" })).toBe(1);
  expect(sampleOf(samples, "mlqueue_worker_slots", { state: "free" })).toBe(4);
  expect(sampleOf(samples, "mlqueue_worker_slots", { state: "busy" })).toBe(0);
});

test("runs that wait or run, ends by outcome, and drivers that are heard", async () => {
  const before = await scrape();
  const group = String((await ask("POST", "/v2/groups", { name: "g" })).json.group_id);
  const unit = String((await ask("POST", `/v2/groups/${group}/units`, { name: "u" })).json.unit_id);
  await ask("POST", `/v2/units/${unit}/queues/batch`, {
    queues: Array.from({ length: 5 }, () => ({ parameters: { lr: 0.1 } })),
  });
  await ask("POST", `/v2/units/${unit}/heartbeat`);
  const claim = async () =>
    String(((await ask("POST", `/v2/units/${unit}/claim`)).json.queue as { queue_id: string }).queue_id);
  const [first, second, third] = [await claim(), await claim(), await claim()];
  await claim();
  for (let times = 0; times < 2; times++) await ask("POST", `/v2/queues/${first}/complete`, { result: { a: 1 } });
  await ask("POST", `/v2/queues/${second}/fail`, { error_msg: "oom" });
  await ask("POST", `/v2/queues/${third}/cancel`);
  const samples = await scrapeUntil((all) => sampleOf(all, "mlqueue_runs", { status: "pending" }) === 1);
  expect(sampleOf(samples, "mlqueue_runs", { status: "running" })).toBe(1);
  expect(sampleOf(samples, "mlqueue_drivers", { state: "connected" })).toBe(1);
  for (const outcome of ["completed", "failed", "cancelled"]) {
    const ends = (of: Sample[]) => sampleOf(of, "mlqueue_run_ends_total", { outcome }) ?? 0;
    expect([outcome, ends(samples) - ends(before)]).toEqual([outcome, 1]);
  }
  const grown = (name: string, labels: Record<string, string>) =>
    (sampleOf(samples, name, labels) ?? 0) - (sampleOf(before, name, labels) ?? 0);
  expect(grown("mlqueue_claims_total", { kind: "run" })).toBe(4);
  expect(grown("mlqueue_run_wait_seconds_count", { kind: "run" })).toBe(4);
  for (const outcome of ["completed", "failed"])
    expect(grown("mlqueue_run_duration_seconds_count", { kind: "run", outcome })).toBe(1);
});

test("what workers did is told by a server that did none of it: claims, waits, durations, deliveries", async () => {
  const before = await scrape();
  await ask("POST", "/v1/webhooks", { url: "http://127.0.0.1:1/hook", events: ["task.completed"] });
  const start = async (command: string[]) =>
    String((await ask("POST", "/v1/tasks", { name: "a", config: {}, command })).json.task_id);
  const worker = await workers.start();
  const [well, badly] = [await start(["true"]), await start(["false"])];
  for (const [id, status] of [
    [well, "completed"],
    [badly, "failed"],
  ] as const)
    await expect.poll(async () => (await ask("GET", `/v1/tasks/${id}`)).json.status, { timeout: 15_000 }).toBe(status);
  await expect
    .poll(async () => sampleOf(await scrape(), "mlqueue_webhook_deliveries_total", { outcome: "retried" }), {
      timeout: 15_000,
    })
    .toBeGreaterThan(0);
  await worker.stop();
  const samples = await scrape();
  const grown = (name: string, labels: Record<string, string>) =>
    (sampleOf(samples, name, labels) ?? 0) - (sampleOf(before, name, labels) ?? 0);
  expect(grown("mlqueue_claims_total", { kind: "task" })).toBe(2);
  expect(grown("mlqueue_run_wait_seconds_count", { kind: "task" })).toBe(2);
  expect(grown("mlqueue_run_wait_seconds_bucket", { kind: "task", le: "+Inf" })).toBe(2);
  for (const outcome of ["succeeded", "failed"]) {
    expect(grown("mlqueue_run_duration_seconds_count", { kind: "task", outcome })).toBe(1);
    expect(grown("mlqueue_run_duration_seconds_bucket", { kind: "task", outcome, le: "15" })).toBe(1);
    expect(grown("mlqueue_run_duration_seconds_sum", { kind: "task", outcome })).toBeGreaterThan(0);
  }
  const bounds = samples.filter(
    ({ name, labels }) => name === "mlqueue_run_wait_seconds_bucket" && labels.kind === "task",
  );
  const counts = bounds.map(({ value }) => value);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  expect(bounds.at(-1)?.labels.le).toBe("+Inf");
});

test("attempts that are given up are counted by reason", async () => {
  const { giveBack } = await import("../tasks/finish");
  const lostBy = async (reason: string) => sampleOf(await scrape(), "mlqueue_lost_total", { reason }) ?? 0;
  const before = await lostBy("worker_died");
  const { json } = await ask("POST", "/v1/tasks", { name: "a", config: {} });
  await ask("POST", `/v1/tasks/${json.task_id}/start`);
  await giveBack([{ taskId: String(json.task_id), attempt: 1 }], "lost", "its worker is gone");
  expect((await lostBy("worker_died")) - before).toBe(1);
});

test("how long the oldest waits, how busy the GPUs are, and how far estimates were off", async () => {
  const { json } = await ask("POST", "/v1/tasks", { name: "a", config: {} });
  await getSql()`UPDATE tasks SET created_at = now() - interval '1 hour' WHERE id = (SELECT min(task_id) FROM ready_tasks)`;
  await getSql()`
    INSERT INTO workers (id, host, boot_id, pid_namespace, pid, pid_start_time, version, slots, cpus, memory_mb, gpus, entrypoints, allows_commands)
    VALUES ('g1', 'h', 'b', 'n', 3, 1, 'v', 4, 1, 1, '{0,1}', '{}', false), ('g2', 'h', 'b', 'n', 4, 1, 'v', 4, 1, 1, '{1,2,3}', '{}', false)`;
  await getSql()`INSERT INTO gpu_leases (host, gpu, task_id, attempt) VALUES ('h', '1', ${String(json.task_id)}, 1)`;
  await getSql()`
    INSERT INTO run_estimates (run_id, attempt, unit_id, made_at, end_p50_seconds, end_p90_seconds)
    SELECT id, attempt, unit_id, completed_at - interval '100 s', 150, 200 FROM runs WHERE status = 'completed'`;
  const samples = await scrapeUntil((all) => sampleOf(all, "mlqueue_gpu_busy_ratio") === 0.25);
  expect(sampleOf(samples, "mlqueue_oldest_pending_seconds", { kind: "task" })).toBeGreaterThan(3599);
  expect(sampleOf(samples, "mlqueue_oldest_pending_seconds", { kind: "run" })).toBeGreaterThan(0);
  expect(sampleOf(samples, "mlqueue_eta_error_ratio")).toBeCloseTo(0.5, 3);
  await getSql()`DELETE FROM workers WHERE id IN ('g1', 'g2')`;
  await scrapeUntil((all) => sampleOf(all, "mlqueue_gpu_busy_ratio") === undefined);
});

test("durations of requests are told by route, never by what stands in a path", async () => {
  const before = await scrape();
  await ask("GET", "/v1/tasks/task_nobodys");
  await ask("GET", "/tasks/task_nobodys");
  await ask("GET", "/v1/nothing/at/all");
  await ask("GET", "/api/trpc/tasks.counts");
  await ask("GET", "/api/trpc/tasks.nothing");
  await ask("GET", "/api/trpc/tasks.counts,tasks.queues?batch=1&input=%7B%7D");
  const samples = await scrape();
  const counted = (route: string, code: string) => {
    const of = (list: Sample[]) =>
      sampleOf(list, "http_request_duration_seconds_count", { route, code, method: "GET" }) ?? 0;
    return of(samples) - of(before);
  };
  expect(counted("/v1/tasks/:id", "404")).toBe(2);
  expect(counted("unknown", "404")).toBe(2);
  expect(counted("/api/trpc/tasks.counts", "200")).toBe(1);
  expect(counted("/api/trpc/(several)", "200")).toBe(1);
  expect(samples.filter(({ labels }) => Object.values(labels).some((label) => label.includes("nobodys")))).toEqual([]);
});

test("an event stream is counted while it is open, and is no request of so many seconds", async () => {
  const { json } = await ask("POST", "/v1/tasks", { name: "a", config: {} });
  const path = `/v1/tasks/${json.task_id}/logs?follow=1`;
  const seen = readEvents(path, { headers: { Authorization: `Bearer ${accounts.mine.key}` } });
  await expect.poll(async () => sampleOf(await scrape(), "mlqueue_sse_clients")).toBe(1);
  await ask("POST", `/v1/tasks/${json.task_id}/cancel`);
  await seen;
  await expect.poll(async () => sampleOf(await scrape(), "mlqueue_sse_clients")).toBe(0);
  expect(
    sampleOf(await scrape(), "http_request_duration_seconds_count", { route: "/v1/tasks/:id/logs" }),
  ).toBeUndefined();
});

test("refusals for the rate are counted by bucket", async () => {
  const env = getEnv();
  const { RATE_LIMIT_BATCH } = env;
  env.RATE_LIMIT_BATCH = 1;
  try {
    for (let times = 0; times < 3; times++) await ask("POST", "/v1/tasks/batch", { tasks: [] });
  } finally {
    env.RATE_LIMIT_BATCH = RATE_LIMIT_BATCH;
  }
  expect(sampleOf(await scrape(), "mlqueue_rate_limited_total", { bucket: "batch" })).toBe(2);
});

test("while PostgreSQL is away the process still tells its own figures", async () => {
  const holder = globalThis as { mlqueueSql?: Sql };
  holder.mlqueueSql = openSql("postgres://nobody@127.0.0.1:1/nothing");
  try {
    const samples = await scrapeUntil((all) => sampleOf(all, "mlqueue_database_up") === 0);
    expect(samples.filter(({ name }) => name === "mlqueue_tasks")).toEqual([]);
    expect(sampleOf(samples, "process_resident_memory_bytes")).toBeGreaterThan(1e7);
  } finally {
    holder.mlqueueSql = pool;
  }
  await scrapeUntil((all) => sampleOf(all, "mlqueue_database_up") === 1);
});

test("with METRICS_TOKEN only its bearer reads them", async () => {
  const env = getEnv();
  env.METRICS_TOKEN = "a-token-for-prometheus";
  try {
    const with_ = (token: string) => call("GET", "/metrics", { headers: { Authorization: `Bearer ${token}` } });
    expect(refusalIn(await call("GET", "/metrics"))).toMatchObject({ status: 401, code: "AUTH_REQUIRED" });
    expect(refusalIn(await with_("another"))).toMatchObject({ status: 401, code: "INVALID_TOKEN" });
    expect(refusalIn(await with_(accounts.mine.key))).toMatchObject({ status: 401, code: "INVALID_TOKEN" });
    expect((await with_("a-token-for-prometheus")).status).toBe(200);
  } finally {
    env.METRICS_TOKEN = undefined;
  }
});
