// From an event to its receiver: what is sent, what ends it, what is tried again, and who waits for whom.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { getSql } from "../platform/db";
import { getEnv } from "../platform/env";
import { cancelTask } from "../tasks/cancel";
import { createTask, createTasks } from "../tasks/create";
import { aClientTask, makeUserId, times } from "../testing/engine";
import { type Receiver, useReceivers, verified } from "../testing/receiver";
import { useTestServices } from "../testing/services";
import { useWorkers } from "../testing/worker-process";
import { Deliverer, type DelivererOptions, PER_RECEIVER, purgeWebhooks } from "./deliver";
import { listDeliveries, replayDelivery, testEndpoint } from "./deliveries";
import { createEndpoint, getEndpoint, removeEndpoint, rotateSecret, updateEndpoint } from "./endpoints";
import type { WebhookEvent } from "./events";
import { taskSecret } from "./secret-box";

useTestServices({ ALLOW_COMMANDS: "true", WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" });
const makeReceiver = useReceivers();
const workers = useWorkers();

const running = new Set<() => Promise<void>>();
/** A worker's deliveries, looked for each 20 ms. */
const startDeliverer = (options: Partial<DelivererOptions> = {}) => {
  const deliverer = new Deliverer({ timeoutMs: 2000, retrySeconds: () => 0.05, ...options });
  const timer = setInterval(() => deliverer.round().catch((error) => expect(error).toBeNull()), 20);
  const stop = async () => {
    clearInterval(timer);
    running.delete(stop);
    await deliverer.stop();
  };
  running.add(stop);
  return { stop };
};
beforeEach(async () => {
  await getSql()`DELETE FROM webhook_deliveries`;
});
afterEach(async () => {
  await Promise.all([...running].map((stop) => stop()));
});

const until = (check: () => void | Promise<void>, timeout = 10_000) => vi.waitFor(check, { timeout, interval: 20 });

const listen = async (receiver: Receiver, events?: WebhookEvent[]) => {
  const userId = makeUserId();
  const endpoint = await createEndpoint(userId, { url: receiver.url, events, active: true });
  const log = async () => (await listDeliveries(userId, { webhookId: endpoint.webhookId, limit: 1000 })).deliveries;
  return { userId, webhookId: endpoint.webhookId, secret: endpoint.secret, log };
};
const makeTask = (userId: string) => createTask(userId, aClientTask());

describe("a delivery", () => {
  test("is one POST with the event as JSON, signed, with the headers of the contract", async () => {
    const receiver = await makeReceiver();
    const { userId, secret, log } = await listen(receiver);
    startDeliverer();
    const { taskId } = await makeTask(userId);
    await until(() => expect(receiver.received).toHaveLength(1));
    const [sent] = receiver.received;
    expect(sent?.path).toBe("/hook");
    expect(sent?.headers).toMatchObject({
      "content-type": "application/json",
      "user-agent": "MLQueue-Webhook/1.0",
      "webhook-id": `evt_${taskId}_0`,
      "webhook-signature": expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
      host: `127.0.0.1:${receiver.port}`,
    });
    expect(Math.abs(Number(sent?.headers["webhook-timestamp"]) - Date.now() / 1000)).toBeLessThan(5);
    expect(sent && verified(sent, secret)).toBe(1);
    expect(sent?.body).toMatchObject({ event: "task.queued", task_id: taskId, status: "queued" });
    await until(async () => expect(await log()).toMatchObject([{ status: "delivered" }]));
    expect(await log()).toEqual([
      {
        deliveryId: expect.stringMatching(/^dlv_[0-9a-f]{27}$/),
        eventId: `evt_${taskId}_0`,
        event: "task.queued",
        url: receiver.url,
        status: "delivered",
        tries: 1,
        statusCode: 200,
        answer: "ok",
        error: null,
        createdAt: expect.any(String),
        nextTryAt: null,
        deliveredAt: expect.any(String),
        body: sent?.text,
      },
    ]);
  });

  test("that fails is tried again under the same id, with the same body, until a 2xx", async () => {
    const answers = [500, 429, 404, 302, 204];
    const receiver = await makeReceiver(() => ({ status: answers.shift() ?? 200, headers: { Location: "/other" } }));
    const { userId, secret, log } = await listen(receiver);
    startDeliverer();
    await makeTask(userId);
    await until(async () => expect(await log()).toMatchObject([{ status: "delivered", tries: 5, statusCode: 204 }]));
    expect(receiver.received).toHaveLength(5);
    expect(new Set(receiver.received.map((one) => one.id)).size).toBe(1);
    expect(new Set(receiver.received.map((one) => one.text)).size).toBe(1);
    expect(new Set(receiver.received.map((one) => one.path))).toEqual(new Set(["/hook"]));
    for (const one of receiver.received) expect(verified(one, secret)).toBe(1);
  });

  test("waits between tries as the schedule says, and is given up at its end", async () => {
    const receiver = await makeReceiver(() => ({ status: 503, body: "later" }));
    const { userId, log } = await listen(receiver);
    const asked: number[] = [];
    startDeliverer({
      retrySeconds: (tries) => {
        asked.push(tries);
        return tries < 3 ? 0.3 : null;
      },
    });
    await makeTask(userId);
    await until(async () => expect(await log()).toMatchObject([{ status: "failed", tries: 3, nextTryAt: null }]));
    expect(asked).toEqual([1, 2, 3]);
    const [first, second, third] = receiver.received.map((one) => one.at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(250);
    expect((third ?? 0) - (second ?? 0)).toBeGreaterThan(250);
    expect(await log()).toMatchObject([{ statusCode: 503, answer: "later", error: "answered 503", deliveredAt: null }]);
  });

  test("that gets no answer in time, or no connection, says so and is tried again", async () => {
    const receiver = await makeReceiver(() => "hang");
    const { userId, webhookId, log } = await listen(receiver);
    startDeliverer({ timeoutMs: 300, retrySeconds: () => 0.1 });
    await makeTask(userId);
    await until(async () =>
      expect(await log()).toMatchObject([
        { status: "pending", statusCode: null, error: "did not answer within 0.3 s" },
      ]),
    );
    await updateEndpoint(userId, { webhookId, url: "http://127.0.0.1:1/" });
    await until(async () => expect(await log()).toMatchObject([{ error: expect.stringContaining("ECONNREFUSED") }]));
    const other = await makeReceiver();
    await updateEndpoint(userId, { webhookId, url: other.url });
    await until(async () => expect(await log()).toMatchObject([{ status: "delivered", url: other.url }]));
  });

  test("keeps the beginning of what the receiver answers, whatever that is", async () => {
    const receiver = await makeReceiver(() => ({
      status: 200,
      body: Buffer.concat([Buffer.of(0, 255), Buffer.alloc(1e6, "x")]),
    }));
    const { userId, log } = await listen(receiver);
    startDeliverer();
    await makeTask(userId);
    await until(async () => expect(await log()).toMatchObject([{ status: "delivered" }]));
    expect((await log())[0]?.answer).toBe(`\u2400\ufffd${"x".repeat(4094)}`);
  });

  test("arrives within a fraction of a second, sent by a worker", async () => {
    const receiver = await makeReceiver();
    const { userId } = await listen(receiver);
    const worker = await workers.start();
    const delays: number[] = [];
    for (const _ of times(10, (n) => n)) {
      const before = receiver.received.length;
      await makeTask(userId);
      const made = Date.now();
      await until(() => expect(receiver.received.length).toBe(before + 1));
      delays.push((receiver.received.at(-1)?.at ?? 0) - made);
    }
    const median = delays.sort((a, b) => a - b)[5] ?? Number.POSITIVE_INFINITY;
    expect(median).toBeLessThan(500);
    expect(await worker.stop()).toBe(0);
  }, 60_000);
});

describe("an endpoint", () => {
  test("that answers 410 is turned off; nothing more is sent until it is turned on, and then what waited", async () => {
    const receiver = await makeReceiver(() => ({ status: 410 }));
    const { userId, webhookId, log } = await listen(receiver);
    const { stop } = startDeliverer();
    await makeTask(userId);
    await until(async () =>
      expect(await getEndpoint(userId, { webhookId })).toMatchObject({ active: false, offReason: "it answered 410" }),
    );
    expect(await log()).toMatchObject([{ status: "failed", statusCode: 410, tries: 1 }]);
    await makeTask(userId);
    expect(await log()).toHaveLength(1);
    await stop();

    await updateEndpoint(userId, { webhookId, active: true });
    const { taskId } = await makeTask(userId);
    await updateEndpoint(userId, { webhookId, active: false });
    startDeliverer();
    const other = await listen(await makeReceiver());
    await makeTask(other.userId);
    await until(async () => expect(await other.log()).toMatchObject([{ status: "delivered" }]));
    expect(receiver.received).toHaveLength(1);
    receiver.reply(() => ({ status: 200 }));
    expect(await updateEndpoint(userId, { webhookId, active: true })).toMatchObject({ offReason: null });
    await until(() => expect(receiver.received.map((one) => one.body.task_id)).toContain(taskId));
  });

  test("has at most four requests at once, over two workers, and gets all events", async () => {
    const receiver = await makeReceiver();
    const { userId, log } = await listen(receiver);
    await createTasks(
      userId,
      times(60, () => aClientTask()),
    );
    receiver.reply(() => ({ status: 200, afterMs: 30 }));
    startDeliverer();
    startDeliverer();
    await until(async () => expect((await log()).filter((one) => one.status === "delivered")).toHaveLength(60));
    expect(receiver.peak()).toBe(PER_RECEIVER);
    expect(new Set(receiver.received.map((one) => one.id)).size).toBe(60);
    expect(receiver.received).toHaveLength(60);
  });

  test("keeps to that when many workers look at the same moment", async () => {
    const receiver = await makeReceiver(() => "hang");
    const { userId } = await listen(receiver);
    await createTasks(
      userId,
      times(100, () => aClientTask()),
    );
    const deliverers = times(12, () => new Deliverer({ timeoutMs: 5000, retrySeconds: () => null }));
    await Promise.all(deliverers.map((deliverer) => deliverer.round()));
    await until(() => expect(receiver.received.length).toBeGreaterThanOrEqual(PER_RECEIVER));
    await new Promise((done) => setTimeout(done, 200));
    expect(receiver.peak()).toBe(PER_RECEIVER);
    await Promise.all(deliverers.map((deliverer) => deliverer.stop()));
  });

  test("that hangs delays nobody, though a thousand events wait for it", async () => {
    const [hanging, healthy] = [await makeReceiver(() => "hang"), await makeReceiver()];
    const slow = await listen(hanging);
    await createTasks(
      slow.userId,
      times(1000, () => aClientTask()),
    );
    startDeliverer();
    await until(() => expect(hanging.received).toHaveLength(PER_RECEIVER));
    const quick = await listen(healthy);
    for (const _ of times(20, (n) => n)) {
      const [made, before] = [Date.now(), healthy.received.length];
      await makeTask(quick.userId);
      await until(() => expect(healthy.received).toHaveLength(before + 1));
      expect(Date.now() - made).toBeLessThan(1000);
    }
    expect(hanging.peak()).toBe(PER_RECEIVER);
  });

  test("is signed for with the old secret, too, until its grace time is over", async () => {
    const receiver = await makeReceiver();
    const { userId, webhookId, secret: first } = await listen(receiver);
    startDeliverer();
    const { secret: second, oldSecretUntil } = await rotateSecret(userId, { webhookId });
    expect(second).not.toBe(first);
    expect(Date.parse(oldSecretUntil ?? "") - Date.now()).toBeGreaterThan(23.9 * 3_600_000);
    await makeTask(userId);
    await until(() => expect(receiver.received).toHaveLength(1));
    const [both] = receiver.received;
    expect(both && [verified(both, first), verified(both, second)]).toEqual([1, 1]);
    await getSql()`UPDATE webhook_endpoints SET old_secret_until = now() WHERE id = ${webhookId}`;
    await makeTask(userId);
    await until(() => expect(receiver.received).toHaveLength(2));
    const one = receiver.received[1];
    expect(one && [verified(one, first), verified(one, second)]).toEqual([0, 1]);
    expect((await getEndpoint(userId, { webhookId })).oldSecretUntil).toBeNull();
  });

  test("whose secret another key encrypted gets nothing unsigned; the log says what to do", async () => {
    const receiver = await makeReceiver();
    const { userId, webhookId, log } = await listen(receiver);
    const key = getEnv().WEBHOOK_SECRET_KEY;
    try {
      getEnv().WEBHOOK_SECRET_KEY = "another key";
      startDeliverer({ retrySeconds: () => 0.3 });
      await makeTask(userId);
      await until(async () => expect(await log()).toMatchObject([{ error: expect.stringContaining("rotate") }]));
      expect(receiver.received).toEqual([]);
      // Also the grace time's secret cannot be read.
      await rotateSecret(userId, { webhookId });
      await getSql()`UPDATE webhook_endpoints SET old_secret_until = now() WHERE id = ${webhookId}`;
      await until(async () => expect(await log()).toMatchObject([{ status: "delivered" }]));
    } finally {
      getEnv().WEBHOOK_SECRET_KEY = key;
    }
  });

  test("that is deleted gets nothing more", async () => {
    const receiver = await makeReceiver();
    const { userId, webhookId } = await listen(receiver);
    await makeTask(userId);
    await removeEndpoint(userId, { webhookId });
    startDeliverer();
    const other = await listen(await makeReceiver());
    await makeTask(other.userId);
    await until(async () => expect(await other.log()).toMatchObject([{ status: "delivered" }]));
    expect(receiver.received).toEqual([]);
  });
});

test("a task's own address is signed for with the account's secret, and keeps its connections to itself", async () => {
  const [hanging, receiver] = [await makeReceiver(() => "hang"), await makeReceiver()];
  const userId = makeUserId();
  await createTasks(
    userId,
    times(10, () => aClientTask({ webhookUrl: hanging.url })),
  );
  startDeliverer();
  const { taskId } = await createTask(userId, aClientTask({ webhookUrl: `${receiver.url}?x=1` }));
  await cancelTask(userId, { taskId });
  await until(() => expect(receiver.received).toHaveLength(2));
  expect(receiver.received.map((one) => one.body.event).sort()).toEqual(["task.cancelled", "task.queued"]);
  for (const one of receiver.received) expect([one.path, verified(one, taskSecret(userId))]).toEqual(["/hook?x=1", 1]);
  expect(hanging.peak()).toBe(PER_RECEIVER);
});

test("an own address that turns out to lead inside is not connected to", async () => {
  const receiver = await makeReceiver();
  const userId = makeUserId();
  await createTask(userId, aClientTask({ webhookUrl: `http://rebind.example.org:${receiver.port}/` }));
  startDeliverer({ resolve: async () => [{ address: "::1", family: 6 }], retrySeconds: () => null });
  await until(async () => {
    const rows = await getSql()`SELECT status, error FROM webhook_deliveries WHERE user_id = ${userId}`;
    expect(rows).toMatchObject([{ status: "failed", error: expect.stringContaining("not public") }]);
  });
  expect(receiver.received).toEqual([]);
});

test("a worker that dies in the middle: what it had under way is sent again by another one, soon, and keeps nobody waiting", async () => {
  const receiver = await makeReceiver(() => "hang");
  const { userId, log } = await listen(receiver);
  const { stop } = startDeliverer({ timeoutMs: 60_000 });
  await createTasks(
    userId,
    times(2 * PER_RECEIVER, () => aClientTask()),
  );
  await until(() => expect(receiver.received).toHaveLength(PER_RECEIVER));
  // Nobody else takes them while their worker lives, however long the receiver takes.
  await new Promise((done) => setTimeout(done, 2500));
  const second = startDeliverer();
  await new Promise((done) => setTimeout(done, 300));
  expect(receiver.received).toHaveLength(PER_RECEIVER);
  await second.stop();
  await stop();
  receiver.reply(() => ({ status: 200 }));
  const stoppedAt = Date.now();
  startDeliverer();
  await until(async () =>
    expect((await log()).map((one) => one.status)).toEqual(times(2 * PER_RECEIVER, () => "delivered")),
  );
  expect(Date.now() - stoppedAt).toBeLessThan(2500);
  expect((await log()).map((one) => one.tries).sort()).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
  expect(new Set(receiver.received.map((one) => one.id)).size).toBe(2 * PER_RECEIVER);
}, 30_000);

test("a worker that froze and wakes up: its failure does not count any more once another one is at it", async () => {
  let requests = 0;
  const receiver = await makeReceiver(() =>
    requests++ === 0 ? { status: 500, afterMs: 1800 } : { status: 200, afterMs: 1500 },
  );
  const { userId, log } = await listen(receiver);
  await makeTask(userId);
  // It sends, and is not heard of after that.
  const frozen = new Deliverer({ timeoutMs: 5000, retrySeconds: () => 0 });
  await frozen.round();
  await until(() => expect(receiver.received).toHaveLength(1));
  startDeliverer({ timeoutMs: 5000 });
  await until(async () => expect(await log()).toMatchObject([{ status: "delivered", tries: 2, statusCode: 200 }]));
  await frozen.stop();
  expect(receiver.received).toHaveLength(2);
});

test("a replay sends the same event under the same id, and the log keeps both; a test event goes to its endpoint alone", async () => {
  const receiver = await makeReceiver();
  const { userId, webhookId, log } = await listen(receiver, ["run.failed"]);
  const tested = await testEndpoint(userId, { webhookId });
  expect(tested).toMatchObject({ event: "webhook.test", status: "pending", tries: 0, url: receiver.url });
  startDeliverer();
  await until(async () => expect(await log()).toMatchObject([{ deliveryId: tested.deliveryId, status: "delivered" }]));
  const again = await replayDelivery(userId, { webhookId, deliveryId: tested.deliveryId });
  await until(async () =>
    expect(await log()).toMatchObject([
      { deliveryId: again.deliveryId, status: "delivered" },
      { deliveryId: tested.deliveryId, status: "delivered" },
    ]),
  );
  const [first, second] = receiver.received;
  expect([second?.id, second?.text]).toEqual([first?.id, first?.text]);
  expect(first?.body).toEqual({ event: "webhook.test", webhook_id: webhookId, timestamp: expect.any(String) });
});

test("what is older than a week is purged, and the events that no delivery needs", async () => {
  const { userId, log } = await listen(await makeReceiver());
  const [old, recent] = [await makeTask(userId), await makeTask(userId)];
  const sql = getSql();
  await sql`
    UPDATE webhook_deliveries SET created_at = now() - interval '8 days', status = 'delivered', delivered_at = now() WHERE event_id = ${`evt_${old.taskId}_0`}`;
  await sql`UPDATE webhook_events SET created_at = now() - interval '8 days' WHERE user_id = ${userId}`;
  expect(await purgeWebhooks()).toBe(1);
  expect((await log()).map((one) => one.eventId)).toEqual([`evt_${recent.taskId}_0`]);
  expect(await sql`SELECT id FROM webhook_events WHERE user_id = ${userId}`).toMatchObject([
    { id: `evt_${recent.taskId}_0` },
  ]);
});

test("what waits for an endpoint that is on is never purged, however long nothing was sent; for one that is off it is", async () => {
  const receiver = await makeReceiver();
  const { userId, webhookId } = await listen(receiver);
  await makeTask(userId);
  await getSql()`UPDATE webhook_deliveries SET created_at = now() - interval '8 days'`;
  await getSql()`UPDATE webhook_events SET created_at = now() - interval '8 days'`;
  expect(await purgeWebhooks()).toBe(0);
  startDeliverer();
  await until(() => expect(receiver.received).toHaveLength(1));
  await Promise.all([...running].map((stop) => stop()));
  await makeTask(userId);
  await updateEndpoint(userId, { webhookId, active: false });
  await getSql()`UPDATE webhook_deliveries SET created_at = now() - interval '8 days'`;
  expect(await purgeWebhooks()).toBe(2);
});
