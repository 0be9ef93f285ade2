// Half of what this machine can do, for a long time: does anything grow that should not? `npm run bench -- soak --minutes=30`.
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { getSql, openSql } from "../src/platform/db";
import { openRedis } from "../src/platform/redis";
import { createTasks } from "../src/tasks/create";
import { pauseQueue, resumeQueue } from "../src/tasks/queue-control";
import { bench } from "./lib/bench";
import { chartsSvg, type Panel } from "./lib/chart";
import { type Figure, figuresTable, reached } from "./lib/figures";
import { numberFlag } from "./lib/flags";
import { openWeb, openWorker } from "./lib/programs";
import { machine } from "./lib/report";
import { type BenchServices, forgetTasks } from "./lib/services";
import { PROGRAM, type SoakLoad, startLoad } from "./lib/soak-load";
import { flatness, type Sample, STORED, takeSample } from "./lib/soak-samples";
import { percentile } from "./lib/statistics";
import { aTask } from "./lib/tasks";

const SAMPLE_MS = 10_000;
const PAGE_EVERY = 6;
const SLOTS = 10;
/** Tasks that may wait, in seconds of posting, before posting pauses. */
const BEHIND_SECONDS = 5;

const docs = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);

const queued = async (): Promise<number> => {
  const [row] = await getSql()<{ n: number }[]>`SELECT count(*) AS n FROM tasks WHERE outcome IS NULL`;
  return row?.n ?? 0;
};

/** @returns programs per second, from resume to the last end */
const capacity = async (services: BenchServices, count: number): Promise<number> => {
  await pauseQueue(services.userId, { queue: "default" });
  await createTasks(
    services.userId,
    Array.from({ length: count }, (_, n) => aTask(n, PROGRAM)),
  );
  const startedAt = performance.now();
  await resumeQueue(services.userId, { queue: "default" });
  while ((await queued()) > 0) await wait(20);
  return count / ((performance.now() - startedAt) / 1000);
};

const panelsOf = (samples: Sample[]): Panel[] => {
  const line = (name: string, of: (sample: Sample) => number | undefined) => ({
    name,
    points: samples.flatMap((sample): [number, number][] => {
      const value = of(sample);
      return value === undefined ? [] : [[sample.at / 60, value]];
    }),
  });
  const values = (...names: string[]) =>
    names.map((name) => line(name.split(",")[0] ?? name, (sample) => sample.values[name]));
  const perRow = [...STORED].filter((name) => (samples.at(-1)?.tables[name]?.live ?? 0) >= 1000).slice(0, 6);
  const x = "minutes";
  return [
    {
      title: "Resident memory",
      x,
      y: "MB",
      series: values("web server, resident", "worker, resident", "launcher, resident"),
    },
    { title: "Redis, memory used", x, y: "MB", series: values("Redis, used") },
    {
      title: "Open files, connections",
      ...{ x, y: "count" },
      series: [
        ...values("web server, open files", "worker, open files", "launcher, open files"),
        line("PostgreSQL", (sample) => sample.values["connections to PostgreSQL"]),
      ],
    },
    {
      title: "POST /v1/tasks",
      ...{ x, y: "ms" },
      series: [
        line("p50", (sample) => sample.values["POST /v1/tasks, p50"]),
        line("p99", (sample) => sample.values["POST /v1/tasks, p99"]),
      ],
    },
    {
      title: "Tables of what is under way",
      ...{ x, y: "MB" },
      series: values("tables of what is under way"),
    },
    {
      title: "Tables that keep what ended",
      ...{ x, y: "bytes per row, with indexes" },
      series: perRow.map((name) =>
        line(name, ({ tables }) => {
          const table = tables[name];
          return table && table.live >= 1000 ? table.bytes / table.live : undefined;
        }),
      ),
    },
  ];
};

const tablesText = (samples: Sample[]): string => {
  const last = samples.at(-1)?.tables ?? {};
  const mostDead = (name: string) => Math.max(...samples.map(({ tables }) => tables[name]?.dead ?? 0));
  const rows = Object.entries(last)
    .filter(([, { bytes }]) => bytes > 100_000)
    .sort(([, a], [, b]) => b.bytes - a.bytes)
    .map(([name, { bytes, live }]) => `| ${name} | ${(bytes / 1e6).toFixed(1)} | ${live} | ${mostDead(name)} |`);
  return ["| table, at the end | MB | rows | most dead rows |", "| --- | --- | --- | --- |", ...rows].join("\n");
};

const flatOrNot = (figure: Figure): string => ((reached(figure) ?? 1) >= 1 ? "flat" : "**grew**");

/** Written each minute as well, so that a soak that is cut off tells what it saw. */
const writePage = (samples: Sample[], most: number, sent: SoakLoad["sent"], machineText: string): void => {
  const { posts, heldBack, runs, refused } = sent;
  const minutes = Math.round((samples.at(-1)?.at ?? 0) / 60);
  const figures = flatness(samples);
  mkdirSync(docs("."), { recursive: true });
  writeFileSync(docs("soak.svg"), chartsSvg("A soak: memory, files, tables and latency over time", panelsOf(samples)));
  writeFileSync(
    docs("soak.md"),
    `# A soak of ${minutes} minutes

Made by \`npm run bench -- soak --minutes=${minutes}\` on ${new Date().toISOString().slice(0, 10)}. ${machineText}.

The worker's ${SLOTS} slots drained ${most.toFixed(0)} short programs a second; half of that was posted, one by one: ${posts.toLocaleString("en-US")} tasks${heldBack > 0 ? `, and ${heldBack.toLocaleString("en-US")} held back while too many waited` : ""}.
Beside them three drivers ran ${runs.toLocaleString("en-US")} runs with heartbeats, metrics and logs, and 20 pages were open, each for a minute. Looked at each 10 s. ${refused === 0 ? "No request was refused" : `${refused.toLocaleString("en-US")} requests were refused with 503 and sent again`}.

![Over time](soak.svg)

Flat is what has in its last fifth at most 1.1 times the median of its second one, or no more than noise beyond it.

${figuresTable(figures, { limit: "earlier", met: "", say: flatOrNot })}

${tablesText(samples)}
`,
  );
};

await bench("soak", async (services) => {
  const minutes = numberFlag("minutes", 30);
  const web = await openWeb(services);
  const worker = await openWorker(services, { QUEUE_WORKER_COUNT: String(SLOTS) });
  await capacity(services, 200);
  const most = await capacity(services, numberFlag("programs", 2000));
  await forgetTasks(services);
  const sql = openSql(services.databaseUrl, { max: 1, name: "soak" });
  const redis = openRedis(services.redisUrl, { timeoutMs: 5000 });
  const machineText = Object.entries(await machine())
    .map(([name, value]) => `${name} ${value}`)
    .join(" · ");
  let waiting = 0;
  const postsPerSecond = most / 2;
  const isBehind = () => waiting > postsPerSecond * BEHIND_SECONDS;
  const startedAt = performance.now();
  const load = startLoad(web.address, services, { postsPerSecond, isBehind });
  const samples: Sample[] = [];
  try {
    while (performance.now() - startedAt < minutes * 60_000) {
      const nextAt = startedAt + (samples.length + 1) * SAMPLE_MS;
      while (performance.now() < nextAt) {
        await wait(Math.min(1000, Math.max(0, nextAt - performance.now())));
        waiting = await queued();
      }
      const posts = load.takePosts();
      const took = posts.length === 0 ? null : { p50: percentile(posts, 0.5), p99: percentile(posts, 0.99) };
      const at = (performance.now() - startedAt) / 1000;
      samples.push(await takeSample(at, { sql, redis, web: web.pid, worker: worker.pid }, took));
      if (samples.length % PAGE_EVERY === 0) writePage(samples, most, load.sent, machineText);
    }
  } finally {
    await load.stop();
    redis.disconnect();
    await sql.end({ timeout: 2 });
  }
  writePage(samples, most, load.sent, machineText);
  return flatness(samples);
});
