// Slow, huge and too many requests, sent to a built server (MLQUEUE_DIST) in a process of its own.
// The long form, with the real time limits: `npm run bench overload`.
import { type AddressInfo, connect } from "node:net";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { type Answers, openSlowClients, quantile, requestBytes, sendAtRate, sendInTurn } from "../testing/load";
import { makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { useWebProcesses, type WebProcess } from "../testing/web-process";
import { makeHttpServer } from "./http";

// Its thousands of requests take long where other test files run beside them.
vi.setConfig({ testTimeout: 90_000 });
useTestServices({ QUEUE_MAX_SIZE: "100000000" });
const web = useWebProcesses();

let key = "";
let server: WebProcess;
beforeAll(async () => {
  key = (await makeAccount()).key;
  server = await web.start({ LOG_LEVEL: "warn", QUEUE_MAX_SIZE: "100000000" });
});

const list = () => requestBytes("GET", "/v1/tasks?limit=1", key);
const create = () => requestBytes("POST", "/v1/tasks", key, { name: "a", config: { lr: 0.1 } });
/** What a client that is not the problem waits. */
const normalRequests = (seconds: number) => sendInTurn(server.port, list(), { connections: 4, seconds });

test("with 2,000 clients that send slowly or nothing, the others are answered within 500 ms", async () => {
  const slow = await openSlowClients(server.port, key, { heads: 700, bodies: 700, idle: 600 });
  try {
    const { statuses, resets, latencies } = await normalRequests(4);
    expect(slow.open()).toBe(2000);
    expect([Object.keys(statuses), resets]).toEqual([["200"], 0]);
    expect(quantile(latencies, 0.99)).toBeLessThan(500);
  } finally {
    slow.stop();
  }
});

test("at twice what it can do it refuses with 503 what is too much, resets nothing, and is as before within 5 s", async () => {
  const measured = await sendInTurn(server.port, create(), { connections: 64, seconds: 2 });
  const canDo = (measured.statuses[201] ?? 0) / 2;
  const { statuses, resets } = await sendAtRate(server.port, create(), {
    perSecond: canDo * 2,
    seconds: 4,
    connections: 3000,
  });
  console.info(`${Math.round(canDo)} creates a second; at twice that ${JSON.stringify(statuses)}, ${resets} resets`);
  expect(Object.keys(statuses).filter((status) => !["201", "429", "503"].includes(status))).toEqual([]);
  expect(resets).toBe(0);
  expect(statuses[201]).toBeGreaterThan(canDo);
  await expect
    .poll(
      async () => {
        const after = await normalRequests(0.5);
        return after.statuses[503] === undefined && quantile(after.latencies, 0.99) < 500;
      },
      { timeout: 5000, interval: 100 },
    )
    .toBe(true);
});

test("requests beyond those at work are refused in the contract's shape; /health and /metrics answer", async () => {
  const get = (path: string) =>
    fetch(`${server.url}${path}`, { headers: { Authorization: `Bearer ${key}` }, signal: AbortSignal.timeout(3000) });
  let waiting: Promise<Answers> | undefined;
  // What reads tasks waits for the lock, and stays at work.
  await getSql().begin(async (sql) => {
    await sql`LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE`;
    waiting = sendAtRate(server.port, list(), { perSecond: 3000, seconds: 0.5, connections: 1200 });
    const statusNow = () =>
      get("/v1/tasks").then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(statusNow, { timeout: 60_000 }).toBe(503);
    const answer = await get("/v1/tasks");
    expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(await answer.json()).toEqual({
      success: false,
      code: "UNAVAILABLE",
      error: "The server has too much to do just now. Try again in a moment.",
      request_id: answer.headers.get("X-Request-Id"),
      details: [],
    });
    const query = await get("/api/trpc/tasks.counts");
    expect([query.status, query.headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(((await query.json()) as { error: { data: JsonObject } }).error.data.code).toBe("UNAVAILABLE");
    expect((await get("/health")).status).toBe(200);
  });
  const { statuses, resets } = await (waiting as unknown as Promise<Answers>);
  expect(Object.keys(statuses)).toEqual(["200", "503"]);
  expect(resets).toBe(0);
  expect(await (await get("/metrics")).text()).toMatch(/^mlqueue_overload_refused_total [1-9]/m);
});

describe("time limits", () => {
  /** What the server writes on a connection, and after how many ms it closes it. */
  const served = (port: number, first: string, next: string) =>
    new Promise<{ text: string; ms: number }>((resolve) => {
      const startedAt = performance.now();
      let text = "";
      const socket = connect(port, "127.0.0.1", () => socket.write(first));
      const timer = next === "" ? undefined : setInterval(() => socket.write(next), 50);
      socket.on("data", (chunk) => (text += chunk));
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        clearInterval(timer);
        resolve({ text, ms: performance.now() - startedAt });
      });
    });

  test("headers and bodies that trickle in are cut with 408, an idle connection is closed", async () => {
    const http = makeHttpServer(null, {
      keepAliveTimeout: 600,
      headersTimeout: 500,
      requestTimeout: 900,
      connectionsCheckingInterval: 100,
    });
    await new Promise<void>((resolve) => http.server.listen(0, "127.0.0.1", resolve));
    const { port } = http.server.address() as AddressInfo;
    const auth = `Host: x\r\nAuthorization: Bearer ${key}\r\n`;
    const [head, body, idle] = await Promise.all([
      served(port, `GET /health HTTP/1.1\r\n${auth}`, "X-Slow: 1\r\n"),
      served(port, `POST /v1/tasks HTTP/1.1\r\n${auth}Content-Length: 100000\r\n\r\n{`, " "),
      served(port, `GET /health HTTP/1.1\r\n${auth}\r\n`, ""),
    ]);
    for (const cut of [head, body]) {
      expect(cut.text).toMatch(/^HTTP\/1\.1 408 /);
      expect(cut.text).toContain('"code":"INVALID_REQUEST"');
    }
    expect(idle.text).toMatch(/^HTTP\/1\.1 200 /);
    expect([head.ms, body.ms, idle.ms].map((ms) => ms < 5000)).toEqual([true, true, true]);
    await http.close(100);
  });
});

test.each<[string, () => Buffer, number]>([
  ["a header of 20 KB", () => Buffer.from(`GET /health HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`), 431],
  ["an address of 20 KB", () => requestBytes("GET", `/v1/tasks?q=${"x".repeat(20_000)}`, key), 431],
  ["10,000 headers", () => Buffer.from(`GET /health HTTP/1.1\r\n${"X: 1\r\n".repeat(10_000)}\r\n`), 431],
  ["a body beyond 1 MiB", () => requestBytes("POST", "/v1/tasks", key, { name: "x".repeat(1 << 20) }), 413],
  [
    "one of 65 levels",
    () =>
      requestBytes("POST", "/v1/tasks", key, {
        name: "a",
        config: JSON.parse(`${'{"a":'.repeat(64)}1${"}".repeat(64)}`) as JsonObject,
      }),
    400,
  ],
  [
    "one of 400,000 levels",
    () => {
      const text = `{"name":"a","config":${"[".repeat(400_000)}${"]".repeat(400_000)}}`;
      return Buffer.from(
        `POST /v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
      );
    },
    400,
  ],
])("%s is refused, and the server goes on", async (_, bytes, status) => {
  const { statuses } = await sendInTurn(server.port, bytes(), { connections: 1, seconds: 0 });
  expect(statuses).toEqual({ [status]: 1 });
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
});

test("5,000 requests in one piece on one connection are all answered, and hold nobody up", async () => {
  const count = 5000;
  const one = list().toString();
  const last = `GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
  const socket = connect(server.port, "127.0.0.1", () => socket.write(one.repeat(count) + last));
  let text = "";
  const done = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("data", (chunk) => (text += chunk));
  const { statuses, latencies } = await normalRequests(1);
  await done;
  const answered = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  expect(answered).toHaveLength(count + 1);
  expect(new Set(answered)).not.toContain("500");
  expect(Object.keys(statuses).filter((status) => !["200", "503"].includes(status))).toEqual([]);
  expect(quantile(latencies, 0.99)).toBeLessThan(1500);
});
