// V2: claims and ends over HTTP with 1, 10 and 50 drivers, idle drivers' heartbeats, metric points, a long unit's pages, a big sweep's preview.
import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "../src/driver/client";
import { getSql } from "../src/platform/db";
import { createGroup } from "../src/runs/groups";
import { createUnit } from "../src/runs/units";
import { bench, inTurn } from "./lib/bench";
import { numberFlag } from "./lib/flags";
import { ask } from "./lib/load";
import { cpuSeconds } from "./lib/processes";
import { openWeb } from "./lib/programs";
import type { Figure } from "./lib/report";
import type { BenchServices } from "./lib/services";
import { percentile } from "./lib/statistics";

const newUnit = async ({ userId }: BenchServices, name: string, runs: number): Promise<string> => {
  const group = await createGroup(userId, { name: "bench", metadata: {} });
  const unit = await createUnit(userId, {
    ...{ groupId: group.groupId, name, config: {}, metadata: {}, stallTimeoutSeconds: null },
  });
  await getSql()`
    INSERT INTO runs (id, unit_id, user_id, place, name, parameters)
    SELECT 'run_' || ${name} || n, ${unit.unitId}, ${userId}, n, 'lr ' || n, jsonb_build_object('lr', n * 0.001, 'epochs', 10) FROM generate_series(1, ${runs}::int) n`;
  return unit.unitId;
};

const DRIVERS_BESIDE = "the drivers run on the same processors; beside it, two calls that only ask for an account";

await bench("runs", async (services) => {
  const rounds = numberFlag("rounds", 3);
  const count = numberFlag("runs", 2000);
  const web = await openWeb(services);
  const client = createClient({ url: web.address, apiKey: services.apiKey });
  let units = 0;

  /** @returns claimed and completed runs per second */
  const work = async (drivers: number): Promise<number> => {
    const unitId = await newUnit(services, `work${units++}_`, count);
    let done = 0;
    const drive = async (): Promise<void> => {
      for (;;) {
        const { run } = await client.units.claim.mutate({ unitId });
        if (!run) return;
        await client.runs.complete.mutate({ runId: run.runId, attempt: run.attempt, result: { accuracy: 0.9 } });
        done++;
      }
    };
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: drivers }, drive));
    if (done !== count) throw new Error(`${done} of ${count} runs were claimed.`);
    return count / ((performance.now() - startedAt) / 1000);
  };

  /** @returns pairs of calls per second that ask for nothing: what the wire lets through, both ends on this machine */
  const askForNothing = async (callers: number): Promise<number> => {
    let left = count;
    const call = async (): Promise<void> => {
      while (left-- > 0) {
        await client.accounts.me.query();
        await client.accounts.me.query();
      }
    };
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: callers }, call));
    return count / ((performance.now() - startedAt) / 1000);
  };

  const figures: Figure[] = [];
  for (const drivers of [1, 10, 50]) {
    const [runs = [], bare = []] = await inTurn(rounds, [() => work(drivers), () => askForNothing(drivers)]);
    const one = {
      name: `claim and complete by the driver's client, ${drivers} drivers of one unit`,
      unit: "/s" as const,
      runs,
      limit: { name: "two calls of `accounts.me`, as many callers", runs: bare },
    };
    figures.push(drivers === 10 ? { ...one, target: { atLeast: 1000 }, explained: DRIVERS_BESIDE } : one);
  }

  // 1,000 drivers that each beat every 5 s are 200 heartbeats a second.
  const idle = await Promise.all(Array.from({ length: 1000 }, () => newUnit(services, `idle${units++}_`, 0)));
  const beat = async (): Promise<number> => {
    const seconds = numberFlag("seconds", 5);
    const cpuBefore = cpuSeconds(web.pid);
    const startedAt = performance.now();
    const calls: Promise<unknown>[] = [];
    for (let n = 0; n < seconds * 200; n++) {
      await wait(Math.max(0, startedAt + n * 5 - performance.now()));
      calls.push(
        client.units.heartbeat.mutate({ unitId: idle[n % idle.length] ?? "", driverId: "bench", running: [] }),
      );
    }
    await Promise.all(calls);
    return (100 * (cpuSeconds(web.pid) - cpuBefore)) / ((performance.now() - startedAt) / 1000);
  };
  const [beats = []] = await inTurn(rounds, [beat]);
  figures.push({
    name: "web server's CPU for 200 heartbeats a second",
    unit: "%",
    runs: beats,
    target: { atMost: 15 },
  });

  const total = numberFlag("points", 1_000_000);
  const metricUnit = await newUnit(services, `metrics${units++}_`, rounds);
  const ingest = async (): Promise<number> => {
    const { run } = await client.units.claim.mutate({ unitId: metricUnit });
    const runId = run?.runId ?? "";
    const batches = Math.ceil(total / 1000);
    const startedAt = performance.now();
    let next = 0;
    const send = async (): Promise<void> => {
      for (let n = next++; n < batches; n = next++) {
        const points = Array.from({ length: 1000 }, (_, at) => ({
          key: "loss",
          step: n * 1000 + at,
          value: 1 / (n + at + 1),
        }));
        await ask(`${web.address}/v2/queues/${runId}/metrics`, services.apiKey, {
          method: "POST",
          body: JSON.stringify({ points }),
        });
      }
    };
    await Promise.all([send(), send()]);
    return (batches * 1000) / ((performance.now() - startedAt) / 1000);
  };
  const [points = []] = await inTurn(rounds, [ingest]);
  figures.push({
    name: "metric points stored, 1,000 a call, 2 senders",
    unit: "/s",
    runs: points,
    target: { atLeast: 100_000 },
  });

  const p95 = async (call: () => Promise<unknown>): Promise<number> => {
    const took: number[] = [];
    for (let n = 0; n < 25; n++) {
      const startedAt = performance.now();
      await call();
      if (n >= 5) took.push(performance.now() - startedAt);
    }
    return percentile(took, 0.95);
  };
  const [firstRun] = await getSql()<
    { id: string }[]
  >`SELECT id FROM runs WHERE unit_id = ${metricUnit} ORDER BY place LIMIT 1`;
  const longUnit = await newUnit(services, `long${units++}_`, 10_000);
  const previewUnit = await newUnit(services, `preview${units++}_`, 0);
  const many = { kind: "logRange" as const, from: 0.0001, to: 1, count: 100 };
  for (const [name, target, call] of [
    [
      "a chart of 1,000 points out of 1,000,000",
      50,
      () => client.runs.metrics.query({ runId: firstRun?.id ?? "", key: "loss", maxPoints: 1000 }),
    ],
    ["a unit of 10,000 runs: its state", 20, () => client.units.get.query({ unitId: longUnit })],
    [
      "a sweep preview of 10,000 rows",
      undefined,
      () => client.sweeps.preview.mutate({ unitId: previewUnit, recipe: { parameters: { lr: many, seed: many } } }),
    ],
    ["a unit of 10,000 runs: its first 100", 20, () => client.runs.list.query({ unitId: longUnit, limit: 100 })],
  ] as const) {
    const [runs = []] = await inTurn(rounds, [() => p95(call)]);
    figures.push({ name: `${name}, p95`, unit: "ms", runs, ...(target && { target: { atMost: target } }) });
  }
  return figures;
});
