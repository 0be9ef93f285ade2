// What a bench found, beside its limit: printed, kept in results.json, and shown in results.md.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { openRedis } from "../../src/platform/redis";
import { type Figure, figuresTable } from "./figures";
import { targetsTable } from "./targets";

export type { Figure, Target } from "./figures";

export type Kept = Record<string, { measuredAt: string; machine: Record<string, string>; figures: Figure[] }>;

const fileOf = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

const servicesVersions = async (): Promise<Record<string, string>> => {
  const sql = postgres(process.env.DATABASE_URL ?? "", { max: 1 });
  const redis = openRedis(process.env.REDIS_URL ?? "", { timeoutMs: 2000 });
  try {
    const [row] = await sql<{ server_version: string; fsync: string; synchronous_commit: string }[]>`
      SELECT current_setting('server_version') AS server_version, current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit`;
    const redisVersion = /redis_version:(\S+)/.exec(await redis.info("server"))?.[1] ?? "unknown";
    return {
      PostgreSQL: `${row?.server_version} (fsync ${row?.fsync}, synchronous_commit ${row?.synchronous_commit})`,
      Redis: redisVersion,
    };
  } finally {
    redis.disconnect();
    await sql.end({ timeout: 2 });
  }
};

/** What the figures were measured on. */
export const machine = async (): Promise<Record<string, string>> => ({
  Machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  Node: process.version,
  ...(await servicesVersions()),
});

/** They answer other questions than the targets, and have pages of their own. */
const PAGES_OF_THEIR_OWN = new Set(["growth", "soak"]);

/** What the table of targets is made from. */
export const withTargets = (kept: Kept): Kept[string][] =>
  Object.entries(kept).flatMap(([bench, one]) => (PAGES_OF_THEIR_OWN.has(bench) ? [] : [one]));

const asMarkdown = (kept: Kept): string => {
  const parts = Object.entries(kept).map(([bench, { measuredAt, machine, figures }]) => {
    const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
    return `## ${bench}\n\n${figuresTable(figures)}\n\nMeasured ${measuredAt.slice(0, 16).replace("T", " ")} UTC. ${facts.join(" · ")}.\n`;
  });
  const targets = targetsTable(withTargets(kept).flatMap(({ figures }) => figures));
  return `# Figures\n\nMade by \`npm run bench\`; one table by \`npm run bench -- NAME\`. Each value is the median of several runs, taken in turn with its limit.\n\n## Targets\n\n${targets}\n\n${parts.join("\n")}`;
};

/** What earlier runs kept. */
export const readKept = (): Kept => {
  const file = fileOf("results.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Kept) : {};
};

/** Prints the figures and keeps them in bench/results.json and results.md, in place of what an earlier run of this bench kept. */
export const keepFigures = async (bench: string, figures: Figure[]): Promise<void> => {
  console.log(figuresTable(figures));
  const kept: Kept = {
    ...readKept(),
    [bench]: { measuredAt: new Date().toISOString(), machine: await machine(), figures },
  };
  const sorted = Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(fileOf("results.json"), `${JSON.stringify(sorted, null, 2)}\n`);
  writeFileSync(fileOf("results.md"), asMarkdown(sorted));
};
