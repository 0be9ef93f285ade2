// The built driver as a process of its own, against a real server that can be cut off from it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildDriver } from "../../scripts/lib/build-driver.mjs";
import { useHttpServer } from "../testing/http";
import { makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { type Client, createClient } from "./client";
import { AuthError, ConflictError, InvalidInputError, NotFoundError, UnavailableError } from "./errors";

useTestServices();
const { site } = useHttpServer();

const root = resolve(import.meta.dirname, "../..");
const dist = join(root, "dist", `driver-test-${process.pid}`);
const state = mkdtempSync(join(tmpdir(), "mlqueue-driver-"));
const children: ChildProcess[] = [];

/** Stands between driver and server. `lose`: what it asks of the server is done, but the answer to a path does not arrive. */
const line = { isCut: false, lose: null as { path: string; times: number } | null, calls: [] as string[] };
let proxy: Server;
let url = "";
let key = "";
let client: Client;
let unitId = "";

const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  if (line.isCut) return void request.socket.destroy();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const path = request.url ?? "";
  line.calls.push(path.replace(/^\/api\/trpc\//, "").replace(/\?.*/, ""));
  const answer = await fetch(`${site.url}${path}`, {
    method: request.method ?? "GET",
    headers: { authorization: request.headers.authorization ?? "", "content-type": "application/json" },
    body: chunks.length > 0 ? Buffer.concat(chunks) : null,
  });
  const text = await answer.text();
  if (line.isCut) return void request.socket.destroy();
  if (line.lose && line.lose.times > 0 && path.includes(line.lose.path)) {
    line.lose.times--;
    return void request.socket.destroy();
  }
  response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
};

beforeAll(async () => {
  await buildDriver(dist, { types: false });
  proxy = createServer((request, response) => {
    forward(request, response).catch(() => response.destroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  ({ key } = await makeAccount());
  client = createClient({ url: site.url, apiKey: key });
  const { groupId } = await client.groups.create.mutate({ name: "tests" });
  ({ unitId } = await client.units.create.mutate({ groupId, name: "unit" }));
}, 60_000);

afterEach(async () => {
  line.isCut = false;
  line.lose = null;
  for (const child of children.splice(0))
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  // No test may find what another left.
  const { runs } = await client.runs.list.query({ unitId, status: ["pending", "running"] });
  for (const { runId } of runs) await client.runs.cancel.mutate({ runId });
});
afterAll(() => {
  proxy.closeAllConnections();
  proxy.close();
  rmSync(dist, { recursive: true, force: true });
  rmSync(state, { recursive: true, force: true });
});

const until = async <T>(
  what: string,
  find: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  withinMs = 12_000,
): Promise<T> => {
  for (const deadline = Date.now() + withinMs; ; ) {
    const found = await find();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((again) => setTimeout(again, 20));
  }
};

type Event = { event: string; kind?: string; completed?: number; failed?: number; stopped?: number };
let count = 0;

const startDriver = (env: Record<string, string> = {}, program = "driver.mjs") => {
  const events = join(state, `events-${++count}.jsonl`);
  const child = spawn(process.execPath, [join(import.meta.dirname, "test-drivers", program)], {
    env: {
      ...process.env,
      DRIVER_DIST: dist,
      EVENTS: events,
      MLQUEUE_URL: url,
      MLQUEUE_API_KEY: key,
      MLQUEUE_STATE_DIR: state,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk));
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk));
  const told = (): Event[] =>
    existsSync(events)
      ? readFileSync(events, "utf8")
          .split("\n")
          .filter(Boolean)
          .map((text) => JSON.parse(text) as Event)
      : [];
  const exited = once(child, "exit") as Promise<[number | null, string | null]>;
  return {
    child,
    exited,
    told,
    printed: () => printed,
    hears: (event: string) => until(event, () => told().find((one) => one.event === event)),
  };
};

const add = (parameters: Record<string, unknown>) => client.runs.create.mutate({ unitId, parameters });
const get = (runId: string) => client.runs.get.query({ runId });
const untilStatus = (runId: string, status: string, withinMs?: number) =>
  until(
    `${runId} ${status}`,
    async () => {
      const run = await get(runId);
      return run.status === status && run;
    },
    withinMs,
  );
const linesOf = async (runId: string) => (await client.runs.logs.query({ runId })).logs.map(({ message }) => message);
const spooled = (): string[] =>
  existsSync(join(state, "spool"))
    ? readdirSync(join(state, "spool"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".spool"))
    : [];
const steps = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

test("a driver trains what is pending in order, and everything of it is there", async () => {
  const first = await add({ kind: "train", steps: 20 });
  const second = await add({ kind: "throws" });
  const third = await add({ kind: "program" });
  const { exited, told } = startDriver({ UNTIL_EMPTY: "1" });
  expect(await exited).toEqual([0, null]);
  expect(told().at(-1)).toMatchObject({ completed: 1, failed: 2, stopped: 0 });

  expect(await get(first.runId)).toMatchObject({ status: "completed", result: { steps: 20 }, attempt: 1 });
  expect(await linesOf(first.runId)).toEqual(steps(20).map((step) => `step ${step}`));
  const { metrics } = await client.runs.metrics.query({ runId: first.runId });
  expect(metrics.loss?.map(({ step, value }) => [step, value])).toEqual(steps(20).map((step) => [step, 1 / step]));
  const thrown = await get(second.runId);
  expect(thrown).toMatchObject({
    status: "failed",
    errorMessage: expect.stringMatching(/the loss exploded[\s\S]* at /),
  });
  expect(await linesOf(second.runId)).toEqual(["about to throw"]);
  expect(await get(third.runId)).toMatchObject({
    status: "failed",
    errorMessage: expect.stringMatching(/exit code 3[\s\S]*out of luck/),
  });
  expect((await client.runs.metrics.query({ runId: third.runId })).metrics.loss).toMatchObject([
    { step: 1, value: 0.5 },
  ]);
  expect(spooled()).toEqual([]);
});

test("a cancel reaches the run within its heartbeat, and the run is not told of again", async () => {
  const { runId } = await add({ kind: "wait" });
  const { child, exited, hears } = startDriver({ HEARTBEAT_MS: "500" });
  await until("its line", async () => (await linesOf(runId)).includes("waiting"));
  const cancelledAt = Date.now();
  await client.runs.cancel.mutate({ runId });
  expect(await hears("aborted")).toMatchObject({ kind: "cancelled" });
  expect(Date.now() - cancelledAt).toBeLessThan(2000);
  child.kill("SIGTERM");
  await exited;
  expect(await get(runId)).toMatchObject({ status: "cancelled", result: null });
});

test("while the server is away it trains on; afterwards nothing is lost and nothing is doubled", async () => {
  const { runId } = await add({ kind: "train", steps: 300, pauseMs: 5 });
  const { child, exited, printed } = startDriver();
  await until("first lines", async () => (await linesOf(runId)).length > 0);
  line.isCut = true;
  await until("the driver's notice", () => printed().includes("they wait on disk"));
  line.isCut = false;
  await until("a second time", async () => (await linesOf(runId)).length > 60);
  line.lose = { path: "runs.appendLogs", times: 3 };
  const run = await untilStatus(runId, "completed", 20_000);
  expect(run.attempt).toBe(1);
  expect(await linesOf(runId)).toEqual(steps(300).map((step) => `step ${step}`));
  const { metrics } = await client.runs.metrics.query({ runId });
  expect(metrics.loss).toHaveLength(300);
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
}, 40_000);

test("a claim whose answer was lost gives the same run again; an end whose answer was lost is told again", async () => {
  const first = await add({ kind: "train", steps: 1 });
  const second = await add({ kind: "train", steps: 1 });
  line.lose = { path: "units.claim", times: 2 };
  const { exited } = startDriver({ UNTIL_EMPTY: "1" });
  await untilStatus(first.runId, "completed");
  line.lose = { path: "runs.complete", times: 1 };
  await untilStatus(second.runId, "completed");
  expect(await exited).toEqual([0, null]);
  for (const { runId } of [first, second]) expect(await get(runId)).toMatchObject({ status: "completed", attempt: 1 });
});

test("heartbeats go on while a training loop blocks the event loop for 15 s", async () => {
  const { runId } = await add({ kind: "block", ms: 15_000 });
  const { hears } = startDriver();
  await hears("blocking");
  const before = line.calls.filter((call) => call === "units.heartbeat").length;
  await untilStatus(runId, "completed", 25_000);
  const beats = line.calls.filter((call) => call === "units.heartbeat").length - before;
  expect(beats).toBeGreaterThan(40);
}, 40_000);

test("a loop that never yields hears a cancel by what it reports", async () => {
  const { runId } = await add({ kind: "busy", ms: 15_000 });
  const { hears } = startDriver();
  await hears("busy");
  await client.runs.cancel.mutate({ runId });
  expect(await hears("busy over")).toMatchObject({ kind: "cancelled" });
});

test("SIGTERM drains: the run under way ends well, and no other is claimed", async () => {
  const first = await add({ kind: "train", steps: 100, pauseMs: 10 });
  const second = await add({ kind: "train", steps: 1 });
  const { child, exited, told } = startDriver();
  await until("first lines", async () => (await linesOf(first.runId)).length > 0);
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  expect(told().at(-1)).toMatchObject({ event: "ended", completed: 1 });
  expect(await get(first.runId)).toMatchObject({ status: "completed", result: { steps: 100 } });
  expect(await get(second.runId)).toMatchObject({ status: "pending" });
});

test("a second SIGTERM aborts: the run fails and says why", async () => {
  const { runId } = await add({ kind: "wait" });
  const { child, exited, hears } = startDriver();
  await until("its line", async () => (await linesOf(runId)).includes("waiting"));
  child.kill("SIGTERM");
  child.kill("SIGINT");
  expect(await hears("aborted")).toMatchObject({ kind: "drain" });
  await exited;
  expect(await get(runId)).toMatchObject({ status: "failed", errorMessage: expect.stringContaining("stopped") });
});

test("what a killed driver left is sent by the next of its name, if the run is still its own", async () => {
  const kept = await add({ kind: "train", steps: 100_000, pauseMs: 5 });
  const retried = await add({ kind: "train", steps: 100_000, pauseMs: 5 });
  const { child, exited, printed } = startDriver({ CONCURRENCY: "2" });
  await until(
    "lines of both",
    async () => (await linesOf(kept.runId)).length > 0 && (await linesOf(retried.runId)).length > 0,
  );
  line.isCut = true;
  await until("the driver's notice", () => printed().includes("they wait on disk"));
  child.kill("SIGKILL");
  await exited;
  const known = (await linesOf(kept.runId)).length;
  expect(spooled()).toHaveLength(2);
  line.isCut = false;
  await client.runs.cancel.mutate({ runId: retried.runId });
  await client.runs.retry.mutate({ runId: retried.runId });
  await client.units.pause.mutate({ unitId });

  startDriver();
  const run = await untilStatus(kept.runId, "failed");
  expect(run).toMatchObject({ attempt: 1, errorMessage: expect.stringContaining("process ended") });
  const lines = await linesOf(kept.runId);
  expect(lines.length).toBeGreaterThanOrEqual(known);
  expect(lines).toEqual(steps(lines.length).map((step) => `step ${step}`));
  await until("an empty spool", () => spooled().length === 0);
  expect(await get(retried.runId)).toMatchObject({ status: "pending", errorMessage: null });
  await client.units.resume.mutate({ unitId });
}, 30_000);

test("a checkpoint of an earlier attempt is what the next resumes from", async () => {
  const { runId } = await add({ kind: "checkpoint" });
  startDriver();
  await untilStatus(runId, "failed");
  await client.runs.retry.mutate({ runId });
  expect(await untilStatus(runId, "completed")).toMatchObject({ attempt: 2, result: { epoch: 3 } });
});

test("a loop of one's own ends its runs; one that it leaves does not hold up the end, and is failed by the next driver", async () => {
  const first = await add({});
  const second = await add({});
  const { exited } = startDriver({}, "own-loop.mjs");
  expect(await exited).toEqual([0, null]);
  expect(await get(first.runId)).toMatchObject({ status: "completed", result: { count: 1 } });
  expect(await get(second.runId)).toMatchObject({ status: "running" });
  startDriver({}, "own-loop.mjs");
  await untilStatus(second.runId, "failed");
  expect(await linesOf(second.runId)).toEqual(["run 2"]);
});

test("errors are classes with code, retryable and request id", async () => {
  const missing = await client.runs.get.query({ runId: "run_none" }).catch((error: unknown) => error);
  expect(missing).toBeInstanceOf(NotFoundError);
  expect(missing).toMatchObject({ code: "NOT_FOUND", retryable: false, requestId: expect.stringMatching(/^req_/) });
  const bad = await client.units.claim.mutate({ unitId: "x".repeat(500) }).catch((error: unknown) => error);
  expect(bad).toBeInstanceOf(InvalidInputError);
  expect(bad).toMatchObject({ details: [{ path: "unitId" }] });
  const { runId } = await add({});
  await expect(client.runs.complete.mutate({ runId })).rejects.toBeInstanceOf(ConflictError);
  await expect(createClient({ url: site.url, apiKey: "wrong" }).groups.list.query()).rejects.toBeInstanceOf(AuthError);
  const unreachable = await createClient({ url: "http://127.0.0.1:1", apiKey: key })
    .groups.list.query()
    .catch((error: unknown) => error);
  expect(unreachable).toBeInstanceOf(UnavailableError);
  expect(unreachable).toMatchObject({ code: "UNREACHABLE", retryable: true });
});
