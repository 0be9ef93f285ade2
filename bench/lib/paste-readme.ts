// `npm run bench -- --readme`: puts the table of targets into the README, from what the benches kept, so that it never says anything else.
import { readFileSync, writeFileSync } from "node:fs";
import { readKept, withTargets } from "./report";
import { targetsTable } from "./targets";

const README = new URL("../../README.md", import.meta.url);
const BETWEEN = /(<!-- figures[^>]*-->\n)[\s\S]*?(\n<!-- \/figures -->)/;

const kept = withTargets(readKept());
if (kept.length === 0) throw new Error("Nothing was measured yet: run `npm run bench`.");
const days = kept.map(({ measuredAt }) => measuredAt.slice(0, 10)).sort();
const factsOf = (machine: Record<string, string>): string =>
  Object.entries(machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(" · ");
const machines = [...new Set(kept.map(({ machine }) => factsOf(machine)))];
const text = readFileSync(README, "utf8");
if (!BETWEEN.test(text))
  throw new Error("The README has no `<!-- figures -->` and `<!-- /figures -->` to put the table between.");
const table = targetsTable(kept.flatMap(({ figures }) => figures));
const block = `Measured ${[...new Set([days[0], days.at(-1)])].join(" to ")}. ${machines.join("; ")}.\n\n${table}`;
writeFileSync(
  README,
  text.replace(BETWEEN, (_, from: string, to: string) => `${from}${block}${to}`),
);
