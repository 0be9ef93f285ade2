// The rules for every route: health, CORS, errors of the framework, bearers without /v1, connections that stay sane.
import { Agent, request as httpRequest } from "node:http";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { log } from "../platform/log";
import { refusalIn, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices();
const { site, call, rawExchange } = useHttpServer();

let account: Account;
beforeAll(async () => {
  account = await makeAccount();
});

const body = { name: "a", config: {} };

describe("service routes", () => {
  test("/health answers 200 without a key, also to HEAD", async () => {
    expect(await call("GET", "/health")).toMatchObject({ status: 200, json: { success: true, status: "ok" } });
    expect(await call("HEAD", "/health")).toMatchObject({ status: 200, text: "" });
  });

  test("/ready names the state of each dependency", async () => {
    const { status, json } = await call("GET", "/ready");
    expect([status, json.dependencies]).toEqual([
      200,
      { postgres: { state: "ok" }, redis: { state: "ok" }, schema: { state: "ok" } },
    ]);
  });

  test("a slash behind them means nothing, nor does a query", async () => {
    for (const path of ["/health/", "/ready/", "/openapi.json/", "/health?x=1"])
      expect((await call("GET", path)).status).toBe(200);
  });

  test("/openapi.json needs no key", async () => {
    expect(await call("GET", "/openapi.json")).toMatchObject({ status: 200, json: { openapi: "3.1.0" } });
  });
});

describe("who calls", () => {
  test("no bearer is AUTH_REQUIRED, an unknown one INVALID_TOKEN, both 401", async () => {
    expect(refusalIn(await call("GET", "/v1/tasks"))).toEqual({ status: 401, code: "AUTH_REQUIRED", paths: [] });
    expect(refusalIn(await call("GET", "/v1/tasks", { key: "nobody's" }))).toEqual({
      status: 401,
      code: "INVALID_TOKEN",
      paths: [],
    });
    for (const authorization of ["Bearer", "Bearer ", "Basic dTpw", account.key])
      expect(refusalIn(await call("GET", "/v1/tasks", { headers: { Authorization: authorization } }))).toMatchObject({
        code: "AUTH_REQUIRED",
      });
  });

  test("the scheme is read without regard to case", async () => {
    expect((await call("GET", "/v1/tasks", { headers: { Authorization: `bearer ${account.key}` } })).status).toBe(200);
  });
});

describe("errors", () => {
  test("have success, error, code, request_id and details; the id is in the header, too", async () => {
    const { json, headers } = await call("GET", "/v1/tasks/task_nope", { key: account.key });
    expect(Object.keys(json)).toEqual(["success", "error", "code", "request_id", "details"]);
    expect(json).toMatchObject({
      success: false,
      error: "There is no task task_nope.",
      code: "TASK_NOT_FOUND",
      details: [],
    });
    expect(headers.get("X-Request-Id")).toBe(json.request_id);
  });

  test("are in the log under the same id", async () => {
    const lines: unknown[] = [];
    const spy = vi.spyOn(log as { warn: unknown }, "warn", "get").mockReturnValue((line: unknown) => lines.push(line));
    const { json } = await call("GET", "/tasks/task_nope?q=1", { key: account.key });
    spy.mockRestore();
    expect(lines).toEqual([
      { request_id: json.request_id, method: "GET", path: "/v1/tasks/task_nope", status: 404, code: "TASK_NOT_FOUND" },
    ]);
  });

  test("an unknown route is 404 NOT_FOUND, also those that come later", async () => {
    for (const path of [
      "/v1",
      "/v1/nope",
      "/v1/tasks/a/b/c",
      "/v1/tasks/x/nope",
      "/v1//tasks",
      "/%2e%2e/x",
      "/v1/tasks%2f",
    ])
      expect({ path, ...refusalIn(await call("GET", path, { key: account.key })) }).toEqual({
        path,
        status: 404,
        code: "NOT_FOUND",
        paths: [],
      });
  });

  test("another method is 405 with Allow", async () => {
    const answer = await call("DELETE", "/v1/tasks", { key: account.key });
    expect([answer.status, answer.json.code, answer.headers.get("Allow")]).toEqual([
      405,
      "METHOD_NOT_ALLOWED",
      "POST, GET, HEAD, OPTIONS",
    ]);
    expect((await call("PUT", "/v1/tasks/x/cancel", { key: account.key })).headers.get("Allow")).toBe("POST, OPTIONS");
    expect((await call("POST", "/health")).status).toBe(405);
  });

  test("what is no HTTP is 400 in the error shape", async () => {
    for (const bytes of [
      "nonsense\r\n\r\n",
      "GET /v1/tasks HTTP/1.1\r\nBad Header\r\n\r\n",
      "GET /a b c HTTP/1.1\r\n\r\n",
    ]) {
      const [head, text] = (await rawExchange(bytes)).split("\r\n\r\n");
      expect(head).toMatch(/^HTTP\/1\.1 400 /);
      expect(JSON.parse(text ?? "")).toMatchObject({ success: false, code: "INVALID_REQUEST", details: [] });
    }
  });

  test("odd targets do not crash: no host, absolute form, a lone percent sign", async () => {
    expect(await rawExchange("GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 /);
    expect(
      await rawExchange("GET http://elsewhere/health HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n"),
    ).toMatch(/^HTTP\/1\.1 200 /);
    expect(await rawExchange("GET /% HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 404 /);
    expect((await call("GET", "/v1/tasks?q=%E0%A4%A&%=&=&limit=1", { key: account.key })).status).toBe(200);
  });
});

describe("bearers", () => {
  test("paths under /tasks, /queue, /configs and /statistics are served as if /v1 stood before them, without a redirect", async () => {
    expect(await call("POST", "/tasks", { key: account.key, body })).toMatchObject({ status: 201 });
    for (const path of ["/tasks?limit=1", "/queue/status", "/configs/templates", "/statistics/tasks"])
      expect(await call("GET", path, { key: account.key })).toMatchObject({ status: 200, json: { success: true } });
    expect((await call("GET", "/tasks/task_nope", { key: account.key })).json.code).toBe("TASK_NOT_FOUND");
    expect(refusalIn(await call("GET", "/tasks", { key: "unknown" }))).toMatchObject({
      status: 401,
      code: "INVALID_TOKEN",
    });
  });

  test("anything else with a bearer is a JSON 404, never a page", async () => {
    for (const path of [
      "/",
      "/sign-in",
      "/tasksx",
      "/queuex/status",
      "/_next/static/x.js",
      "/units",
      "/api/auth/session",
    ])
      expect(refusalIn(await call("GET", path, { key: account.key }))).toMatchObject({
        status: 404,
        code: "NOT_FOUND",
      });
  });

  test("a trailing slash is no other route; HEAD answers as GET without a body", async () => {
    expect((await call("GET", "/v1/tasks/?limit=1", { key: account.key })).status).toBe(200);
    expect(await call("HEAD", "/v1/tasks", { key: account.key })).toMatchObject({ status: 200, text: "" });
  });
});

describe("browsers of other origins", () => {
  test("OPTIONS on any path needs no key and answers 204 with what may be sent", async () => {
    for (const path of ["/v1/tasks", "/health", "/nowhere", "/v2/units/x", "/api/trpc/tasks.list"]) {
      const { status, text, headers } = await call("OPTIONS", path, { headers: { Origin: "https://example.org" } });
      expect([status, text]).toEqual([204, ""]);
      expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
      expect(headers.get("Access-Control-Allow-Methods")).toBe("GET, POST, PUT, PATCH, DELETE");
      expect(headers.get("Access-Control-Allow-Headers")).toBe(
        "Authorization, Content-Type, Idempotency-Key, Accept-Language, If-Match, If-None-Match",
      );
      expect(headers.get("Access-Control-Allow-Credentials")).toBeNull();
      expect(headers.get("X-Request-Id")).toMatch(/^req_/);
    }
  });

  test("every answer carries the origin and exposes its headers, errors too", async () => {
    const big = "x".repeat(2_000_000);
    const answers = [
      await call("GET", "/health"),
      await call("GET", "/v1/tasks", { key: account.key }),
      await call("GET", "/v1/tasks"),
      await call("GET", "/nowhere"),
      await call("DELETE", "/v1/tasks", { key: account.key }),
      await call("POST", "/v1/tasks", { key: account.key, body: { name: big } }),
      await call("GET", "/api/trpc/accounts.me"),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 401, 404, 405, 413, 401]);
    for (const { headers } of answers) {
      expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
      expect(headers.get("X-Request-Id")).toMatch(/^req_/);
      for (const name of ["X-Request-Id", "Retry-After", "RateLimit", "ETag"])
        expect(headers.get("Access-Control-Expose-Headers")).toContain(name);
    }
  });
});

describe("connections", () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (
    path: string,
    text: string,
  ): Promise<{ status: number | undefined; port: number | undefined; keepAlive: string | undefined }> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(
        `${site.url}${path}`,
        { method: "POST", agent, headers: { Authorization: `Bearer ${account.key}` } },
        (response) => {
          const port = response.socket.localPort;
          response
            .resume()
            .on("end", () =>
              resolve({ status: response.statusCode, port, keepAlive: response.headers["keep-alive"]?.toString() }),
            );
        },
      );
      request.on("error", reject);
      request.end(text);
    });

  test("are kept at least 65 s, and survive a body that was too large", async () => {
    const good = JSON.stringify(body);
    const answers = [
      await send("/v1/tasks", good),
      await send("/v1/tasks", `"${"x".repeat(3_000_000)}"`),
      await send("/v1/tasks", good),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([201, 413, 201]);
    expect(new Set(answers.map((answer) => answer.port)).size).toBe(1);
    expect(Number(answers[0]?.keepAlive?.replace("timeout=", ""))).toBeGreaterThanOrEqual(65);
    agent.destroy();
  });

  test("a body without a length is refused once it passes the limit", async () => {
    const chunk = `${(1024 * 1024).toString(16)}\r\n${"x".repeat(1024 * 1024)}\r\n`;
    const head = `POST /v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${account.key}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(await rawExchange(`${head}${chunk}${chunk}`, { ms: 500 })).toMatch(/^HTTP\/1\.1 413 /);
  });

  test("a client that offers h2c is served over HTTP/1.1", async () => {
    const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
    expect(await rawExchange(`GET /health HTTP/1.1\r\nHost: x\r\n${offer}\r\n`, { ms: 300 })).toMatch(
      /^HTTP\/1\.1 200 /,
    );
  });

  test("a client that goes away while it sends leaves no trace", async () => {
    expect(
      await rawExchange(
        `POST /v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${account.key}\r\nContent-Length: 100\r\n\r\n{"name"`,
        { ms: 100 },
      ),
    ).toBe("");
    expect((await call("GET", "/health")).status).toBe(200);
  });
});
