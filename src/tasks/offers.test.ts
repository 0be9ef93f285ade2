// What a worker may be offered: of the whole order only, committed only, and remembered until it is settled.
// The mutations of e2e/chaos that cannot be seen from outside are shown here.
import { beforeEach, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { getEnv } from "../platform/env";
import { answerOnce } from "../platform/idempotency";
import { getRedis } from "../platform/redis";
import { aTask, claim, makeTask, makeUserId, makeWorker } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { insertTasks } from "./create";
import { offerNext } from "./ready-queue";
import { rebuildIfLost, repairAll } from "./reconcile";

useTestServices({ ALLOW_COMMANDS: "true" });

let userId = "";
let queue = "";
let n = 0;
beforeEach(async () => {
  userId = makeUserId();
  queue = `offers${n++}`;
  await rebuildIfLost();
});

const plenty = { gpus: 0, cpus: 8, memoryMb: 8192 };
const offer = () => offerNext({ slots: 1, queues: [queue], totals: plenty, free: plenty });

test("what was added since Redis lost its data is not taken for the whole order", async () => {
  const first = await makeTask(userId, { queue });
  const keys = await getRedis().keys(`${getEnv().REDIS_PREFIX}*`);
  await getRedis().del(...keys);
  await makeTask(userId, { queue });
  expect(await offer()).toBe("no-epoch");
  const worker = await makeWorker({ queues: [queue] });
  expect((await claim(worker)).map((task) => task.taskId)).toEqual([first.taskId]);
});

test("a task with an Idempotency-Key is offered once it is committed, and not before", async () => {
  const key = "held";
  const request = { userId, key, hash: "hash" };
  // Who wrote the same key and has not committed holds the creation just before its own commit.
  const holder = await getSql().reserve();
  await holder`BEGIN`;
  await holder`INSERT INTO idempotency_keys (user_id, key, request_hash, status, response) VALUES (${userId}, ${key}, 'other', 201, '')`;
  let id = "";
  const answering = answerOnce(request, async (sql) => {
    const { tasks, announce } = await insertTasks(sql, userId, [aTask({ queue })], true);
    id = tasks[0]?.taskId ?? "";
    return { answer: { status: 201, text: id }, announce };
  });
  const isHeld = async () =>
    (
      await getSql()`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO idempotency_keys%'`
    ).length > 0;
  try {
    while (!(await isHeld()));
    expect(await offer()).toEqual([]);
  } finally {
    await holder`ROLLBACK`;
    holder.release();
  }
  expect((await answering).text).toBe(id);
  expect(await offer()).toEqual([id]);
});

test("an offer whose worker died is known until it is settled, and no comparison takes it for missing", async () => {
  const task = await makeTask(userId, { queue });
  expect(await offer()).toEqual([task.taskId]);
  expect(await getRedis().zrange(`${getEnv().REDIS_PREFIX}claiming`, "0", "-1")).toContain(task.taskId);
  await repairAll();
  expect(await offer()).toEqual([]);
});
