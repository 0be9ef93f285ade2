// Which requests pages get: none with a bearer, none for a machine route.
import { beforeAll, expect, test } from "vitest";
import { useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices();
const { call } = useHttpServer(async (request, response) => {
  response.writeHead(200, { "Content-Type": "text/html" });
  response.end(`<p>${request.url}`);
});

let account: Account;
beforeAll(async () => {
  account = await makeAccount();
});

const isPage = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
  const answer = await call(method, path, { headers });
  return answer.headers.get("Content-Type") === "text/html";
};

test("without a bearer, what is no machine route is a page", async () => {
  for (const path of [
    "/",
    "/tasks",
    "/tasks/task_x",
    "/groups",
    "/units/x",
    "/sign-in",
    "/_next/x.js",
    "/tasksx",
    "/healthy",
  ])
    expect([path, await isPage(path)]).toEqual([path, true]);
  for (const Authorization of ["Basic dTpw", "Bearer", "Bearer ", "mlq_key"])
    expect(await isPage("/tasks", { Authorization })).toBe(true);
});

test("with a bearer, known or not, none is", async () => {
  for (const Authorization of [`Bearer ${account.key}`, `bearer  ${account.key}`, "Bearer nobody's"])
    for (const path of [
      "/",
      "/tasks",
      "/tasks/task_x",
      "/groups",
      "/units/x",
      "/sign-in",
      "/_next/x.js",
      "/tasksx",
      "/nope/",
    ])
      for (const method of ["GET", "POST", "DELETE"])
        expect([path, await isPage(path, { Authorization }, method)]).toEqual([path, false]);
});

test("a machine route is none, whoever asks", async () => {
  for (const path of [
    ...[
      "/health",
      "/health/",
      "/ready",
      "/openapi.json",
      "/metrics",
      "/docs",
      "/v1",
      "/v1/nope",
      "/v2/groups",
      "/v1/tasks/",
    ],
    ...["/queue/status", "/configs/templates", "/statistics/tasks", "/queues", "/queues/x", "/api/trpc/tasks.list"],
  ])
    expect([path, await isPage(path)]).toEqual([path, false]);
  for (const path of ["/", "/tasks", "/nope"]) expect(await isPage(path, {}, "OPTIONS")).toBe(false);
});

test("the same path is REST for a bearer and a page for a browser", async () => {
  expect((await call("GET", "/tasks?limit=1", { key: account.key })).json).toMatchObject({ success: true, tasks: [] });
  expect((await call("GET", "/tasks?limit=1")).text).toBe("<p>/tasks?limit=1");
});
