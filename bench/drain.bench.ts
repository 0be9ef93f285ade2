// How fast a full queue empties when the programs cost nothing: claim, start, finish, with all that is written down.
import { createTasks } from "../src/tasks/create";
import { numberFlag } from "./lib/flags";
import { openNoopWorker } from "./lib/noop-worker";
import { type Figure, keepFigures } from "./lib/report";
import { type BenchServices, forgetTasks, keepFolding, openServices } from "./lib/services";
import { aTask } from "./lib/tasks";

const rounds = numberFlag("rounds", 5);
const tasks = numberFlag("tasks", 10_000);

const fill = async (userId: string): Promise<void> => {
  const all = Array.from({ length: tasks }, (_, n) => aTask(n, ["true"]));
  for (let at = 0; at < tasks; at += 2000) await createTasks(userId, all.slice(at, at + 2000));
};

/** @returns tasks per second from the first claim to the last committed end */
const drain = async (services: BenchServices, slots: number): Promise<number> => {
  await forgetTasks(services);
  await fill(services.userId);
  let ended = 0;
  let allEnded = () => {};
  const end = new Promise<void>((resolve) => {
    allEnded = resolve;
  });
  const worker = await openNoopWorker(
    slots,
    () => {},
    () => {
      if (++ended === tasks) allEnded();
    },
  );
  const startedAt = performance.now();
  worker.start();
  await end;
  const seconds = (performance.now() - startedAt) / 1000;
  await worker.stop();
  return tasks / seconds;
};

const services = await openServices("drain");
const stopFolding = keepFolding();
const figures: Figure[] = [];
for (const slots of [10, 100]) {
  const runs: number[] = [];
  for (let round = 0; round < rounds; round++) runs.push(await drain(services, slots));
  figures.push({ name: `engine drain, no-op, ${slots} slots`, unit: "/s", runs });
}
await keepFigures("drain", figures);
await stopFolding();
await services.close();
