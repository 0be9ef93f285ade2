// Real child processes per second, with logs, attempts and everything else on, against `xargs -P`.
import { execFileSync, spawn } from "node:child_process";
import path from "node:path";
import { createTasks } from "../src/tasks/create";
import { pauseQueue, resumeQueue } from "../src/tasks/queue-control";
import { bench, inTurn } from "./lib/bench";
import { findCelery } from "./lib/celery";
import { numberFlag } from "./lib/flags";
import { openWorker } from "./lib/programs";
import type { Figure } from "./lib/report";
import { type BenchServices, forgetTasks } from "./lib/services";
import { aTask, untilEnded } from "./lib/tasks";

/** Python itself: `python3` may be a script that looks for the version to run. */
const python = (): string =>
  execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();

type Program = { command: string[]; slots: number; count: number; target: Figure["target"] };

/** The same programs, started by xargs. @returns programs per second */
const withXargs = ({ command, slots, count }: Program): Promise<number> =>
  new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const line = `seq ${count} | xargs -P ${slots} -I{} ${command.map((part) => `'${part}'`).join(" ")}`;
    const child = spawn("sh", ["-c", line], { stdio: "ignore" });
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0
        ? resolve(count / ((performance.now() - startedAt) / 1000))
        : reject(new Error(`xargs ended with code ${code}.`)),
    );
  });

/** Queued while the queue is paused, run by a worker process. @returns tasks per second from resume to the last recorded end */
const withMlqueue = async (services: BenchServices, { command, slots, count }: Program): Promise<number> => {
  await forgetTasks(services);
  await pauseQueue(services.userId, { queue: "default" });
  const worker = await openWorker(services, { QUEUE_WORKER_COUNT: String(slots) });
  await createTasks(
    services.userId,
    Array.from({ length: count }, (_, n) => aTask(n, command)),
  );
  const startedAt = performance.now();
  await resumeQueue(services.userId, { queue: "default" });
  await untilEnded(count);
  const seconds = (performance.now() - startedAt) / 1000;
  await worker.stop();
  return count / seconds;
};

await bench("programs", async (services) => {
  const rounds = numberFlag("rounds", 5);
  const programs: Program[] = [
    { command: ["true"], slots: 10, count: numberFlag("programs", 1000), target: undefined },
    {
      command: [python(), "-c", "pass"],
      slots: 2,
      count: numberFlag("programs", 300),
      target: { atLeastTimes: 0.95 },
    },
  ];
  const figures: Figure[] = [];
  const celery = findCelery(services);
  for (const program of programs) {
    const { command, slots, count, target } = program;
    const peer = command[0] === "true" ? celery : null;
    const [runs = [], limitRuns = [], peerRuns = []] = await inTurn(rounds, [
      () => withMlqueue(services, program),
      () => withXargs(program),
      ...(peer ? [() => peer.programs(command, slots, count)] : []),
    ]);
    const name = `programs, \`${[path.basename(command[0] ?? ""), ...command.slice(1)].join(" ")}\`, ${slots} slots`;
    const limit = { name: `xargs -P ${slots}`, runs: limitRuns };
    figures.push({
      ...{ name, unit: "/s", runs, limit, ...(target && { target }) },
      explained:
        "between the end of a program and the next one's start in its slot lie the proof of its death, a claim that is committed to disk, and a fork into a cgroup",
    });
    const beside = { name: "Celery, prefork, with `subprocess.run`", runs: peerRuns };
    if (peer)
      figures.push({
        ...{ name, unit: "/s", runs, limit: beside, target: { atLeastTimes: 1.5 } },
        explained: "both processors are busy; `npm run bench -- profile` tells with what",
      });
  }
  return figures;
});
