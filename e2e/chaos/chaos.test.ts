// The gate, cut for `npm test`: 200 tasks, a fault of each kind that a short run has room for, and five kills of workers among them.
// The long form is `npm run chaos`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFailed, test } from "vitest";
import { faultNamed } from "./faults";
import { LEAST_RUNNING, runGate } from "./gate";
import { reportOf } from "./report";
import { seeded, shuffled } from "./seeded";

const SEED = Number(process.env.CHAOS_SEED ?? 20261125);
const TASKS = 200;
const KILL = "kill -9 of a worker";
const FAULTS = [
  KILL,
  KILL,
  KILL,
  "kill -9 of a worker and its launcher",
  "a worker killed between offer and claim",
  "kill -9 of a launcher",
  "SIGTERM of a worker",
  "kill -9 of the web server",
  "FLUSHALL",
  "FLUSHALL",
  "Redis killed, back with older data",
  "Redis killed, back empty",
  "PostgreSQL restarted at once (-m immediate)",
  "PostgreSQL's connections cut",
  "a claim's answer lost",
  "an end's answer lost",
];

const dataDir = mkdtempSync(join(process.env.DATA_DIR ?? tmpdir(), "chaos-"));
afterAll(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

test(`${TASKS} tasks end as they must, exactly once, through ${FAULTS.length} faults (seed ${SEED})`, {
  timeout: 300_000,
}, async () => {
  const dist = process.env.MLQUEUE_DIST;
  if (!dist) throw new Error("MLQUEUE_DIST is not set: run the tests with `npm test`, which builds.");
  const said: string[] = [];
  onTestFailed(() => console.log(said.join("\n")));
  const verdict = await runGate({
    dist,
    dataDir,
    env: process.env,
    seed: SEED,
    tasks: TASKS,
    faults: shuffled(seeded(SEED), FAULTS).map(faultNamed),
    say: (text) => said.push(`${new Date().toISOString()} ${text}`),
  });
  console.log(reportOf(verdict).join("\n"));
  expect(verdict.violations).toEqual([]);
  const { struck } = verdict.evidence.history;
  expect(struck).toHaveLength(FAULTS.length);
  for (const one of struck) expect(one.running).toBeGreaterThanOrEqual(LEAST_RUNNING);
  expect(verdict.evidence.tasks.size).toBeGreaterThanOrEqual(TASKS);
  const outcomes = [...verdict.evidence.attempts.values()].flat().map((one) => one.outcome);
  expect(outcomes).toContain("lost");
});
