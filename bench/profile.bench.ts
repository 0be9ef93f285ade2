// Where the time of a short program goes: CPU of each process, per program, beside what xargs needs for the same one.
import { spawn } from "node:child_process";
import { createTasks } from "../src/tasks/create";
import { pauseQueue, resumeQueue } from "../src/tasks/queue-control";
import { bench } from "./lib/bench";
import { numberFlag } from "./lib/flags";
import { cpuSeconds, cpuSecondsOfEnded, pidsWith, processBelow } from "./lib/processes";
import { openWorker } from "./lib/programs";
import { type BenchServices, forgetTasks } from "./lib/services";
import { aTask, untilEnded } from "./lib/tasks";

const SLOTS = 10;
const PARTS = ["the program, from its fork to its end", "launcher", "worker", "PostgreSQL"] as const;

/** CPU seconds so far, in the order of PARTS. */
const spent = (worker: number, database: string): number[] => {
  const launcher = processBelow(worker, "perl");
  if (launcher === undefined) throw new Error("The worker has no launcher here: there is nothing to tell apart.");
  const backends = pidsWith(`postgres: `).filter((pid) => pidsWith(database).includes(pid));
  return [
    cpuSecondsOfEnded(launcher),
    cpuSeconds(launcher),
    cpuSeconds(worker),
    backends.reduce((sum, pid) => sum + cpuSeconds(pid), 0),
  ];
};

/** @returns ms of CPU per program, in the order of PARTS */
const withMlqueue = async (services: BenchServices, count: number): Promise<number[]> => {
  await forgetTasks(services);
  await pauseQueue(services.userId, { queue: "default" });
  const worker = await openWorker(services, { QUEUE_WORKER_COUNT: String(SLOTS) });
  await createTasks(
    services.userId,
    Array.from({ length: count }, (_, n) => aTask(n, ["true"])),
  );
  const database = new URL(services.databaseUrl).pathname.slice(1);
  const before = spent(worker.pid, database);
  await resumeQueue(services.userId, { queue: "default" });
  await untilEnded(count);
  const after = spent(worker.pid, database);
  await worker.stop();
  return after.map((seconds, part) => (1000 * (seconds - (before[part] ?? 0))) / count);
};

/** @returns ms of CPU per program, xargs with its forks included */
const withXargs = (count: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const before = cpuSecondsOfEnded("self");
    const child = spawn("sh", ["-c", `seq ${count} | xargs -P ${SLOTS} -I{} true`], { stdio: "ignore" });
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0
        ? resolve((1000 * (cpuSecondsOfEnded("self") - before)) / count)
        : reject(new Error(`xargs ended with code ${code}.`)),
    );
  });

await bench("profile", async (services) => {
  const count = numberFlag("programs", 3000);
  const rounds: { parts: number[]; xargs: number }[] = [];
  for (let round = 0; round < numberFlag("rounds", 3); round++)
    rounds.push({ parts: await withMlqueue(services, count), xargs: await withXargs(count) });
  const limit = { name: "xargs and its programs", runs: rounds.map(({ xargs }) => xargs) };
  const total = rounds.map(({ parts }) => parts.reduce((sum, ms) => sum + ms, 0));
  return [
    { name: "CPU per program, `true`, 10 slots", unit: "ms", runs: total, limit },
    ...PARTS.map((name, part) => ({
      name: `of it: ${name}`,
      unit: "ms" as const,
      runs: rounds.map(({ parts }) => parts[part] ?? 0),
    })),
  ];
});
