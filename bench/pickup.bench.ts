// How soon a task runs: from the create verb to a waiting executor, and from POST to a real program's first output.
import { spawn } from "node:child_process";
import { createServer, type Server } from "node:net";
import { createTask } from "../src/tasks/create";
import { bench } from "./lib/bench";
import { hasFlag, numberFlag } from "./lib/flags";
import { ask } from "./lib/load";
import { openNoopWorker } from "./lib/noop-worker";
import { installPeers } from "./lib/peers";
import { openWeb, openWorker } from "./lib/programs";
import type { Figure } from "./lib/report";
import { type BenchServices, forgetTasks } from "./lib/services";
import { percentile } from "./lib/statistics";
import { aTask, taskBody } from "./lib/tasks";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Of one round, the wanted share of many single ones, each into an empty queue. */
type Round = { p50: number; p99: number };
const roundOf = async (pings: number, one: () => Promise<number>): Promise<Round> => {
  const took: number[] = [];
  for (let n = 0; n < pings + 5; n++) {
    const ms = await one();
    if (n >= 5) took.push(ms);
    await pause(5);
  }
  return { p50: percentile(took, 0.5), p99: percentile(took, 0.99) };
};

const roundsOf = async (rounds: number, run: () => Promise<Round>): Promise<{ p50: number[]; p99: number[] }> => {
  const all: Round[] = [];
  for (let n = 0; n < rounds; n++) all.push(await run());
  return { p50: all.map((one) => one.p50), p99: all.map((one) => one.p99) };
};

const toExecutor = async ({ userId }: BenchServices, pings: number): Promise<Round> => {
  let started = () => {};
  const worker = await openNoopWorker(
    10,
    () => started(),
    () => {},
  );
  worker.start();
  const round = await roundOf(pings, async () => {
    const start = new Promise<number>((resolve) => {
      started = () => resolve(performance.now());
    });
    const createdAt = performance.now();
    await createTask(userId, aTask(1, ["true"]));
    return (await start) - createdAt;
  });
  await worker.stop();
  return round;
};

/** Programs say that they run by connecting here: their first output, as seen by a clock that all share. */
const openBell = async (): Promise<{ port: number; rung: () => Promise<number>; server: Server }> => {
  let ring = (_: number) => {};
  const server = createServer((socket) => {
    ring(performance.now());
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The bell has no port.");
  const rung = () =>
    new Promise<number>((resolve) => {
      ring = resolve;
    });
  return { port: address.port, rung, server };
};

/** A shell's own network redirection: it runs within a few milliseconds. */
const ringing = (port: number): string[] => ["bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`];

await bench("pickup", async (services) => {
  const rounds = numberFlag("rounds", 5);
  const pings = numberFlag("pings", 100);
  const peers = hasFlag("peers") ? await installPeers() : null;
  const figures: Figure[] = [];

  const verb = await roundsOf(rounds, () => toExecutor(services, pings));
  const peer = peers ? await roundsOf(rounds, () => peers.bullmqPickup(pings)) : null;
  const limit = { name: "BullMQ, completed jobs kept, its file synced always", runs: peer?.p50 ?? [] };
  figures.push({
    name: "create verb to executor, p50",
    unit: "ms",
    runs: verb.p50,
    ...(peer && { limit }),
    target: { atMostTimes: 1.3 },
    explained: "two commits to disk lie between, that of the task and that of its claim; there it is one append",
  });
  figures.push({ name: "create verb to executor, p99", unit: "ms", runs: verb.p99 });

  await forgetTasks(services);
  const web = await openWeb(services);
  await openWorker(services, { QUEUE_WORKER_COUNT: "10" });
  const bell = await openBell();
  const { entrypoint: _, ...body } = taskBody(1);
  const posted = JSON.stringify({ ...body, command: ringing(bell.port) });
  const post = async (): Promise<number> => {
    const rung = bell.rung();
    const sentAt = performance.now();
    const answered = ask(`${web.address}/v1/tasks`, services.apiKey, { method: "POST", body: posted });
    const ms = (await rung) - sentAt;
    await answered;
    await pause(20);
    return ms;
  };
  const spawned = async (): Promise<number> => {
    const rung = bell.rung();
    const [file = "", ...args] = ringing(bell.port);
    const startedAt = performance.now();
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    const ended = new Promise((resolve) => child.once("close", resolve));
    const ms = (await rung) - startedAt;
    await ended;
    return ms;
  };
  const ours: Round[] = [];
  const own: Round[] = [];
  for (let n = 0; n < rounds; n++) {
    ours.push(await roundOf(pings, post));
    own.push(await roundOf(pings, spawned));
  }
  bell.server.close();
  for (const share of ["p50", "p99"] as const)
    figures.push({
      name: `POST to the program's first sign, ${share}`,
      unit: "ms",
      runs: ours.map((one) => one[share]),
      limit: { name: "the same program spawned directly", runs: own.map((one) => one[share]) },
      ...(share === "p50" && {
        target: { atMostBeyond: 15 },
        explained: "create to executor, as above, then the answer, a cgroup, a fork and the files of the attempt",
      }),
    });
  return figures;
});
