// What is looked at during a soak, and whether it stayed flat.

import type Redis from "ioredis";
import type postgres from "postgres";
import { openFiles, processBelow } from "./processes";
import { residentMb } from "./programs";
import type { Figure } from "./report";
import { median } from "./statistics";

export type TableSample = { bytes: number; live: number; dead: number };
export type Sample = { at: number; values: Record<string, number>; tables: Record<string, TableSample> };

/** What a task or a run leaves rows in: they grow by right, so their bytes are told per row. All others hold what is under way. */
export const STORED = new Set([
  ...["tasks", "task_attempts", "log_chunks", "metric_points", "metric_rollups", "runs", "run_checkpoints", "activity"],
  ...["webhook_events", "webhook_deliveries", "run_estimates"],
]);

/** A tenth more is noise, and so is this much of anything. */
const GROWTH = 1.1;

type Measure = { name: string; unit: Figure["unit"]; slack: number };
const MEASURES: Measure[] = [
  { name: "web server, resident", unit: "MB", slack: 2 },
  { name: "worker, resident", unit: "MB", slack: 2 },
  { name: "launcher, resident", unit: "MB", slack: 1 },
  { name: "Redis, used", unit: "MB", slack: 0.5 },
  { name: "web server, open files", unit: "", slack: 3 },
  { name: "worker, open files", unit: "", slack: 3 },
  { name: "launcher, open files", unit: "", slack: 3 },
  { name: "connections to PostgreSQL", unit: "", slack: 2 },
  { name: "POST /v1/tasks, p50", unit: "ms", slack: 1 },
  { name: "POST /v1/tasks, p99", unit: "ms", slack: 10 },
  { name: "tables of what is under way", unit: "MB", slack: 0.5 },
];

const tablesOf = async (sql: postgres.Sql): Promise<Record<string, TableSample>> => {
  const rows = await sql<{ name: string; bytes: string; live: string; dead: string }[]>`
    SELECT relname AS name, pg_total_relation_size(relid) AS bytes, n_live_tup AS live, n_dead_tup AS dead FROM pg_stat_user_tables WHERE schemaname = 'public'`;
  return Object.fromEntries(
    rows.map(({ name, bytes, live, dead }) => [name, { bytes: Number(bytes), live: Number(live), dead: Number(dead) }]),
  );
};

/** @param posts milliseconds of each POST since the last sample */
export const takeSample = async (
  at: number,
  { sql, redis, web, worker }: { sql: postgres.Sql; redis: Redis; web: number; worker: number },
  posts: { p50: number; p99: number } | null,
): Promise<Sample> => {
  const tables = await tablesOf(sql);
  const [connections] = await sql<{ n: number }[]>`
    SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'`;
  const launcher = processBelow(worker, "perl");
  const underWay = Object.entries(tables).filter(([name]) => !STORED.has(name));
  const values: Record<string, number> = {
    "web server, resident": residentMb(web),
    "worker, resident": residentMb(worker),
    "Redis, used": Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]) / 1e6,
    "web server, open files": openFiles(web),
    "worker, open files": openFiles(worker),
    "connections to PostgreSQL": connections?.n ?? 0,
    "tables of what is under way": underWay.reduce((sum, [, table]) => sum + table.bytes, 0) / 1e6,
    ...(launcher !== undefined && {
      "launcher, resident": residentMb(launcher),
      "launcher, open files": openFiles(launcher),
    }),
    ...(posts && { "POST /v1/tasks, p50": posts.p50, "POST /v1/tasks, p99": posts.p99 }),
  };
  return { at, values, tables };
};

/** The n-th fifth of the samples, from 0. */
const fifth = <T>(list: T[], n: number): T[] =>
  list.slice(Math.floor((list.length * n) / 5), Math.floor((list.length * (n + 1)) / 5));

const grewIn = (samples: Sample[], of: (sample: Sample) => number | undefined) => {
  const values = samples.map(of).filter((value): value is number => value !== undefined);
  return { early: fifth(values, 1), late: fifth(values, 4) };
};

/** Bytes a row of a table that keeps what ended; none while it has few. */
const bytesPerRow = (table: TableSample | undefined): number | undefined =>
  table && table.live >= 1000 ? table.bytes / table.live : undefined;

/**
 * Flat: the median of the last fifth is at most 1.1 x that of the second one, or no more than noise above it. The first fifth is left to
 * fill caches and pools.
 */
export const flatness = (samples: Sample[]): Figure[] => {
  const figureOf = (name: string, unit: Figure["unit"], slack: number, of: (sample: Sample) => number | undefined) => {
    const { early, late } = grewIn(samples, of);
    if (early.length === 0 || late.length === 0) return [];
    const isSmall = median(early) * (GROWTH - 1) < slack;
    const target = isSmall ? { atMostBeyond: slack } : { atMostTimes: GROWTH };
    return [{ name, unit, runs: late, limit: { name: "in the second fifth", runs: early }, target } satisfies Figure];
  };
  const names = Object.keys(samples.at(-1)?.tables ?? {}).sort();
  return [
    ...MEASURES.flatMap(({ name, unit, slack }) => figureOf(name, unit, slack, (sample) => sample.values[name])),
    ...names
      .filter((name) => STORED.has(name))
      .flatMap((name) => figureOf(`bytes per row of ${name}`, "", 1, (sample) => bytesPerRow(sample.tables[name]))),
  ];
};
