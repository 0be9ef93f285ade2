// What a bench found, beside its limit: printed, kept in results.json, and shown in results.md.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { openRedis } from "../../src/platform/redis";
import { median } from "./statistics";

/** Targets are ratios to what is measured in the same run, or bounds in the figure's own unit. */
export type Target =
  | { atLeast: number }
  | { atLeastTimes: number }
  | { atMostTimes: number }
  | { atMost: number }
  | { atMostBeyond: number };

export type Figure = {
  name: string;
  /** "": a number of things */
  unit: "/s" | "ms" | "MB" | "s" | "%" | "";
  /** one value per round */
  runs: number[];
  limit?: { name: string; runs: number[] };
  /** none: shown for comparison only */
  target?: Target;
};

type Kept = Record<string, { measuredAt: string; machine: Record<string, string>; figures: Figure[] }>;

const fileOf = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

const amount = (value: number, unit: Figure["unit"]): string => {
  const digits = value >= 100 || (unit === "" && value >= 10) ? 0 : value >= 10 ? 1 : 2;
  const text = value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit === "/s" ? `${text}/s` : `${text} ${unit}`.trim();
};

const limitOf = (figure: Figure): number | null => (figure.limit ? median(figure.limit.runs) : null);

const ratioOf = (figure: Figure): number | null => {
  const limit = limitOf(figure);
  return limit === null || limit === 0 ? null : median(figure.runs) / limit;
};

const targetText = ({ target, unit }: Figure): string => {
  if (!target) return "";
  if ("atLeast" in target) return `≥ ${target.atLeast.toLocaleString("en-US")}${unit}`;
  if ("atLeastTimes" in target) return `≥ ${target.atLeastTimes} ×`;
  if ("atMostTimes" in target) return `≤ ${target.atMostTimes} ×`;
  if ("atMostBeyond" in target) return `≤ ${`${target.atMostBeyond} ${unit}`.trim()} beyond it`;
  return `≤ ${target.atMost} ${unit}`.trim();
};

/** null: there is no target, or its limit was not measured */
const isMet = (figure: Figure): boolean | null => {
  const { target } = figure;
  const ratio = ratioOf(figure);
  const limit = limitOf(figure);
  if (!target) return null;
  if ("atLeast" in target) return median(figure.runs) >= target.atLeast;
  if ("atMost" in target) return median(figure.runs) <= target.atMost;
  if ("atMostBeyond" in target) return limit === null ? null : median(figure.runs) - limit <= target.atMostBeyond;
  if (ratio === null) return null;
  return "atLeastTimes" in target ? ratio >= target.atLeastTimes : ratio <= target.atMostTimes;
};

const row = (figure: Figure): string => {
  const limit = limitOf(figure);
  const ratio = ratioOf(figure);
  const met = isMet(figure);
  const cells = [
    figure.name,
    amount(median(figure.runs), figure.unit),
    limit === null ? "" : `${amount(limit, figure.unit)} (${figure.limit?.name})`,
    ratio === null ? "" : ratio.toFixed(2),
    targetText(figure),
    met === null ? "" : met ? "yes" : "**no**",
  ];
  return `| ${cells.join(" | ")} |`;
};

/** @param heads what two columns are called where these names say more */
export const figuresTable = (
  figures: Figure[],
  { limit, met }: { limit: string; met: string } = { limit: "limit in the same run", met: "met?" },
): string =>
  [
    `| figure | measured | ${limit} | ratio | target | ${met} |`,
    "| --- | --- | --- | --- | --- | --- |",
    ...figures.map(row),
  ].join("\n");

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

const asMarkdown = (kept: Kept): string => {
  const parts = Object.entries(kept).map(([bench, { measuredAt, machine, figures }]) => {
    const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
    return `## ${bench}\n\n${figuresTable(figures)}\n\nMeasured ${measuredAt.slice(0, 16).replace("T", " ")} UTC. ${facts.join(" · ")}.\n`;
  });
  return `# Figures\n\nMade by \`npm run bench\`; one table by \`npm run bench -- NAME\`. Each value is the median of several runs, taken in turn with its limit.\n\n${parts.join("\n")}`;
};

const readKept = (): Kept => {
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
