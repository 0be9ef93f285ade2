// What holds for each route of the table, whatever it does: who may call, which methods there are, the path without /v1 or /v2, OPTIONS.
import { beforeAll, describe, expect, test } from "vitest";
import { refusalIn, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { routes } from "./rest";

useTestServices();
const { call } = useHttpServer();

let account: Account;
beforeAll(async () => {
  account = await makeAccount();
});

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const paths = [...new Set(routes.map((route) => route.path))];
const methodsAt = (path: string) =>
  routes.filter((route) => route.path === path).map((route) => route.method as string);
const written = (path: string) => path.replace(/:\w+/g, "nobodys");

test("the table holds the contract's routes", () => {
  expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual(
    expect.arrayContaining([
      "POST /v1/tasks",
      "POST /v1/tasks/batch",
      "GET /v1/tasks",
      "GET /v1/tasks/:id",
      "PATCH /v1/tasks/:id/priority",
      "POST /v1/tasks/:id/cancel",
      "POST /v1/tasks/:id/retry",
      "POST /v1/tasks/:id/start",
      "POST /v1/tasks/:id/result",
      "GET /v1/tasks/:id/logs",
      "GET /v1/tasks/:id/metrics",
      "GET /v1/queue/status",
      "POST /v1/queue/pause",
      "POST /v1/queue/resume",
      "POST /v1/queue/reorder",
      "GET /v1/configs/templates",
      "POST /v1/configs/templates",
      "PUT /v1/configs/templates/:id",
      "DELETE /v1/configs/templates/:id",
      "GET /v1/statistics/tasks",
      "POST /v1/auth/token",
      "GET /v1/webhooks",
      "POST /v1/webhooks",
      "GET /v1/webhooks/:id",
      "PUT /v1/webhooks/:id",
      "DELETE /v1/webhooks/:id",
      "POST /v1/webhooks/:id/rotate",
      "POST /v1/webhooks/:id/test",
      "GET /v1/webhooks/:id/deliveries",
      "POST /v1/webhooks/:id/deliveries/:delivery_id/replay",
      "POST /v2/groups",
      "GET /v2/groups",
      "GET /v2/groups/:id",
      "PUT /v2/groups/:id",
      "DELETE /v2/groups/:id",
      "POST /v2/groups/:id/units",
      "GET /v2/groups/:id/units",
      "GET /v2/groups/:id/statistics",
      "GET /v2/units/:id",
      "PUT /v2/units/:id",
      "DELETE /v2/units/:id",
      "POST /v2/units/:id/sync",
      "POST /v2/units/:id/heartbeat",
      "POST /v2/units/:id/claim",
      "POST /v2/units/:id/queues",
      "GET /v2/units/:id/queues",
      "POST /v2/units/:id/queues/batch",
      "POST /v2/units/:id/queues/reorder",
      "GET /v2/units/:id/statistics",
      "GET /v2/queues",
      "GET /v2/queues/:id",
      "PUT /v2/queues/:id",
      "DELETE /v2/queues/:id",
      "POST /v2/queues/:id/start",
      "POST /v2/queues/:id/complete",
      "POST /v2/queues/:id/fail",
      "POST /v2/queues/:id/cancel",
      "POST /v2/queues/:id/retry",
      "POST /v2/queues/:id/metrics",
      "GET /v2/queues/:id/metrics",
      "POST /v2/queues/:id/logs",
      "GET /v2/queues/:id/logs",
    ]),
  );
});

describe.each(paths)("%s", (path) => {
  const at = written(path);

  test("needs a key that is known", async () => {
    for (const method of methodsAt(path)) {
      expect(refusalIn(await call(method, at))).toEqual({ status: 401, code: "AUTH_REQUIRED", paths: [] });
      const unknown = await call(method, at, { key: "nobody's" });
      expect(refusalIn(unknown)).toEqual({ status: 401, code: "INVALID_TOKEN", paths: [] });
      expect(unknown.headers.get("WWW-Authenticate")).toBe("Bearer");
    }
  });

  test("answers 405 to other methods, and names its own", async () => {
    const own = methodsAt(path);
    for (const method of [...METHODS.filter((one) => !own.includes(one)), ...(own.includes("GET") ? [] : ["HEAD"])]) {
      const answer = await call(method, at, { key: account.key });
      expect({ method, status: answer.status }).toEqual({ method, status: 405 });
      const allowed = (answer.headers.get("Allow") ?? "").split(", ");
      expect(allowed.sort()).toEqual([...own, ...(own.includes("GET") ? ["HEAD"] : []), "OPTIONS"].sort());
      if (method !== "HEAD")
        expect(answer.json).toMatchObject({ success: false, code: "METHOD_NOT_ALLOWED", details: [] });
    }
  });

  test("answers HEAD where it answers GET, with the same status and no body", async () => {
    if (!methodsAt(path).includes("GET")) return;
    const [get, head] = [await call("GET", at, { key: account.key }), await call("HEAD", at, { key: account.key })];
    expect([head.status, head.text]).toEqual([get.status, ""]);
    expect(head.headers.get("Content-Type")).toBe("application/json");
  });

  test("is the same without /v1 or /v2 for a bearer, and with a slash behind it", async () => {
    const isBare = /^\/(v1\/(tasks|queue|configs|statistics)|v2\/(groups|units|queues))(\/|$)/.test(path);
    for (const method of methodsAt(path)) {
      // An empty list: it is refused, or does nothing.
      const options = { key: account.key, ...(method !== "GET" && { body: { tasks: [], task_ids: [] } }) };
      const [{ status, json }, bare, slashed] = [
        await call(method, at, options),
        await call(method, at.replace(/^\/v[12]/, ""), options),
        await call(method, `${at}/`, options),
      ];
      expect([slashed.status, slashed.json.code]).toEqual([status, json.code]);
      expect([bare.status, bare.json.code]).toEqual(isBare ? [status, json.code] : [404, "NOT_FOUND"]);
    }
  });

  test("answers OPTIONS without a key", async () => {
    const { status, text } = await call("OPTIONS", at);
    expect([status, text]).toEqual([204, ""]);
  });
});
