// How fast a full queue empties when the programs cost nothing: claim, start, finish, with all that is written down.
import { getSql } from "../src/platform/db";
import { claimStatement, newClaimToken } from "../src/tasks/claim";
import { createTasks } from "../src/tasks/create";
import { endStatement } from "../src/tasks/finish";
import { bench, inTurn } from "./lib/bench";
import { hasFlag, numberFlag } from "./lib/flags";
import { openNoopWorker, registerBenchWorker } from "./lib/noop-worker";
import { installPeers } from "./lib/peers";
import type { Figure } from "./lib/report";
import { type BenchServices, forgetTasks } from "./lib/services";
import { aTask } from "./lib/tasks";

const BATCH = 2000;

const fill = async (userId: string, count: number): Promise<void> => {
  for (let from = 0; from < count; from += BATCH) {
    const length = Math.min(BATCH, count - from);
    await createTasks(
      userId,
      Array.from({ length }, (_, n) => aTask(from + n, ["true"])),
    );
  }
};

/** @returns tasks per second from the first claim to the last committed end */
const drain = async (services: BenchServices, count: number, slots: number): Promise<number> => {
  await forgetTasks(services);
  await fill(services.userId, count);
  let ended = 0;
  let allEnded = () => {};
  const end = new Promise<void>((resolve) => {
    allEnded = resolve;
  });
  const worker = await openNoopWorker(
    slots,
    () => {},
    () => {
      if (++ended === count) allEnded();
    },
  );
  const startedAt = performance.now();
  worker.start();
  await end;
  const seconds = (performance.now() - startedAt) / 1000;
  await worker.stop();
  return count / seconds;
};

/**
 * What PostgreSQL alone allows: the engine's own claim and end for as many tasks at a time, an end beside the next claim, with
 * nothing proposed by Redis and no pool. @returns tasks per second
 */
const statementsAlone = async (services: BenchServices, count: number, slots: number): Promise<number> => {
  await forgetTasks(services);
  await fill(services.userId, count);
  const worker = await registerBenchWorker(slots);
  const sql = getSql();
  const rows = await sql<{ id: string }[]>`SELECT id FROM tasks ORDER BY place`;
  const ids = rows.map((row) => row.id);
  let ending: Promise<unknown> = Promise.resolve();
  const startedAt = performance.now();
  for (let from = 0; from < ids.length; from += slots) {
    const claimed = await claimStatement(sql, worker, newClaimToken(), ids.slice(from, from + slots));
    await ending;
    const ends = claimed.map(({ id, attempt }) => ({
      ...{ taskId: id, attempt, outcome: "succeeded" as const, exitCode: 0, signal: null, result: null },
    }));
    ending = endStatement(sql, ends).then(() => {});
  }
  await ending;
  return count / ((performance.now() - startedAt) / 1000);
};

await bench("drain", async (services) => {
  const rounds = numberFlag("rounds", 5);
  const count = numberFlag("tasks", 20_000);
  const peers = hasFlag("peers") ? await installPeers() : null;
  const figures: Figure[] = [];
  for (const slots of [10, 100]) {
    const [runs = [], aloneRuns = [], peerRuns = []] = await inTurn(rounds, [
      () => drain(services, count, slots),
      () => statementsAlone(services, count, slots),
      ...(peers ? [() => (slots === 10 ? peers.bullmqDrain(count, slots) : peers.graphileDrain(count, slots))] : []),
    ]);
    const name = `engine drain, no-op, ${slots} slots, no look-ahead`;
    const alone = { name: "its claim and end statements alone, without Redis and pool", runs: aloneRuns };
    figures.push({ name, unit: "/s", runs, limit: alone });
    const limit = {
      name: slots === 10 ? "BullMQ, with an append-only file" : "graphile-worker with look-ahead",
      runs: peerRuns,
    };
    const explained =
      "claim and end are two commits to disk for each slot's task, and no task is taken before a slot is free: those statements alone are the limit";
    if (peers) figures.push({ name, unit: "/s", runs, limit, target: { atLeastTimes: 1.2 }, explained });
  }
  return figures;
});
