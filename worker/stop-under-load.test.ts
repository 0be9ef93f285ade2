// A worker that is told to stop while programs start and end: none of their ends is lost, and what is given back costs no try.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { getSql } from "../src/platform/db";
import { createTask, createTasks } from "../src/tasks/create";
import { aTask, makeUserId, times } from "../src/testing/engine";
import { useTestServices } from "../src/testing/services";
import { useWorkers } from "../src/testing/worker-process";

useTestServices({ ALLOW_COMMANDS: "true" });
const workers = useWorkers();

test("SIGTERM amid starts and ends: each program that ended is recorded, each that was stopped goes back without a failure", async () => {
  const userId = makeUserId();
  const ledger = join(workers.dataDir, "ledger");
  const lines = () => readFileSync(ledger, { encoding: "utf8", flag: "a+" }).split("\n").filter(Boolean);
  const long = await createTask(userId, aTask({ command: ["sh", "-c", "sleep 300"] }));
  await createTasks(
    userId,
    times(150, () => aTask({ command: ["sh", "-c", `echo $MLQUEUE_TASK_ID $MLQUEUE_ATTEMPT >> ${ledger}`] })),
  );
  const first = await workers.start({ SHUTDOWN_GRACE_SECONDS: "1" });
  await expect.poll(() => lines().length, { timeout: 30_000, interval: 10 }).toBeGreaterThan(10);
  expect(await first.stop()).toBe(0);
  expect(lines().length).toBeLessThan(150);

  const sql = getSql();
  expect(await sql`SELECT 1 FROM tasks WHERE user_id = ${userId} AND status = 'running'`).toHaveLength(0);
  const ended = await sql<{ line: string }[]>`
    SELECT task_id || ' ' || attempt AS line FROM task_attempts WHERE outcome = 'succeeded'`;
  expect(ended.map(({ line }) => line).sort()).toEqual(lines().sort());
  const [back] = await sql`SELECT status, attempt, failures, losses FROM tasks WHERE id = ${long.taskId}`;
  expect(back).toMatchObject({ status: "queued", attempt: 1, failures: 0, losses: 0 });

  await sql`UPDATE tasks SET command = ARRAY['true'] WHERE id = ${long.taskId}`;
  const second = await workers.start();
  await expect
    .poll(
      () => sql`SELECT 1 FROM tasks WHERE user_id = ${userId} AND status <> 'completed'`.then((rows) => rows.length),
      {
        timeout: 60_000,
        interval: 200,
      },
    )
    .toBe(0);
  const ran = lines().map((line) => line.split(" ")[0]);
  expect(ran.length).toBe(150);
  expect(new Set(ran).size).toBe(150);
  await second.stop();
}, 120_000);
