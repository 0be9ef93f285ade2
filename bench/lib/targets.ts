// The table of targets: of each figure that has one, how far it is reached. In results.md, and in the README by `npm run bench -- --readme`.
import { amount, type Figure, limitOf, ratioOf, reached, targetText, verdict } from "./figures";
import { median } from "./statistics";

/** What stands in one line: one figure, or all of one kind. The one that is furthest from its target speaks for the others. */
const lineOf = (figures: Figure[]): string => {
  const [worst] = [...figures].sort((a, b) => (reached(a) ?? 0) - (reached(b) ?? 0));
  if (!worst) throw new Error("A line of no figures was asked for.");
  const values = figures.map((one) => median(one.runs));
  const span = [Math.min(...values), Math.max(...values)].map((value) => amount(value, worst.unit));
  const limit = limitOf(worst);
  const ratio = ratioOf(worst);
  const cells = [
    figures.length === 1 ? worst.name : `${worst.kind}, ${figures.length} of them`,
    figures.length === 1 ? span[0] : span.join(" to "),
    limit === null ? "" : `${amount(limit, worst.unit)} (${worst.limit?.name})`,
    ratio === null ? "" : ratio.toFixed(2),
    targetText(worst),
    verdict(worst),
  ];
  return `| ${cells.join(" | ")} |`;
};

/** Figures without a target, or whose limit was not measured (no `--peers`), are left out. */
export const targetsTable = (figures: Figure[]): string => {
  const lines = new Map<string, Figure[]>();
  for (const [index, figure] of figures.entries()) {
    if (reached(figure) === null) continue;
    const line = figure.kind ?? String(index);
    lines.set(line, [...(lines.get(line) ?? []), figure]);
  }
  return [
    "| figure | measured | beside it, in the same run | ratio | target | |",
    "| --- | --- | --- | --- | --- | --- |",
    ...[...lines.values()].map(lineOf),
  ].join("\n");
};
