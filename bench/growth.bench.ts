// How cost grows: with queued tasks, with workers, with accounts. Each point beside the smallest one of the same run.
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { getSql } from "../src/platform/db";
import { claimTasks, newClaimToken } from "../src/tasks/claim";
import { createTasks } from "../src/tasks/create";
import { pauseQueue, resumeQueue } from "../src/tasks/queue-control";
import { bench } from "./lib/bench";
import { chartsSvg, type Panel } from "./lib/chart";
import { numberFlag } from "./lib/flags";
import { ask } from "./lib/load";
import { registerBenchWorker } from "./lib/noop-worker";
import { openWeb, openWorker } from "./lib/programs";
import { type Figure, machine, type Target } from "./lib/report";
import { addAccount, type BenchServices, forgetTasks } from "./lib/services";
import { median } from "./lib/statistics";
import { storeTasks } from "./lib/stored-tasks";
import { aTask, taskBody } from "./lib/tasks";

const docs = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);

/** From 1,000 to 1,000,000 tasks the logarithm doubles; a tenth is noise. */
const LOGARITHMIC: Target = { atMostTimes: 2.2 };
/** Other accounts' keys and workers are no reason to cost more. */
const FLAT: Target = { atMostTimes: 1.5 };
const NOT_LESS: Target = { atLeastTimes: 0.9 };

/** One measure: what each size cost, in rounds. */
type Curve = { name: string; unit: "ms" | "/s"; target: Target; points: Map<number, number[]> };

const WARM_UP = 10;
/** What takes long is known after some calls. */
const LEAST_CALLS = 5;
const MOST_MS = 10_000;

/** @returns milliseconds of each call */
const timed = async (calls: number, call: (n: number) => Promise<unknown>): Promise<number[]> => {
  const took: number[] = [];
  const until = performance.now() + MOST_MS;
  for (let n = -WARM_UP; n < calls && (took.length < LEAST_CALLS || performance.now() < until); n++) {
    const startedAt = performance.now();
    await call(n);
    if (n >= 0) took.push(performance.now() - startedAt);
  }
  return took;
};

/** Keeps what was measured under a name and a size. */
const collect = () => {
  const curves = new Map<string, Curve>();
  const keep = (name: string, unit: Curve["unit"], target: Target, size: number, runs: number[]) => {
    const curve = curves.get(name) ?? { name, unit, target, points: new Map() };
    curve.points.set(size, runs);
    curves.set(name, curve);
  };
  return { curves, keep };
};

const withQueued = async (services: BenchServices, web: string, sizes: number[], calls: number) => {
  const { curves, keep } = collect();
  for (const queued of sizes) {
    await forgetTasks(services);
    await storeTasks(services, new Map([[services.userId, { ended: 0, running: 0, queued }]]));
    const worker = await registerBenchWorker(10, "bench-growth");
    const [middle] = await getSql()<{ task_id: string }[]>`
      SELECT task_id FROM ready_tasks WHERE user_id = ${services.userId} ORDER BY place OFFSET ${Math.floor(queued / 2)} LIMIT 1`;
    const get = (path: string) => () => ask(`${web}${path}`, services.apiKey);
    const body = JSON.stringify(taskBody(1));
    for (const [name, call] of [
      ["claim of one", () => claimTasks(worker, worker.totals, 1, newClaimToken())],
      ["POST", () => ask(`${web}/v1/tasks`, services.apiKey, { method: "POST", body })],
      ["list page", get("/v1/tasks?status=queued&limit=50")],
      ["position", get(`/v1/tasks/${middle?.task_id}`)],
      ["queue status", get("/v1/queue/status")],
      ["statistics", get("/v1/statistics/tasks")],
    ] as const)
      keep(name, "ms", LOGARITHMIC, queued, await timed(calls, call));
  }
  return [...curves.values()];
};

const untilEnded = async (): Promise<void> => {
  for (;;) {
    const [row] = await getSql()<{ n: number }[]>`SELECT count(*) AS n FROM tasks WHERE outcome IS NULL`;
    if (row?.n === 0) return;
    await wait(20);
  }
};

const withWorkers = async (services: BenchServices, counts: number[], programs: number, rounds: number) => {
  const { curves, keep } = collect();
  for (const count of counts) {
    await forgetTasks(services);
    const workers = [];
    for (let n = 0; n < count; n++) workers.push(await openWorker(services, { QUEUE_WORKER_COUNT: "4" }));
    const runs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await pauseQueue(services.userId, { queue: "default" });
      await createTasks(
        services.userId,
        Array.from({ length: programs }, (_, n) => aTask(n, ["true"])),
      );
      const startedAt = performance.now();
      await resumeQueue(services.userId, { queue: "default" });
      await untilEnded();
      runs.push(programs / ((performance.now() - startedAt) / 1000));
    }
    keep("programs, `true`, 4 slots each", "/s", NOT_LESS, count, runs);
    for (const worker of workers) await worker.stop();
  }
  return [...curves.values()];
};

const withAccounts = async (services: BenchServices, web: string, counts: number[], queued: number, calls: number) => {
  const { curves, keep } = collect();
  for (const count of counts) {
    await forgetTasks(services);
    const accounts: Awaited<ReturnType<typeof addAccount>>[] = [];
    for (let n = 0; n < count; n++) accounts.push(await addAccount(`${count}-${n}`));
    const shape = { ended: 0, running: 0, queued: Math.ceil(queued / count) };
    await storeTasks(services, new Map(accounts.map(({ userId }) => [userId, shape])));
    const worker = await registerBenchWorker(10, "bench-growth");
    const claim = () => claimTasks(worker, worker.totals, 1, newClaimToken());
    keep("claim of one, 10,000 queued", "ms", FLAT, count, await timed(calls, claim));
    const body = JSON.stringify(taskBody(1));
    const post = (n: number) => {
      const key = accounts[Math.abs(n) % count]?.apiKey ?? "";
      return ask(`${web}/v1/tasks`, key, { method: "POST", body });
    };
    // Each key is looked up once before: a server that runs knows the keys that are in use.
    for (let n = 0; n < count; n++) await post(n);
    keep("POST, 10,000 queued", "ms", FLAT, count, await timed(calls, post));
  }
  return [...curves.values()];
};

const figuresOf = (curves: Curve[], of: string): Figure[] =>
  curves.flatMap(({ name, unit, target, points }) => {
    const [[smallest, least] = [0, []]] = points;
    return [...points].slice(1).map(
      ([size, runs], index, all): Figure => ({
        name: `${name}, ${size.toLocaleString("en-US")} ${of}`,
        ...{ unit, runs, limit: { name: `with ${smallest.toLocaleString("en-US")}`, runs: least } },
        ...(index === all.length - 1 && { target }),
      }),
    );
  });

const panelOf = (title: string, x: string, y: string, curves: Curve[]): Panel => ({
  ...{ title, x, y, isLog: true },
  series: curves.map(({ name, points }) => ({
    name: name.replaceAll("`", ""),
    points: [...points].map(([size, runs]): [number, number] => [size, median(runs)]),
  })),
});

const tableOf = (curves: Curve[], of: string): string => {
  const sizes = [...(curves[0]?.points.keys() ?? [])];
  const cells = (values: string[]) => `| ${values.join(" | ")} |`;
  const amount = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
  return [
    cells([of, ...sizes.map((size) => size.toLocaleString("en-US")), "last / first", "aim"]),
    cells([...sizes.map(() => "---"), "---", "---", "---"]),
    ...curves.map(({ name, unit, points, target }) => {
      const values = [...points.values()].map(median);
      const ratio = (values.at(-1) ?? 0) / (values[0] ?? 1);
      const aim =
        "atMostTimes" in target
          ? `≤ ${target.atMostTimes}`
          : "atLeastTimes" in target
            ? `≥ ${target.atLeastTimes}`
            : "";
      const perUnit = unit === "ms" ? ", ms" : ", a second";
      return cells([`${name}${perUnit}`, ...values.map(amount), ratio.toFixed(2), aim]);
    }),
  ].join("\n");
};

await bench("growth", async (services) => {
  const calls = numberFlag("calls", 60);
  const most = numberFlag("tasks", 1_000_000);
  const sizes = [1000, 10_000, 100_000, 1_000_000].filter((size) => size <= most);
  const workers = await withWorkers(services, [1, 2, 4, 8], numberFlag("programs", 600), numberFlag("rounds", 3));
  const web = await openWeb(services);
  const accounts = await withAccounts(services, web.address, [1, 10, 100], Math.min(most, 10_000), calls);
  const queued = await withQueued(services, web.address, sizes, calls);

  mkdirSync(docs("."), { recursive: true });
  writeFileSync(
    docs("growth.svg"),
    chartsSvg("How cost grows with queued tasks, accounts and workers", [
      panelOf("With queued tasks", "queued tasks", "ms, median", queued),
      panelOf("With accounts", "accounts", "ms, median", accounts),
      panelOf("With workers on this machine", "workers", "programs a second", workers),
    ]),
  );
  const facts = Object.entries(await machine()).map(([name, value]) => `${name} ${value}`);
  writeFileSync(
    docs("growth.md"),
    `# How cost grows

Made by \`npm run bench -- growth\` on ${new Date().toISOString().slice(0, 10)}. ${facts.join(" · ")}. Medians of ${calls} calls, one after the other;
what measures runs on the same machine, whose load was ${loadavg()[1]?.toFixed(0)} at the end. Read the ratios: each point stands beside the smallest one of the same run.

![How cost grows](growth.svg)

From 1,000 to 1,000,000 queued tasks of one account the logarithm doubles, so what follows it at most doubles, too.

${tableOf(queued, "queued tasks")}

The statistics read every task of their period (here all of them), so they grow with it.

The same queue of 10,000 tasks, shared out among accounts:

${tableOf(accounts, "accounts")}

Workers beside each other on the same processors; more of them cannot start more programs than these do, but must not start fewer:

${tableOf(workers, "workers")}
`,
  );
  return [...figuresOf(queued, "queued tasks"), ...figuresOf(accounts, "accounts"), ...figuresOf(workers, "workers")];
});
