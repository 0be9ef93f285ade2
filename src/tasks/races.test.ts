// Workers and people at once: each race has one winner, and what it leaves behind is whole. After each kind of race the database
// and Redis are compared as well: nothing open without a run, nothing waiting that ended, every place the same in both.
import { afterEach, describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { getEnv } from "../platform/env";
import { getRedis } from "../platform/redis";
import { aClientTask, aTask, claim, makeTask, makeUserId, makeWorker, times } from "../testing/engine";
import { outcome } from "../testing/outcome";
import { useTestServices } from "../testing/services";
import { cancelTask } from "./cancel";
import { changePriority } from "./change-priority";
import type { ClaimedTask, ClaimingWorker } from "./claim";
import { startTask, submitResult } from "./client-run";
import { createTask } from "./create";
import { finishIfCurrent, giveBack } from "./finish";
import { getTask } from "./list";
import { pauseQueue, resumeQueue } from "./queue-control";
import { repairAll } from "./reconcile";
import { reorderTasks } from "./reorder";
import { retryTask } from "./retry";

useTestServices({ ALLOW_COMMANDS: "true" });

/** 1,000 take two minutes. */
const ROUNDS = Number(process.env.RACE_ROUNDS ?? 60);
const AT_ONCE = 8;

const userId = makeUserId();
let n = 0;
const newQueue = (): string => `race-${n++}`;

const codeOf = (of: { value: unknown } | { code: string }): string | null => ("code" in of ? of.code : null);

/** Starts two calls in either order, up to 2 ms apart. */
const together = async <A, B>(a: () => Promise<A>, b: () => Promise<B>): Promise<[A, B]> => {
  const late = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 2));
  return Math.random() < 0.5 ? Promise.all([a(), late().then(b)]) : Promise.all([late().then(a), b()]);
};

const rounds = async (run: (queue: string) => Promise<void>): Promise<void> => {
  let left = ROUNDS;
  // None goes on behind a failed test.
  const ended = await Promise.allSettled(
    times(AT_ONCE, async () => {
      for (const queue = newQueue(); left-- > 0; ) await run(queue);
    }),
  );
  for (const one of ended) if (one.status === "rejected") throw one.reason;
};

/** A claim passes over a task that is being changed just then; its next one finds it. */
const claimSoon = async (worker: ClaimingWorker, already: ClaimedTask[], count: number): Promise<ClaimedTask[]> => {
  const claimed = [...already];
  const more = async () => {
    if (claimed.length < count) claimed.push(...(await claim(worker, count - claimed.length)));
    return claimed.length;
  };
  await expect.poll(more, { timeout: 5000, interval: 5 }).toBe(count);
  return claimed;
};

const succeed = (task: { taskId: string; attempt: number }) =>
  finishIfCurrent({ ...task, outcome: "succeeded", exitCode: 0, signal: null, result: { by: task.attempt } });

afterEach(async () => {
  const sql = getSql();
  const wrong = await sql`
    SELECT t.id, t.status, t.attempt FROM tasks t
    LEFT JOIN LATERAL (
      SELECT count(*) AS n, count(*) FILTER (WHERE ended_at IS NULL) AS open, max(attempt) AS last, count(*) FILTER (WHERE outcome = 'succeeded') AS succeeded
      FROM task_attempts a WHERE a.task_id = t.id) a ON true
    WHERE a.open <> (t.status = 'running')::int OR a.n <> t.attempt OR coalesce(a.last, 0) <> t.attempt
      OR (t.status = 'completed') <> (a.succeeded = 1)
      OR (t.status = 'queued') <> EXISTS (SELECT 1 FROM ready_tasks r WHERE r.task_id = t.id AND r.place = t.place)`;
  expect([...wrong]).toEqual([]);
  // What Redis has not heard of yet is put right by the comparison that runs each 30 s, and then it is the same.
  await repairAll();
  const ready = await sql<{ task_id: string; place: number }[]>`SELECT task_id, place FROM ready_tasks`;
  const inRedis = new Map<string, number>();
  for (const key of await getRedis().keys(`${getEnv().REDIS_PREFIX}ready:*`)) {
    const flat = await getRedis().zrange(key, "0", "-1", "WITHSCORES");
    for (let i = 0; i < flat.length; i += 2) inRedis.set(String(flat[i]), Number(flat[i + 1]));
  }
  expect(inRedis).toEqual(new Map(ready.map((row) => [row.task_id, row.place])));
});

describe("a claim", { timeout: 180_000 }, () => {
  test("and a cancel: it never starts, or it is told to stop", async () => {
    await rounds(async (queue) => {
      const worker = await makeWorker({ queues: [queue] });
      const { taskId } = await makeTask(userId, { queue });
      const [cancelled, claimed] = await together(
        () => cancelTask(userId, { taskId }),
        () => claim(worker),
      );
      expect([cancelled.status, claimed.length]).toEqual(claimed.length === 0 ? ["cancelled", 0] : ["running", 1]);
      if (claimed.length > 0) expect(await succeed({ taskId, attempt: 1 })).toBe("cancelled");
    });
  });

  test("and a reorder: the order claimed is the one before or the one after, never a mixture", async () => {
    await rounds(async (queue) => {
      const worker = await makeWorker({ queues: [queue] });
      const ids = (await Promise.all(times(3, () => makeTask(userId, { queue })))).map(({ taskId }) => taskId);
      const sorted = (
        await getSql()<{ task_id: string }[]>`SELECT task_id FROM ready_tasks WHERE queue = ${queue} ORDER BY place`
      ).map((row) => row.task_id);
      const reversed = [...sorted].reverse();
      const [moved, atOnce] = await together(
        () => outcome(reorderTasks(userId, { taskIds: reversed })),
        () => claim(worker, 1),
      );
      const claimed = await claimSoon(worker, atOnce, 1);
      if ("code" in moved) expect([moved.code, claimed[0]?.taskId]).toEqual(["CONFLICT", sorted[0]]);
      // Redis may have proposed the head of before, and the reorder came first all the same.
      else expect([sorted[0], reversed[0]]).toContain(claimed[0]?.taskId);
      const rest = await claimSoon(worker, [], 2);
      const wanted = (codeOf(moved) === null ? reversed : sorted).filter((id) => id !== claimed[0]?.taskId);
      expect(rest.map(({ taskId }) => taskId)).toEqual(wanted);
      for (const taskId of ids) await succeed({ taskId, attempt: 1 });
    });
  });

  test("and a change of priority: the claimed task keeps the one that it started with, or it is changed before", async () => {
    await rounds(async (queue) => {
      const worker = await makeWorker({ queues: [queue] });
      const { taskId } = await makeTask(userId, { queue });
      const [changed, atOnce] = await together(
        () => outcome(changePriority(userId, { taskId, priority: 5 })),
        () => claim(worker),
      );
      await claimSoon(worker, atOnce, 1);
      expect((await getTask(userId, taskId)).priority).toBe(codeOf(changed) === null ? 5 : 0);
      expect([null, "TASK_ALREADY_RUNNING"]).toContain(codeOf(changed));
      await succeed({ taskId, attempt: 1 });
    });
  });

  test("and a pause: once the pause is answered, nothing starts any more", async () => {
    await rounds(async (queue) => {
      const worker = await makeWorker({ queues: [queue] });
      await makeTask(userId, { queue });
      const [, first] = await together(
        () => pauseQueue(userId, { queue }),
        () => claim(worker),
      );
      expect(await claim(worker)).toEqual([]);
      await resumeQueue(userId, { queue });
      const second = await claim(worker);
      expect(first.length + second.length).toBe(1);
      for (const { taskId, attempt } of [...first, ...second]) await succeed({ taskId, attempt });
    });
  });

  test("and a retry: the task waits, or runs as its next attempt", async () => {
    await rounds(async (queue) => {
      const worker = await makeWorker({ queues: [queue] });
      const { taskId } = await makeTask(userId, { queue });
      await cancelTask(userId, { taskId });
      const [again, claimed] = await together(
        () => retryTask(userId, { taskId }),
        () => claim(worker),
      );
      expect(again.status === "queued" || claimed.length === 1).toBe(true);
      const late = await claimSoon(worker, claimed, 1);
      expect(late.map((one) => [one.taskId, one.attempt])).toEqual([[taskId, 1]]);
      await succeed({ taskId, attempt: 1 });
    });
  });

  test("and another worker's: one of them has it", async () => {
    await rounds(async (queue) => {
      const workers = await Promise.all([makeWorker({ queues: [queue] }), makeWorker({ queues: [queue] })]);
      const { taskId } = await makeTask(userId, { queue });
      const claims = await together(
        () => claim(workers[0]),
        () => claim(workers[1]),
      );
      expect(claims.flat().map((one) => one.taskId)).toEqual([taskId]);
      await succeed({ taskId, attempt: 1 });
    });
  });
});

describe("an end", { timeout: 180_000 }, () => {
  const started = async (queue: string, maxAttempts = 1) => {
    const worker = await makeWorker({ queues: [queue] });
    const { taskId } = await createTask(userId, aTask({ queue, maxAttempts }));
    await claim(worker);
    return { worker, taskId };
  };

  test("and a cancel: cancelled, or completed and the cancel refused", async () => {
    await rounds(async (queue) => {
      const { taskId } = await started(queue);
      const [cancelled, ended] = await together(
        () => outcome(cancelTask(userId, { taskId })),
        () => succeed({ taskId, attempt: 1 }),
      );
      expect([codeOf(cancelled), ended]).toEqual(
        ended === "completed" ? ["TASK_ALREADY_COMPLETED", "completed"] : [null, "cancelled"],
      );
    });
  });

  test("and the same end again, and its loss: one of them is written", async () => {
    await rounds(async (queue) => {
      const { worker, taskId } = await started(queue);
      const [[first, second]] = await together(
        () =>
          together(
            () => succeed({ taskId, attempt: 1 }),
            () => succeed({ taskId, attempt: 1 }),
          ),
        () => giveBack([{ taskId, attempt: 1 }], "lost", "for the race"),
      );
      // A result that comes after the loss counts while the task waits under its number.
      expect([first, second].filter((one) => one === "completed")).toHaveLength(1);
      expect(await claim(worker)).toEqual([]);
    });
  });

  test("of an older attempt and the next claim: the newer one goes on", async () => {
    await rounds(async (queue) => {
      const { worker, taskId } = await started(queue, 2);
      await giveBack([{ taskId, attempt: 1 }], "lost", "for the race");
      const [late, again] = await together(
        () => succeed({ taskId, attempt: 1 }),
        () => claim(worker),
      );
      if (late === "completed") expect(again).toEqual([]);
      else {
        expect([late, again.map((one) => one.attempt)]).toEqual([null, [2]]);
        expect(await succeed({ taskId, attempt: 2 })).toBe("completed");
      }
      expect((await getTask(userId, taskId)).result).toEqual({ by: late === "completed" ? 1 : 2 });
    });
  });
});

describe("a client's start", { timeout: 180_000 }, () => {
  test("and another one, and a cancel: one starts it, and what is cancelled takes no result", async () => {
    await rounds(async (queue) => {
      const { taskId } = await createTask(userId, aClientTask({ queue }));
      const [starts, cancelled] = await together(
        () =>
          together(
            () => outcome(startTask(userId, { taskId })),
            () => outcome(startTask(userId, { taskId })),
          ),
        () => cancelTask(userId, { taskId }),
      );
      expect(cancelled.status).toBe("cancelled");
      expect(starts.filter((one) => codeOf(one) === null).length).toBeLessThanOrEqual(1);
      expect(codeOf(await outcome(submitResult(userId, { taskId, result: { a: 1 } })))).toBe("TASK_ALREADY_COMPLETED");
    });
  });

  test("and two results: one result is kept, the other is told so", async () => {
    await rounds(async (queue) => {
      const { taskId } = await createTask(userId, aClientTask({ queue }));
      const [start, results] = await together(
        () => outcome(startTask(userId, { taskId })),
        () =>
          together(
            () => outcome(submitResult(userId, { taskId, result: { by: 1 } })),
            () => outcome(submitResult(userId, { taskId, result: { by: 2 } })),
          ),
      );
      expect(results.map(codeOf).sort()).toEqual(["TASK_ALREADY_COMPLETED", null]);
      expect([null, "TASK_ALREADY_COMPLETED", "TASK_ALREADY_RUNNING"]).toContain(codeOf(start));
      expect((await getTask(userId, taskId)).result).toEqual({ by: codeOf(results[0]) === null ? 1 : 2 });
    });
  });
});
