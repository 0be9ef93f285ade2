// What clients that write HTTP by hand send, and where only some origins are allowed: each answer has the contract's shape.
import { beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../platform/json-safety";
import { useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices({ CORS_ORIGINS: "https://lab.example,https://other.example" });
const { call, rawExchange } = useHttpServer();

let account: Account;
let auth = "";
beforeAll(async () => {
  account = await makeAccount();
  auth = `Host: x\r\nAuthorization: Bearer ${account.key}\r\n`;
});

type Raw = { status: number; head: string; json: JsonObject };

/** The answers in what came back, told apart by their lengths. */
const answersIn = (text: string): Raw[] => {
  const answers: Raw[] = [];
  for (let rest = text; rest !== ""; ) {
    const [head = ""] = rest.split("\r\n\r\n", 1);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    const body = rest.slice(head.length + 4, head.length + 4 + length);
    rest = rest.slice(head.length + 4 + length);
    const json = body === "" ? {} : (JSON.parse(body) as JsonObject);
    answers.push({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, json });
  }
  return answers;
};
const ask = async (bytes: string, count = 1): Promise<Raw[]> => {
  const isWhole = (text: string) => {
    try {
      return answersIn(text).length >= count;
    } catch {
      return false; // half of a body
    }
  };
  return answersIn(await rawExchange(bytes, { until: isWhole }));
};
const post = (headers: string, body: string) => `POST /v1/tasks HTTP/1.1\r\n${auth}${headers}\r\n${body}`;
const body = '{"name":"a","config":{}}';

describe("errors of the framework", () => {
  test.each<[string, () => string, number, string]>([
    ["no HTTP", () => "nonsense\r\n\r\n", 400, "INVALID_REQUEST"],
    ["no header", () => "GET /v1/tasks HTTP/1.1\r\nBad Header\r\n\r\n", 400, "INVALID_REQUEST"],
    ["another protocol", () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "INVALID_REQUEST"],
    ["headers too large", () => `GET /health HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431, "INVALID_REQUEST"],
    ["no number as length", () => post("Content-Length: abc\r\n", ""), 400, "INVALID_REQUEST"],
    ["two lengths", () => post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", ""), 400, "INVALID_REQUEST"],
    ["a broken chunk", () => post("Transfer-Encoding: chunked\r\n", "zz\r\n"), 400, "INVALID_REQUEST"],
    ["a method of HTTP", () => `TRACE /v1/tasks HTTP/1.1\r\n${auth}\r\n`, 405, "METHOD_NOT_ALLOWED"],
    ["a method of WebDAV", () => `PROPFIND /v1/tasks HTTP/1.1\r\n${auth}\r\n`, 405, "METHOD_NOT_ALLOWED"],
    ["a method of nobody", () => `FOO /v1/tasks HTTP/1.1\r\n${auth}\r\n`, 405, "METHOD_NOT_ALLOWED"],
    ["a method for proxies", () => `CONNECT x:1 HTTP/1.1\r\n${auth}\r\n`, 405, "METHOD_NOT_ALLOWED"],
  ])("%s", async (_, bytes, status, code) => {
    const [answer] = await ask(bytes());
    expect(answer).toMatchObject({ status, json: { success: false, code, details: [], error: expect.any(String) } });
    expect(answer?.head).toContain(`X-Request-Id: ${answer?.json.request_id}`);
    expect(answer?.head).toMatch(/^Access-Control-Allow-Origin: https:\/\/lab\.example$/m);
    expect(answer?.head).toMatch(/^Access-Control-Expose-Headers: X-Request-Id, Retry-After, RateLimit/m);
  });
});

describe("bodies", () => {
  test("in chunks, or once the server said `100 Continue`", async () => {
    expect(
      await ask(
        post("Transfer-Encoding: chunked\r\n", `a\r\n${body.slice(0, 10)}\r\ne\r\n${body.slice(10)}\r\n0\r\n\r\n`),
      ),
    ).toMatchObject([{ status: 201 }]);
    expect(await ask(post(`Expect: 100-continue\r\nContent-Length: ${body.length}\r\n`, body), 2)).toMatchObject([
      { status: 100 },
      { status: 201, json: { success: true } },
    ]);
  });

  test("an expectation that nobody knows changes nothing", async () => {
    expect(await ask(post(`Expect: tea\r\nContent-Length: ${body.length}\r\n`, body))).toMatchObject([{ status: 201 }]);
  });

  test("on GET, HEAD and DELETE mean nothing, and the connection goes on behind them", async () => {
    const json = "Content-Type: application/json\r\n";
    const answers = await ask(
      ["GET /v1/tasks/nope", "DELETE /v1/configs/templates/nope", "GET /v1/queue/status"]
        .map((line, n) => `${line} HTTP/1.1\r\n${auth}${json}${n < 2 ? "Content-Length: 3\r\n\r\n{x}" : "\r\n"}`)
        .join(""),
      3,
    );
    expect(answers.map(({ status, json }) => [status, json.code])).toEqual([
      [404, "TASK_NOT_FOUND"],
      [404, "NOT_FOUND"],
      [200, undefined],
    ]);
  });
});

test("requests that are sent at once are answered in their order", async () => {
  const lines = ["GET /health", "GET /v1/tasks/nope", "DELETE /health", "PUT /v1/tasks", "GET /v1/queue/status"];
  const answers = await ask(lines.map((line) => `${line} HTTP/1.1\r\n${auth}\r\n`).join(""), lines.length);
  expect(answers.map(({ status }) => status)).toEqual([200, 404, 405, 405, 200]);
});

test("an answer to HEAD has the headers of GET and no body, errors too", async () => {
  for (const [path, status] of [
    ["/v1/tasks", 200],
    ["/v1/nope", 404],
    ["/v1/tasks/nope", 404],
    ["/v1/tasks/batch", 405],
  ] as const) {
    const text = await rawExchange(`HEAD ${path} HTTP/1.1\r\n${auth}Connection: close\r\n\r\n`);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).toMatch(/^Content-Length: [1-9]\d+$/m);
    expect(text.endsWith("\r\n\r\n")).toBe(true);
  }
});

test("OPTIONS needs neither key nor path", async () => {
  for (const target of ["*", "/", "/v1/tasks/%", "/v1/nope?x=%E0"])
    expect(await ask(`OPTIONS ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nobody\r\n\r\n`)).toMatchObject([
      { status: 204 },
    ]);
});

test("an allowed origin is answered with itself, another one with one that it is not", async () => {
  const allowed = async (Origin: string, path = "/health") => {
    const { headers } = await call("GET", path, { headers: { Origin } });
    expect(headers.get("Vary")).toContain("Origin");
    return headers.get("Access-Control-Allow-Origin");
  };
  expect(await allowed("https://other.example")).toBe("https://other.example");
  expect(await allowed("https://other.example", "/v1/tasks")).toBe("https://other.example");
  expect(await allowed("https://evil.example")).toBe("https://lab.example");
});
