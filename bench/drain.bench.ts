// How fast a full queue empties when the programs cost nothing: claim, start, finish, with all that is written down.
import { createTasks } from "../src/tasks/create";
import { bench, inTurn } from "./lib/bench";
import { hasFlag, numberFlag } from "./lib/flags";
import { openNoopWorker } from "./lib/noop-worker";
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

await bench("drain", async (services) => {
  const rounds = numberFlag("rounds", 5);
  const count = numberFlag("tasks", 20_000);
  const peers = hasFlag("peers") ? await installPeers() : null;
  const figures: Figure[] = [];
  for (const slots of [10, 100]) {
    const [runs = [], peerRuns = []] = await inTurn(rounds, [
      () => drain(services, count, slots),
      ...(peers ? [() => (slots === 10 ? peers.bullmqDrain(count, slots) : peers.graphileDrain(count, slots))] : []),
    ]);
    const limit = {
      name: slots === 10 ? "BullMQ, with an append-only file" : "graphile-worker with look-ahead",
      runs: peerRuns,
    };
    figures.push({
      name: `engine drain, no-op, ${slots} slots, no look-ahead`,
      unit: "/s",
      runs,
      ...(peers && { limit, target: { atLeastTimes: 1.2 } }),
    });
  }
  return figures;
});
