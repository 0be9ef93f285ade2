// A worker that dies is noticed by its neighbour on the machine, not by the next look at PostgreSQL.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { taskAttempts } from "../src/tasks/attempts";
import { claimTasks, newClaimToken } from "../src/tasks/claim";
import { createTask } from "../src/tasks/create";
import { registerWorker } from "../src/tasks/worker-registry";
import { aTask, makeUserId } from "../src/testing/engine";
import { useTestServices } from "../src/testing/services";
import { bootId, pidNamespace, processStartTime } from "./containment";
import { EndSpool } from "./end-spool";
import { Housekeeping } from "./housekeeping";

useTestServices({ ALLOW_COMMANDS: "true" });

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

test("attempts of a worker that dies are given back as soon as it is dead", async () => {
  const userId = makeUserId();
  const { taskId } = await createTask(userId, aTask());
  // What counts as a worker is its pid and start time.
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  children.push(child);
  const pid = Number(child.pid);
  const here = { bootId: bootId(), pidNamespace: pidNamespace(), pid, pidStartTime: processStartTime(pid) ?? 0 };
  const totals = { gpus: 0, cpus: 8, memoryMb: 1024 };
  const worker = { workerId: "dies", ...here, queues: null };
  const epoch = await registerWorker({
    ...{ ...worker, host: "host", version: "test", slots: 1, cpus: 8, memoryMb: 1024, gpus: [] },
    entrypoints: [],
    allowsCommands: true,
  });
  const [claimed] = await claimTasks({ ...worker, epoch, totals }, totals, 1, newClaimToken());
  expect(claimed?.taskId).toBe(taskId);

  const self = { pid: process.pid, pidStartTime: processStartTime(process.pid) ?? 0 };
  const dataDir = mkdtempSync(join(process.env.DATA_DIR ?? tmpdir(), "heir-"));
  const spool = new EndSpool(dataDir, self);
  // Its second look at PostgreSQL would come after the test.
  const heir = new Housekeeping({ machine: here, self, spool, dataDir, reapMs: 600_000 });
  heir.start();
  const openAttempt = async () => (await taskAttempts(userId, { taskId })).find(({ endedAt }) => endedAt === null);
  // Its first look is over, and found it alive.
  await new Promise((done) => setTimeout(done, 1000));
  expect(await openAttempt()).toMatchObject({ attempt: 1 });
  child.kill("SIGKILL");
  await expect.poll(openAttempt, { timeout: 15_000 }).toBeUndefined();
  await heir.stop();
  spool.close();
}, 40_000);
