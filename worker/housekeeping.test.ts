// When leases that are over by PostgreSQL's clock are taken for over.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { getSql } from "../src/platform/db";
import { LEASE_SECONDS } from "../src/tasks/claim";
import { claim, makeTask, makeUserId, makeWorker } from "../src/testing/engine";
import { useTestServices } from "../src/testing/services";
import { EndSpool } from "./end-spool";
import { Housekeeping } from "./housekeeping";

useTestServices({ ALLOW_COMMANDS: "true" });

const looks: boolean[] = [];
vi.mock("../src/platform/database-clock", () => ({
  DatabaseClock: class {
    wasSet = async () => {
      looks.push(looks.length === 1);
      return looks.at(-1);
    };
  },
}));

const folder = mkdtempSync(join(tmpdir(), "housekeeping-"));
const self = { pid: process.pid, pidStartTime: 1 };
const spool = new EndSpool(folder, self);
const here = { machine: { bootId: "here", pidNamespace: "here" }, self };
const housekeeping = new Housekeeping({ ...here, spool, dataDir: folder });
afterAll(async () => {
  await housekeeping.stop();
  spool.close();
  rmSync(folder, { recursive: true, force: true });
});

test("leases that were over at once since PostgreSQL's clock was set are given up only when that was a lease ago", {
  timeout: 40_000,
}, async () => {
  const real = performance.now.bind(performance);
  let passed = 0;
  vi.spyOn(performance, "now").mockImplementation(() => real() + passed);
  const { taskId } = await makeTask(makeUserId(), { queue: "leases" });
  await claim(await makeWorker({ queues: ["leases"] }));
  await getSql()`UPDATE task_attempts SET lease_expires_at = now() - interval '1 hour'`;
  const outcome = async () => (await getSql()`SELECT outcome FROM task_attempts WHERE task_id = ${taskId}`)[0]?.outcome;
  const afterLook = (n: number) =>
    vi.waitFor(() => expect(looks.length).toBeGreaterThan(n), { timeout: 10_000, interval: 20 });

  housekeeping.start();
  await afterLook(0);
  passed += (LEASE_SECONDS + 1) * 1000;
  await afterLook(1);
  // It is the round after that shows that the one that saw the clock set gave nothing up.
  await afterLook(2);
  expect(await outcome()).toBeNull();
  passed += (LEASE_SECONDS + 1) * 1000;
  await vi.waitFor(async () => expect(await outcome()).toBe("lost"), { timeout: 10_000, interval: 50 });
});
