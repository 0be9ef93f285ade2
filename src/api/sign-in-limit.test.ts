import { beforeAll, expect, test } from "vitest";
import { getEnv } from "../platform/env";
import { useHttpServer } from "../testing/http";
import { useTestServices } from "../testing/services";

useTestServices();
const { call } = useHttpServer(async (_request, response) => {
  response.writeHead(401, { "Content-Type": "application/json" });
  response.end("{}");
});
beforeAll(() => {
  getEnv().RATE_LIMIT_SIGN_IN = 5;
  getEnv().TRUST_PROXY = true;
});

const tries = async (count: number, from: string) => {
  const answers = await Promise.all(
    Array.from({ length: count }, () =>
      call("POST", "/api/auth/callback/credentials", {
        headers: { "X-Forwarded-For": from, "Accept-Language": "en" },
        body: { email: "a@localhost", password: "guess" },
      }),
    ),
  );
  return answers.sort((a, b) => a.status - b.status);
};

test("beyond so many a minute an address waits, and no other one does", async () => {
  const answers = await tries(8, "203.0.113.7");
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
  const refused = answers.at(-1);
  expect(refused?.json).toMatchObject({ success: false, code: "RATE_LIMIT_EXCEEDED" });
  // next-auth's client reads the error off this address.
  expect(new URL(String(refused?.json.url)).searchParams.get("error")).toBe("RateLimit");
  expect(Number(refused?.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect((await tries(1, "203.0.113.8"))[0]?.status).toBe(401);
  // What a client claims before the proxy's own entry is not believed.
  expect((await tries(1, "198.51.100.1, 203.0.113.7"))[0]?.status).toBe(429);
});

test("the many addresses of one IPv6 network are one", async () => {
  for (const from of ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2:3:4:5:6"]) await tries(2, from);
  expect((await tries(1, "2001:db8:1:2::77"))[0]?.status).toBe(429);
  expect((await tries(1, "2001:db8:1:3::1"))[0]?.status).toBe(401);
});

test("other requests to the pages are not counted, and 0 is no limit", async () => {
  for (let n = 0; n < 8; n++)
    expect((await call("GET", "/api/auth/session", { headers: { "X-Forwarded-For": "203.0.113.7" } })).status).toBe(
      401,
    );
  getEnv().RATE_LIMIT_SIGN_IN = 0;
  expect((await tries(1, "203.0.113.7"))[0]?.status).toBe(401);
});
