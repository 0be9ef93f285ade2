// `account add`, `list` and `bootstrap`: what they make, print and refuse.
import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { useHttpServer } from "../testing/http";
import { useTestServices } from "../testing/services";
import { accountCommand } from "./commands";

useTestServices();
const { call } = useHttpServer();

const statusWith = async (key: string) => (await call("GET", "/v1/tasks", { key })).status;

test("bootstrap makes the first account once, and registers BOOTSTRAP_API_KEY for it", async () => {
  const bootstrap = async (key?: string) => {
    const { out } = await accountCommand(["bootstrap"], () => ({ email: "First@example.org", password: "pw", key }));
    return JSON.parse(out ?? "");
  };
  const first = await bootstrap();
  expect(first).toEqual({ email: "first@example.org", apiKey: expect.stringMatching(/^mlq_/), created: true });
  expect(await statusWith(first.apiKey)).toBe(200);
  const again = { email: "first@example.org", apiKey: null, created: false };
  expect(await bootstrap()).toEqual(again);
  expect(await bootstrap("operator-key")).toEqual({ ...again, apiKey: "operator-key" });
  expect(await bootstrap("operator-key")).toEqual(again);
  expect(await statusWith("operator-key")).toBe(200);
});

test("add prints the API key alone on stdout, and a password that was made on stderr", async () => {
  const { code, out = "", err } = await accountCommand(["add", "ada@example.org", "--tier", "premium"]);
  expect([code, err]).toEqual([0, expect.stringMatching(/^Password: \S{16}$/)]);
  expect(await statusWith(out)).toBe(200);
  expect(await accountCommand(["add", "bob@example.org", "--password", "p w", "--key", "bob's:key"])).toEqual({
    code: 0,
    out: "bob's:key",
  });
  const rows = (await accountCommand(["list"])).out?.split("\n").map((line) => line.split(/\s+/).slice(0, 3));
  expect(rows?.slice(1)).toEqual([
    ["first@example.org", "standard", "admin"],
    ["ada@example.org", "premium", "member"],
    ["bob@example.org", "standard", "member"],
  ]);
});

test.each([
  [["add"], 2, "EMAIL"],
  [["add", "nobody"], 2, "nobody"],
  [["add", "x@y.z", "w@y.z"], 2, "w@y.z"],
  [["add", "x@y.z", "--tier", "gold"], 2, "gold"],
  [["add", "x@y.z", "--key", "a b"], 2, "--key"],
  [["add", "x@y.z", "--what"], 2, "--what"],
  [["frob"], 2, "frob"],
  [[], 2, "Usage"],
  [["add", "ADA@example.org"], 1, "ADA@example.org"],
  [["add", "x@y.z", "--key", "bob's:key"], 1, "another account"],
])("%j is refused with a sentence, and nothing is made", async (args, code, word) => {
  const before = await accountCommand(["list"]);
  expect(await accountCommand(args)).toEqual({ code, err: expect.stringContaining(word) });
  expect(await accountCommand(["list"])).toEqual(before);
});

test("as a process it exits with the code and ends its connections", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", "src/accounts/cli.ts", "list"]);
  let stdout = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect([code, stdout]).toEqual([0, expect.stringContaining("ada@example.org")]);
}, 60_000);
