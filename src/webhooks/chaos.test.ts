// A receiver that fails and hangs, and workers that die: every event arrives, signed, under one id, and a healthy endpoint
// beside it notices nothing. The long form, with real workers that are killed:
// `MLQUEUE_SOAK_EVENTS=10000 MLQUEUE_SOAK_KILLS=20 npm test -- src/webhooks/chaos`
import { afterAll, expect, test, vi } from "vitest";
import { getSql } from "../platform/db";
import { createTasks } from "../tasks/create";
import { aClientTask, makeUserId, times } from "../testing/engine";
import { type Receiver, type Reply, useReceivers, verified } from "../testing/receiver";
import { useTestServices } from "../testing/services";
import { useWorkers } from "../testing/worker-process";
import { Deliverer } from "./deliver";
import { createEndpoint } from "./endpoints";

const isLong = process.env.MLQUEUE_SOAK_EVENTS !== undefined;
const EVENTS = Number(process.env.MLQUEUE_SOAK_EVENTS ?? 500);
const KILLS = Number(process.env.MLQUEUE_SOAK_KILLS ?? 5);
const PER_SECOND = 60;
const LAST_ARRIVES_MS = isLong ? EVENTS * 100 : 20_000;

useTestServices({
  WEBHOOK_ALLOW_CIDRS: "127.0.0.1",
  WEBHOOK_TIMEOUT_SECONDS: "1",
  WEBHOOK_RETRY_COUNT: "20",
  QUEUE_MAX_SIZE: "1000000",
});
const makeReceiver = useReceivers();
const workers = useWorkers();

type Sender = { kill: () => Promise<void> };

/** A worker's deliveries in this process. When it stops it gives nothing back, as one that was killed. */
const startDeliverer = (): Sender => {
  const deliverer = new Deliverer({ timeoutMs: 300, retrySeconds: () => 0.1 + 0.1 * Math.random() });
  const timer = setInterval(() => deliverer.round().catch((error) => expect(error).toBeNull()), 100);
  return {
    kill: async () => {
      clearInterval(timer);
      await deliverer.stop();
    },
  };
};
const startSender = (): Promise<Sender> | Sender => (isLong ? workers.start() : startDeliverer());

const senders: Sender[] = [];
afterAll(async () => {
  await Promise.all(senders.map((sender) => sender.kill()));
});

const badReply = (): Reply => {
  const dice = Math.random();
  return dice < 0.05 ? "hang" : { status: dice < 0.35 ? 500 : 200 };
};

/** By id, when each event was first answered well, and all that came under it. */
const checkAll = async (receiver: Receiver, secret: string, userId: string): Promise<void> => {
  const events = await getSql()<
    { id: string; body: string }[]
  >`SELECT id, body FROM webhook_events WHERE user_id = ${userId}`;
  expect(events).toHaveLength(EVENTS);
  const bodies = new Map(events.map((event) => [event.id, event.body]));
  for (const one of receiver.received) {
    expect(one.text).toBe(bodies.get(one.id));
    expect(verified(one, secret)).toBe(1);
  }
  expect(new Set(receiver.received.map((one) => one.id)).size).toBe(EVENTS);
};

test(
  `${EVENTS} events against a receiver that fails and hangs, with ${KILLS} kills`,
  async () => {
    const [bad, healthy] = [await makeReceiver(badReply), await makeReceiver()];
    const userId = makeUserId();
    const secretOfBad = (await createEndpoint(userId, { url: bad.url, active: true })).secret;
    const secretOfHealthy = (await createEndpoint(userId, { url: healthy.url, active: true })).secret;
    senders.push(await startSender(), await startSender());

    let made = 0;
    const makeEvents = async () => {
      for (; made < EVENTS; made += 10) {
        await createTasks(
          userId,
          times(Math.min(10, EVENTS - made), () => aClientTask()),
        );
        await new Promise((done) => setTimeout(done, 10_000 / PER_SECOND));
      }
    };
    const killWorkers = async () => {
      for (const nth of times(KILLS, (n) => n + 1)) {
        await vi.waitFor(() => expect(made).toBeGreaterThanOrEqual((EVENTS * nth) / (KILLS + 1)), {
          timeout: LAST_ARRIVES_MS,
        });
        await senders.shift()?.kill();
        senders.push(await startSender());
      }
    };
    await Promise.all([makeEvents(), killWorkers()]);
    await vi.waitFor(
      async () => {
        const [row] = await getSql()<{ left: number }[]>`
        SELECT count(*) AS left FROM webhook_deliveries WHERE user_id = ${userId} AND status <> 'delivered'`;
        expect(row?.left).toBe(0);
      },
      { timeout: LAST_ARRIVES_MS, interval: 100 },
    );

    await checkAll(bad, secretOfBad, userId);
    await checkAll(healthy, secretOfHealthy, userId);
    const firstAt = new Map<string, number>();
    for (const { id, at, body } of healthy.received)
      if (!firstAt.has(id)) firstAt.set(id, at - Date.parse(String(body.timestamp)));
    const delays = [...firstAt.values()].sort((a, b) => a - b);
    const quantile = (q: number) => delays[Math.floor(delays.length * q)] ?? Number.POSITIVE_INFINITY;
    if (isLong)
      console.info({
        events: EVENTS,
        kills: KILLS,
        receivedByBad: bad.received.length,
        receivedByHealthy: healthy.received.length,
        p50: quantile(0.5),
        p99: quantile(0.99),
      });
    expect(quantile(0.5)).toBeLessThan(500);
    expect(quantile(0.99)).toBeLessThan(2000);
  },
  60_000 + LAST_ARRIVES_MS * 3,
);
