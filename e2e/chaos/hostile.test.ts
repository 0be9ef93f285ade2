// Programs that do not want to end, cut for `npm test`: two of each kind, one cancelled and one timed out. The long form is
// `npm run chaos -- --hostile=500 [--user=nobody]`.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { idsOf } from "../../scripts/lib/unprivileged.mjs";
import { NEVER_ENDING, runHostile } from "./hostile";

const home = mkdtempSync(join(process.env.DATA_DIR ?? tmpdir(), "hostile-"));
// The ordinary user's worker passes through.
chmodSync(home, 0o755);
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

const run = async (name: string, ids?: { uid: number; gid: number }) => {
  const dist = process.env.MLQUEUE_DIST;
  if (!dist) throw new Error("MLQUEUE_DIST is not set: run the tests with `npm test`, which builds.");
  const programs = 2 * NEVER_ENDING.length;
  const dataDir = join(home, name);
  const verdict = await runHostile({ dist, dataDir, env: process.env, programs, ids, say: () => {} });
  console.log(verdict.containment);
  expect(verdict.violations).toEqual([]);
  expect(verdict.counts).toEqual({ cancelled: programs / 2, failed: programs / 2 });
};

test("nothing is left of programs that do not want to end", { timeout: 300_000 }, () => run("own"));

const nobody = process.getuid?.() === 0 ? idsOf("nobody") : null;
/** A checkout in root's home is closed to others. */
const isOpen =
  nobody !== null && spawnSync(process.execPath, ["-e", "process.chdir(process.argv[1])", home], nobody).status === 0;

test.skipIf(nobody === null || !isOpen)("nor where the worker is an ordinary user's", { timeout: 300_000 }, () =>
  run("ordinary", nobody ?? undefined),
);
