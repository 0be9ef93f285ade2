// Each change of a status writes one event, in the transaction of the change, for those who want to hear of it.
import { describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { cancelRun, changeMany, retryRun } from "../runs/cancel";
import { claimRun, startRun } from "../runs/claim";
import { createRuns, removeRun } from "../runs/edit-runs";
import { completeRun, failRun } from "../runs/finish";
import { createGroup } from "../runs/groups";
import { heartbeat } from "../runs/heartbeat";
import { sweepStalled } from "../runs/stall-sweep";
import { createUnit } from "../runs/units";
import { cancelTask } from "../tasks/cancel";
import { startTask, submitResult } from "../tasks/client-run";
import { createTask, createTasks, insertTasks } from "../tasks/create";
import { finishIfCurrent, giveBack } from "../tasks/finish";
import { promoteDue } from "../tasks/promote";
import { retryTask } from "../tasks/retry";
import { aClientTask, aTask, claim, makeTask, makeUserId, makeWorker, times } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { createEndpoint, updateEndpoint } from "./endpoints";
import type { WebhookEvent } from "./events";

useTestServices({ ALLOW_COMMANDS: "true" });

const URL_OF_NOBODY = "https://198.100.1.1/hook";
const listen = (userId: string, events?: WebhookEvent[]) =>
  createEndpoint(userId, { url: URL_OF_NOBODY, events, active: true });

type Told = { event: string; change_no: number; body: Record<string, unknown>; deliveries: number };

/** What was written of a subject, in the order of its changes. */
const toldOf = async (subjectId: string): Promise<Told[]> => {
  const rows = await getSql()<(Omit<Told, "body"> & { body: string })[]>`
    SELECT event, change_no, body, (SELECT count(*) FROM webhook_deliveries d WHERE d.event_id = v.id) AS deliveries
    FROM webhook_events v WHERE subject_id = ${subjectId} ORDER BY change_no`;
  return rows.map((row) => ({ ...row, body: JSON.parse(row.body) }));
};
const eventsOf = async (subjectId: string) => (await toldOf(subjectId)).map((one) => one.event);

const failure = (task: { taskId: string; attempt: number }) => ({
  ...task,
  exitCode: 1,
  signal: null,
  outcome: "failed" as const,
  result: null,
  errorMessage: "exit code 1",
  errorKind: "exit",
});

/** In a queue of its own, so that the worker takes this one. */
const makeOwn = async (userId: string, given: Parameters<typeof makeTask>[1] = {}) => {
  const queue = `q-${makeUserId()}`.slice(0, 60);
  const worker = await makeWorker({ queues: [queue] });
  const task = await makeTask(userId, { queue, ...given });
  const start = async () => {
    const [claimed] = await claim(worker);
    if (!claimed) throw new Error("Nothing was claimed.");
    return { taskId: claimed.taskId, attempt: claimed.attempt };
  };
  return { taskId: task.taskId, start };
};

describe("of a task that workers run", () => {
  test("queued, started, completed are told, each once, with the fields of the contract", async () => {
    const userId = makeUserId();
    await listen(userId);
    const { taskId, start } = await makeOwn(userId);
    const running = await start();
    await finishIfCurrent({ ...running, exitCode: 0, signal: null, outcome: "succeeded", result: { accuracy: 0.91 } });
    const told = await toldOf(taskId);
    expect(told.map(({ event, change_no, deliveries }) => [event, change_no, deliveries])).toEqual([
      ["task.queued", 0, 1],
      ["task.started", 1, 1],
      ["task.completed", 2, 1],
    ]);
    expect(told[2]?.body).toEqual({
      event: "task.completed",
      task_id: taskId,
      status: "completed",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      result: { accuracy: 0.91 },
      error_message: null,
    });
    expect(told[1]?.body).toMatchObject({ event: "task.started", status: "running", result: null });
  });

  test("a retry, a loss and a failure are told as what becomes of the task", async () => {
    const userId = makeUserId();
    await listen(userId);
    const { taskId, start } = await makeOwn(userId, { maxAttempts: 2 });
    await finishIfCurrent(failure(await start()));
    await giveBack([await start()], "lost", "its worker died");
    await finishIfCurrent(failure(await start()));
    await retryTask(userId, { taskId });
    await cancelTask(userId, { taskId, reason: "enough" });
    const told = await toldOf(taskId);
    expect(told.map((one) => one.event)).toEqual([
      ...["task.queued", "task.started", "task.queued", "task.started", "task.queued", "task.started"],
      ...["task.failed", "task.queued", "task.cancelled"],
    ]);
    expect(told.map((one) => one.change_no)).toEqual(times(9, (n) => n));
    expect(told[6]?.body).toMatchObject({ status: "failed", error_message: "exit code 1" });
    expect(told[8]?.body).toMatchObject({ status: "cancelled", error_message: "cancelled: enough" });
  });

  test("a success that comes after the attempt was given up, and a cancel of what runs", async () => {
    const userId = makeUserId();
    await listen(userId, ["task.completed", "task.cancelled"]);
    const late = await makeOwn(userId);
    const running = await late.start();
    await giveBack([running], "lost", "its worker died");
    await finishIfCurrent({ ...running, exitCode: 0, signal: null, outcome: "succeeded", result: null });
    expect(await eventsOf(late.taskId)).toEqual(["task.completed"]);

    const stopped = await makeOwn(userId);
    const attempt = await stopped.start();
    await cancelTask(userId, { taskId: stopped.taskId });
    expect(await eventsOf(stopped.taskId)).toEqual([]);
    await finishIfCurrent({ ...attempt, exitCode: null, signal: "SIGTERM", outcome: "cancelled" });
    expect(await eventsOf(stopped.taskId)).toEqual(["task.cancelled"]);
  });

  test("a scheduled task is told once it is queued, a dependent once it fails", async () => {
    const userId = makeUserId();
    await listen(userId);
    const scheduled = await makeTask(userId, { runAt: new Date(Date.now() + 60_000).toISOString() });
    expect([scheduled.status, await eventsOf(scheduled.taskId)]).toEqual(["pending", []]);
    await getSql()`UPDATE pending_tasks SET run_at = now() WHERE task_id = ${scheduled.taskId}`;
    await promoteDue();
    expect(await eventsOf(scheduled.taskId)).toEqual(["task.queued"]);

    const first = await makeTask(userId, {});
    const dependent = await makeTask(userId, { dependsOn: [first.taskId] });
    await cancelTask(userId, { taskId: first.taskId });
    expect(await eventsOf(dependent.taskId)).toEqual(["task.failed"]);
  });
});

test("of a task that a client runs: started and ended, from queued both at once", async () => {
  const userId = makeUserId();
  await listen(userId);
  const [one, other] = [await createTask(userId, aClientTask()), await createTask(userId, aClientTask())];
  await startTask(userId, { taskId: one.taskId });
  await submitResult(userId, { taskId: one.taskId, result: { loss: 0.5 } });
  await submitResult(userId, { taskId: one.taskId, result: { loss: 0.5 } });
  await submitResult(userId, { taskId: other.taskId, result: { status: "failed", error: "no GPU" } });
  expect(await eventsOf(one.taskId)).toEqual(["task.queued", "task.started", "task.completed"]);
  const told = await toldOf(other.taskId);
  expect(told.map((event) => event.event)).toEqual(["task.queued", "task.started", "task.failed"]);
  expect(told[2]?.body).toMatchObject({ error_message: "no GPU", result: { status: "failed", error: "no GPU" } });
});

test("batches of any size are told task by task", async () => {
  const userId = makeUserId();
  await listen(userId);
  for (const count of [3, 1500]) {
    const ids = await createTasks(
      userId,
      times(count, () => aTask()),
    );
    const [row] = await getSql()<{ events: number; deliveries: number }[]>`
      SELECT count(DISTINCT v.id) AS events, count(d.id) AS deliveries FROM webhook_events v JOIN webhook_deliveries d ON d.event_id = v.id
      WHERE v.subject_id = ANY(${ids}) AND v.event = 'task.queued'`;
    expect(row).toEqual({ events: count, deliveries: count });
  }
});

test("what is rolled back is not told", async () => {
  const userId = makeUserId();
  await listen(userId);
  let taskId = "";
  await getSql()
    .begin(async (sql) => {
      const { tasks } = await insertTasks(sql, userId, [aTask()], true);
      taskId = tasks[0]?.taskId ?? "";
      throw new Error("rolled back");
    })
    .catch((error: Error) => expect(error.message).toBe("rolled back"));
  expect(taskId).not.toBe("");
  expect(await eventsOf(taskId)).toEqual([]);
});

test("nothing is written where nobody listens: no endpoint, another account's, one that is off, or of other events", async () => {
  const [userId, other] = [makeUserId(), makeUserId()];
  await listen(other);
  const off = await listen(userId);
  await updateEndpoint(userId, { webhookId: off.webhookId, active: false });
  await listen(userId, ["run.queued", "task.failed"]);
  const { taskId, start } = await makeOwn(userId);
  await finishIfCurrent(failure(await start()));
  expect(await toldOf(taskId)).toMatchObject([{ event: "task.failed", change_no: 2, deliveries: 1 }]);
});

test("an endpoint registered now hears of the next change, and each endpoint gets a delivery of its own", async () => {
  const userId = makeUserId();
  const { taskId, start } = await makeOwn(userId);
  await listen(userId);
  await listen(userId, ["task.started"]);
  await start();
  expect(await toldOf(taskId)).toMatchObject([{ event: "task.started", change_no: 1, deliveries: 2 }]);
});

test("a task's own address gets each event of that task, beside the endpoints", async () => {
  const userId = makeUserId();
  const webhookUrl = "https://198.100.1.2:8443/mine?x=1";
  const { taskId, start } = await makeOwn(userId, { webhookUrl });
  await listen(userId, ["task.started"]);
  await start();
  expect((await toldOf(taskId)).map(({ event, deliveries }) => [event, deliveries])).toEqual([
    ["task.queued", 1],
    ["task.started", 2],
  ]);
  const own = await getSql()`
    SELECT url, receiver FROM webhook_deliveries WHERE user_id = ${userId} AND endpoint_id IS NULL`;
  expect([...own]).toEqual(times(2, () => ({ url: webhookUrl, receiver: `${userId} https://198.100.1.2:8443` })));
});

describe("of runs", () => {
  const makeUnit = async (userId: string, stallTimeoutSeconds = 120) => {
    const { groupId } = await createGroup(userId, { name: "a group", metadata: {} });
    const { unitId } = await createUnit(userId, {
      groupId,
      name: "a unit",
      config: {},
      metadata: {},
      stallTimeoutSeconds,
    });
    const add = async (count = 1) =>
      (
        await createRuns(userId, {
          unitId,
          createdBy: "web",
          runs: times(count, (n) => ({ parameters: { n }, metadata: {} })),
        })
      ).map((run) => run.runId);
    return { unitId, add };
  };
  const only = (ids: string[]): string => ids[0] ?? "";

  test("queued, started, completed are told with the routes' ids", async () => {
    const userId = makeUserId();
    await listen(userId);
    const { unitId, add } = await makeUnit(userId);
    const runId = only(await add());
    await claimRun(userId, { unitId });
    await completeRun(userId, { runId, result: { loss: 0.1 } });
    await completeRun(userId, { runId, result: { loss: 0.1 } });
    const told = await toldOf(runId);
    expect(told.map((one) => one.event)).toEqual(["run.queued", "run.started", "run.completed"]);
    expect(told[0]?.body).toMatchObject({ queue_id: runId, unit_id: unitId, status: "pending" });
    expect(told[2]?.body).toEqual({
      event: "run.completed",
      queue_id: runId,
      unit_id: unitId,
      status: "completed",
      timestamp: expect.any(String),
      result: { loss: 0.1 },
      error_message: null,
    });
  });

  test("a failure, a retry, a start by name and a cancel", async () => {
    const userId = makeUserId();
    await listen(userId);
    const { unitId, add } = await makeUnit(userId);
    const runId = only(await add());
    await claimRun(userId, { unitId });
    await failRun(userId, { runId, errorMessage: "diverged" });
    await retryRun(userId, { runId });
    await startRun(userId, { runId });
    await cancelRun(userId, { runId, reason: "enough" });
    const told = await toldOf(runId);
    expect(told.map((one) => one.event)).toEqual([
      ...["run.queued", "run.started", "run.failed", "run.queued", "run.started", "run.cancelled"],
    ]);
    expect(told[2]?.body).toMatchObject({ status: "failed", error_message: "diverged" });
    expect(told[5]?.body).toMatchObject({ status: "failed", error_message: "cancelled: enough" });
  });

  test("many at once are told one by one; a removal is no event", async () => {
    const userId = makeUserId();
    await listen(userId);
    const { unitId, add } = await makeUnit(userId);
    const runIds = await add(3);
    expect(await changeMany(userId, { unitId, action: "cancel", dryRun: false })).toEqual({ count: 3, skipped: 0 });
    expect(await changeMany(userId, { unitId, action: "retry", dryRun: false })).toEqual({ count: 3, skipped: 0 });
    await removeRun(userId, { runId: only(runIds) });
    await changeMany(userId, { unitId, action: "remove", dryRun: false });
    for (const runId of runIds) expect(await eventsOf(runId)).toEqual(["run.queued", "run.cancelled", "run.queued"]);
  });

  test("a driver that fell silent, and the end that it tells when it comes back", async () => {
    const userId = makeUserId();
    await listen(userId);
    const { unitId, add } = await makeUnit(userId, 1);
    const runId = only(await add());
    await heartbeat(userId, { unitId });
    await claimRun(userId, { unitId });
    await getSql()`UPDATE runs SET last_named_at = now() - interval '1 minute' WHERE id = ${runId}`;
    await sweepStalled(3600);
    await completeRun(userId, { runId });
    const told = await toldOf(runId);
    expect(told.map((one) => one.event)).toEqual(["run.queued", "run.started", "run.failed", "run.completed"]);
    expect(told[2]?.body).toMatchObject({ error_message: "driver lost" });
  });
});
