// Who GitHub says somebody is, and which providers the environment configures.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseEnv } from "../platform/env";
import { configuredProviders, githubProfile } from "./providers";

const answers: Record<string, unknown> = {};
let server: Server;
let api = "";

beforeAll(async () => {
  server = createServer((request, response) => {
    const body = request.headers.authorization === "Bearer good" ? answers[request.url ?? ""] : undefined;
    response.writeHead(body === undefined ? 401 : 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

test("GitHub's primary address counts, and only where GitHub has verified it; the public one of the profile does not", async () => {
  answers["/user"] = { id: 7, login: "ada", email: "public@example.org" };
  answers["/user/emails"] = [
    { email: "second@example.org", primary: false, verified: true },
    { email: "ada@example.org", primary: true, verified: true },
  ];
  expect(await githubProfile("good", api)).toEqual({ sub: "7", email: "ada@example.org", isVerified: true });
  answers["/user/emails"] = [{ email: "ada@example.org", primary: true, verified: false }];
  expect(await githubProfile("good", api)).toEqual({ sub: "7", email: "ada@example.org", isVerified: false });
  answers["/user/emails"] = [];
  expect(await githubProfile("good", api)).toEqual({ sub: "7", isVerified: false });
});

test("without an answer, or one that names nobody, nobody is signed in", async () => {
  await expect(githubProfile("bad", api)).rejects.toThrow("GitHub answered 401");
  answers["/user"] = { login: "ada" };
  await expect(githubProfile("good", api)).rejects.toThrow("names nobody");
});

test("only what is configured is offered, each with state and PKCE", () => {
  const urls = { DATABASE_URL: "postgres://x", REDIS_URL: "redis://x" };
  const secrets = { JWT_SECRET: "long enough", WEBHOOK_SECRET_KEY: "long enough" };
  const github = { GITHUB_CLIENT_ID: "a", GITHUB_CLIENT_SECRET: "b" };
  const oidc = { OIDC_ISSUER: "https://id.example.org/", OIDC_CLIENT_ID: "a", OIDC_CLIENT_SECRET: "b" };
  const of = (more: Record<string, string>) => configuredProviders(parseEnv({ ...urls, ...secrets, ...more }));
  expect(of({})).toEqual([]);
  expect(of(github).map(({ id }) => id)).toEqual(["github"]);
  const all = of({ ...github, ...oidc, OIDC_NAME: "The lab" });
  expect(all.map(({ name, wellKnown }) => [name, wellKnown])).toEqual([
    ["The lab", "https://id.example.org/.well-known/openid-configuration"],
    ["GitHub", undefined],
  ]);
  for (const { checks } of all) expect(checks).toEqual(expect.arrayContaining(["pkce", "state"]));
});
