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
    ["first@example.org", "standard", "owner"],
    ["ada@example.org", "premium", "member"],
    ["bob@example.org", "standard", "member"],
  ]);
});

test.each([
  [["add"], 2, "EMAIL"],
  [["add", "nobody"], 2, "nobody"],
  [["add", "x@y.z", "w@y.z"], 2, "w@y.z"],
  [["add", "x@y.z", "--tier", "gold"], 2, "gold"],
  [["add", "x@y.z", "--role", "admin"], 2, "admin"],
  [["role", "ada@example.org"], 2, "Which role"],
  [["role", "ada@example.org", "root"], 2, "root"],
  [["role", "nobody@example.org", "owner"], 1, "nobody@example.org"],
  [["role", "first@example.org", "member"], 1, "last owner"],
  [["add", "x@y.z", "--key", "a b"], 2, "--key"],
  [["add", "x@y.z", "--key", `mlq_${"a".repeat(46)}`], 2, "checksum"],
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

test("role gives an account another role, which list shows", async () => {
  await accountCommand(["add", "eve@example.org", "--role", "viewer"]);
  const roleOfEve = async () => /eve@example.org +\S+ +(\S+)/.exec((await accountCommand(["list"])).out ?? "")?.[1];
  expect(await roleOfEve()).toBe("viewer");
  expect(await accountCommand(["role", "EVE@example.org", "owner"])).toEqual({ code: 0, out: "owner" });
  expect(await roleOfEve()).toBe("owner");
  expect(await accountCommand(["role", "eve@example.org", "member"])).toEqual({ code: 0, out: "member" });
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

test("key add prints the key alone on stdout; list shows keys without it; revoke takes one back", async () => {
  await accountCommand(["add", "keys@example.org"]);
  const key = ["key", "add", "keys@example.org", "--name", "ci", "--scopes", "read, write", "--days", "30"];
  const { code, out = "", err } = await accountCommand(key);
  expect([code, err]).toEqual([0, expect.stringMatching(/^Key key_\w+, shown this once\. Scopes: read, write\.$/)]);
  expect(await statusWith(out)).toBe(200);
  const shown = (await accountCommand(["key", "list", "KEYS@example.org"])).out ?? "";
  expect(shown).not.toContain(out);
  const [, first] = shown.split("\n").map((line) => line.split(/\s{2,}/));
  const inThirtyDays = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  expect(first).toEqual([
    ...[expect.stringMatching(/^key_/), out.slice(0, 8), "read,write", expect.stringContaining(inThirtyDays)],
    ...[expect.any(String), "ci"],
  ]);
  const keyId = first?.[0] ?? "";
  expect(await accountCommand(["key", "revoke", "keys@example.org", keyId])).toEqual({ code: 0, out: keyId });
  await expect.poll(() => statusWith(out), { timeout: 5000 }).toBe(401);
  expect(await accountCommand(["key", "revoke", "keys@example.org", keyId])).toMatchObject({ code: 1 });
});

test.each([
  [["key"], 2, "Usage"],
  [["key", "frob"], 2, "frob"],
  [["key", "add"], 2, "--name"],
  [["key", "add", "--name", "n"], 2, "EMAIL"],
  [["key", "add", "nobody@example.org", "--name", "n"], 1, "nobody@example.org"],
  [["key", "add", "keys@example.org", "--name", "n", "--scopes", "read,root"], 2, "root"],
  [["key", "add", "keys@example.org", "--name", "n", "--scopes", ""], 2, "--scopes"],
  [["key", "add", "keys@example.org", "--name", "n", "--days", "0"], 2, "--days"],
  [["key", "list", "nobody@example.org"], 1, "nobody@example.org"],
  [["key", "revoke", "keys@example.org"], 2, "KEY_ID"],
])("%j is refused with a sentence, and no key is made", async (args, code, word) => {
  const before = await accountCommand(["key", "list", "keys@example.org"]);
  expect(await accountCommand(args)).toEqual({ code, err: expect.stringContaining(word) });
  expect(await accountCommand(["key", "list", "keys@example.org"])).toEqual(before);
});
