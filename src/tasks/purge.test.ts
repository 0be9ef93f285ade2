// RETENTION_DAYS and those beside it: what is old goes with all that hangs on it, and nothing else does.
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { getSql } from "../platform/db";
import { LARGEST_SLICE, walkEnded } from "../platform/ended-rows";
import { aClientTask, aTask, makeTask, makeUserId, makeWorker, times } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { claimTasks, newClaimToken } from "./claim";
import { countTasks, foldCounts } from "./counts";
import { createTask, createTasks } from "./create";
import { finishIfCurrent } from "./finish";
import { listInput } from "./input";
import { getTask, listTasks } from "./list";
import { releaseDependents } from "./promote";
import { purgeTaskLogs, purgeTaskMetrics, purgeTasks, unknownTasks } from "./purge";
import { retryTask } from "./retry";
import { taskStatistics } from "./statistics";

useTestServices({
  ...{ RETENTION_DAYS: "30", LOG_RETENTION_DAYS: "10", METRIC_RETENTION_DAYS: "20" },
  ...{ ALLOW_COMMANDS: "true", QUEUE_MAX_SIZE: "100000" },
});

const goingOn = () => new AbortController().signal;
const TABLES = [
  "tasks",
  "task_attempts",
  "task_dependencies",
  "log_chunks",
  "metric_points",
  "metric_rollups",
] as const;
beforeEach(async () => {
  await getSql()`TRUNCATE tasks, ready_tasks, pending_tasks, task_attempts, task_dependencies, task_counts, task_count_deltas,
    log_chunks, metric_points, metric_rollups, retention_marks`;
});

const rowsOf = async (): Promise<Record<string, number>> => {
  const counts = await Promise.all(
    TABLES.map(async (table) => {
      const [row] = await getSql()<{ n: number }[]>`SELECT count(*)::int AS n FROM ${getSql()(table)}`;
      return [table, row?.n ?? 0] as const;
    }),
  );
  return Object.fromEntries(counts);
};

/** Runs everything that is queued, gives each task a line and a point, and ends it. */
const runAll = async (outcome: "succeeded" | "failed" = "succeeded") => {
  const worker = await makeWorker();
  for (;;) {
    const claimed = await claimTasks(worker, worker.totals, 10, newClaimToken());
    if (claimed.length === 0) return;
    for (const { taskId, attempt } of claimed) {
      await say(taskId);
      const end = { taskId, attempt, signal: null, result: null };
      if (outcome === "succeeded") await finishIfCurrent({ ...end, outcome, exitCode: 0 });
      else await finishIfCurrent({ ...end, outcome, exitCode: 1, errorMessage: "exit code 1", errorKind: "exit" });
    }
  }
};
const say = async (taskId: string) => {
  const sql = getSql();
  await sql`INSERT INTO log_chunks (subject_id, first_line, last_line, attempt, lines) VALUES (${taskId}, 1, 1, 1, '[[0, "stdout", "a line"]]')`;
  await sql`INSERT INTO metric_points (subject_id, key, step, attempt, value, at) VALUES (${taskId}, 'loss', 1, 1, 1, now())`;
  await sql`INSERT INTO metric_rollups (subject_id, key, level, bucket, low, low_step, high, high_step) VALUES (${taskId}, 'loss', 9, 0, 1, 1, 1, 1)`;
};
/** As if so many days had gone by since: for these tasks, and for what was purged before. */
const age = async (taskIds: string[], days: number) => {
  await getSql()`UPDATE tasks SET completed_at = completed_at - make_interval(days => ${days}) WHERE id = ANY(${taskIds})`;
  await getSql()`UPDATE retention_marks SET up_to = up_to - make_interval(days => ${days})`;
};

/** What the account is told must be what is there: I13. */
const expectCountsToMatch = async (userId: string) => {
  const rows = await getSql()<{ status: string; n: number }[]>`
    SELECT status, count(*)::int AS n FROM tasks WHERE user_id = ${userId} GROUP BY status`;
  const counts = await countTasks(userId);
  expect(Object.fromEntries(Object.entries(counts).filter(([, n]) => n !== 0))).toEqual(
    Object.fromEntries(rows.map(({ status, n }) => [status, n])),
  );
  const all = counts.completed + counts.failed + counts.cancelled;
  expect((await listTasks(userId, listInput.parse({ limit: 1 }))).total).toBe(
    all + counts.queued + counts.pending + counts.running,
  );
};

describe("tasks", () => {
  test("that ended long ago go with everything; young ones, waiting and running ones stay, however old", async () => {
    const [me, other] = [makeUserId(), makeUserId()];
    const [old, young] = [await makeTask(me), await makeTask(me)];
    const theirs = await makeTask(other);
    await runAll();
    await age([old.taskId, theirs.taskId], 31);
    await age([young.taskId], 29);
    const waiting = await makeTask(me);
    await getSql()`UPDATE tasks SET created_at = now() - interval '400 days', queued_at = now() - interval '400 days' WHERE id = ${waiting.taskId}`;
    expect(await purgeTasks(goingOn())).toBe(2);
    expect(await rowsOf()).toEqual({
      ...{ tasks: 2, task_attempts: 1, task_dependencies: 0, log_chunks: 1, metric_points: 1, metric_rollups: 1 },
    });
    await expect(getTask(me, old.taskId)).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    expect((await getTask(me, young.taskId)).status).toBe("completed");
    for (const userId of [me, other]) await expectCountsToMatch(userId);
    await foldCounts();
    for (const userId of [me, other]) await expectCountsToMatch(userId);
    const today = await taskStatistics(me, {});
    expect([today.completedTasks, today.totalTasks]).toEqual([1, 1]);
    expect(await unknownTasks([old.taskId, young.taskId])).toEqual([old.taskId]);
  });

  test("that a pending task waits for stay until it has been decided: what is not there counts as completed", async () => {
    const me = makeUserId();
    const base = await makeTask(me);
    const open = await createTask(me, aClientTask());
    await runAll("failed");
    await age([base.taskId], 31);
    // As if the failure had not been looked at yet: a worker that stood still, or the moment before.
    const waits = await createTask(me, aClientTask({ dependsOn: [open.taskId] }));
    await getSql()`INSERT INTO task_dependencies (task_id, depends_on) VALUES (${waits.taskId}, ${base.taskId})`;
    expect(await purgeTasks(goingOn())).toBe(0);
    await releaseDependents();
    expect((await getTask(me, waits.taskId)).status).toBe("failed");
    expect(await purgeTasks(goingOn())).toBe(1);
    expect((await rowsOf()).task_dependencies).toBe(1);
    await expectCountsToMatch(me);
  });

  test("of a dependent that is created while its dependency is purged, either both stand or it is refused", async () => {
    const me = makeUserId();
    for (const _ of times(10, () => 0)) {
      const base = await makeTask(me);
      await runAll();
      await age([base.taskId], 31);
      const [created, purged] = await Promise.allSettled([
        createTask(
          me,
          aClientTask({ dependsOn: [base.taskId], runAt: new Date(Date.now() + 3_600_000).toISOString() }),
        ),
        purgeTasks(goingOn()),
      ]);
      expect(purged.status).toBe("fulfilled");
      if (created.status === "rejected") expect(created.reason).toMatchObject({ code: "INVALID_REQUEST" });
      else expect((await getTask(me, base.taskId)).status).toBe("completed");
      await getSql()`DELETE FROM pending_tasks`;
      await purgeTasks(goingOn());
    }
  });

  test("that are retried while they are purged are either gone or whole in the queue", async () => {
    const me = makeUserId();
    for (const _ of times(10, () => 0)) {
      const task = await makeTask(me);
      await runAll("failed");
      await age([task.taskId], 31);
      const [retried] = await Promise.allSettled([retryTask(me, { taskId: task.taskId }), purgeTasks(goingOn())]);
      const [row] = await getSql()`
        SELECT (SELECT count(*)::int FROM tasks WHERE id = ${task.taskId}) AS tasks, (SELECT count(*)::int FROM ready_tasks WHERE task_id = ${task.taskId}) AS ready,
          (SELECT count(*)::int FROM log_chunks WHERE subject_id = ${task.taskId}) AS logs`;
      if (retried.status === "fulfilled") expect(row).toEqual({ tasks: 1, ready: 1, logs: 1 });
      else expect([row, retried.reason]).toMatchObject([{ tasks: 0, ready: 0, logs: 0 }, { code: "TASK_NOT_FOUND" }]);
      await expectCountsToMatch(me);
      await getSql()`TRUNCATE tasks, ready_tasks, task_attempts, task_counts, task_count_deltas, log_chunks, metric_points, metric_rollups`;
    }
  });
});

describe("logs and metrics", () => {
  test("go by days of their own, and are not looked for twice; of a task that ran again they go by its new end", async () => {
    const me = makeUserId();
    const task = await makeTask(me);
    await runAll("failed");
    await age([task.taskId], 11);
    expect([await purgeTaskLogs(goingOn()), await purgeTaskMetrics(goingOn())]).toEqual([1, 0]);
    expect(await rowsOf()).toMatchObject({
      tasks: 1,
      task_attempts: 1,
      log_chunks: 0,
      metric_points: 1,
      metric_rollups: 1,
    });
    expect(await purgeTaskLogs(goingOn())).toBe(0);
    await age([task.taskId], 10);
    expect([await purgeTaskLogs(goingOn()), await purgeTaskMetrics(goingOn())]).toEqual([0, 1]);
    expect(await rowsOf()).toMatchObject({ tasks: 1, metric_points: 0, metric_rollups: 0 });
    await retryTask(me, { taskId: task.taskId });
    await runAll("failed");
    await purgeTaskLogs(goingOn());
    expect((await rowsOf()).log_chunks).toBe(1);
  });
});

describe("many rows", () => {
  /** As they would be left: ended long ago, each with an attempt and a line. */
  const store = async (me: string, count: number) => {
    const sql = getSql();
    await createTasks(
      me,
      times(count, () => aTask()),
    );
    await sql`DELETE FROM ready_tasks`;
    await sql`UPDATE tasks SET status = 'completed', outcome = 'completed', attempt = 1, started_at = now() - interval '40 days', completed_at = now() - interval '40 days'`;
    await sql`INSERT INTO task_attempts (task_id, attempt, ended_at, outcome) SELECT id, 1, completed_at, 'succeeded' FROM tasks`;
    await sql`INSERT INTO log_chunks (subject_id, first_line, last_line, attempt, lines) SELECT id, 1, 1, 1, '[[0, "stdout", "a line"]]' FROM tasks`;
    await sql`DELETE FROM task_count_deltas`;
    await sql`INSERT INTO task_counts (user_id, queue, status, count) SELECT user_id, queue, status, count(*) FROM tasks GROUP BY 1, 2, 3`;
  };

  test("go in slices that are small and have an end, and a purge that is stopped half-way leaves the rest whole", async () => {
    const me = makeUserId();
    await store(me, 5000);
    const slices: number[] = [];
    const span = { table: "tasks" as const, from: "-infinity", before: "infinity" };
    const walked = await walkEnded(
      { ...span, signal: goingOn() },
      async (ids) => slices.push(ids.length) && ids.length,
    );
    expect(walked).toEqual({ count: 5000, isDone: true });
    expect(slices[0]).toBeLessThanOrEqual(100);
    expect(Math.max(...slices)).toBeLessThanOrEqual(LARGEST_SLICE);
    const slow: number[] = [];
    await walkEnded({ ...span, signal: AbortSignal.timeout(2000) }, async (ids) => {
      slow.push(ids.length);
      await new Promise((resolve) => setTimeout(resolve, 150));
      return ids.length;
    });
    expect(slow.at(-1)).toBe(20);

    // The server ends the transaction in the middle of a slice.
    const sql = getSql();
    await sql.unsafe(`CREATE FUNCTION refuse_after() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF (SELECT count(*) FROM tasks) < 4500 THEN RAISE EXCEPTION 'cut off'; END IF; RETURN OLD; END $$;
      CREATE TRIGGER refuse_after BEFORE DELETE ON tasks FOR EACH STATEMENT EXECUTE FUNCTION refuse_after()`);
    onTestFinished(async () => {
      await getSql().unsafe("DROP FUNCTION IF EXISTS refuse_after CASCADE");
    });
    await expect(purgeTasks(goingOn())).rejects.toThrow("cut off");
    const cut = await rowsOf();
    expect(cut.tasks).toBeLessThan(4500);
    expect(cut.tasks).toBeGreaterThan(0);
    expect([cut.task_attempts, cut.log_chunks]).toEqual([cut.tasks, cut.tasks]);
    await expectCountsToMatch(me);

    await sql.unsafe("DROP FUNCTION refuse_after CASCADE");
    expect(await purgeTasks(AbortSignal.abort())).toBe(0);
    expect(await purgeTasks(goingOn())).toBe(cut.tasks);
    expect(Object.values(await rowsOf()).every((n) => n === 0)).toBe(true);
    await expectCountsToMatch(me);
  }, 60_000);

  test("are found by the index of ends, whatever else an account has stored", async () => {
    const me = makeUserId();
    await store(me, 5000);
    const sql = getSql();
    await sql`UPDATE tasks SET completed_at = now() WHERE id NOT IN (SELECT id FROM tasks ORDER BY id LIMIT 10)`;
    await sql`ANALYZE tasks`;
    const plan = await sql`
      EXPLAIN SELECT id, seq, completed_at::text AS at FROM tasks
      WHERE user_id = ${me} AND completed_at < now() - interval '30 days' AND (completed_at, seq) > ('-infinity'::timestamptz, -1)
      ORDER BY completed_at, seq LIMIT 100`;
    expect(JSON.stringify(plan)).toContain("tasks_by_completion");
    expect(await purgeTasks(goingOn())).toBe(10);
    expect((await rowsOf()).tasks).toBe(4990);
  });
});
