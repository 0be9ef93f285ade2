// A figure beside its limit and its target: what is said of it in a table.
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
  /** Why it does not reach its target: what a profile or another measurement has shown. */
  explained?: string;
  /** Figures of one kind: the README has one line for all of them. */
  kind?: string;
};

export const amount = (value: number, unit: Figure["unit"]): string => {
  const digits = value >= 100 || (unit === "" && value >= 10) ? 0 : value >= 10 ? 1 : 2;
  const text = value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit === "/s" ? `${text}/s` : `${text} ${unit}`.trim();
};

export const limitOf = (figure: Figure): number | null => (figure.limit ? median(figure.limit.runs) : null);

export const ratioOf = (figure: Figure): number | null => {
  const limit = limitOf(figure);
  return limit === null || limit === 0 ? null : median(figure.runs) / limit;
};

export const targetText = ({ target, unit }: Figure): string => {
  if (!target) return "";
  if ("atLeast" in target) return `≥ ${target.atLeast.toLocaleString("en-US")}${unit}`;
  if ("atLeastTimes" in target) return `≥ ${target.atLeastTimes} ×`;
  if ("atMostTimes" in target) return `≤ ${target.atMostTimes} ×`;
  if ("atMostBeyond" in target) return `≤ ${`${target.atMostBeyond} ${unit}`.trim()} beyond it`;
  return `≤ ${target.atMost} ${unit}`.trim();
};

/** @returns how much of its target a figure reaches, 1 or more where it is met; null where there is none, or its limit was not measured */
export const reached = (figure: Figure): number | null => {
  const { target } = figure;
  const ratio = ratioOf(figure);
  const limit = limitOf(figure);
  const value = median(figure.runs);
  const below = (bound: number, is: number) => (is <= bound ? 1 : bound / is);
  if (!target) return null;
  if ("atLeast" in target) return value / target.atLeast;
  if ("atMost" in target) return below(target.atMost, value);
  if ("atMostBeyond" in target) return limit === null ? null : below(target.atMostBeyond, value - limit);
  if (ratio === null) return null;
  return "atLeastTimes" in target ? ratio / target.atLeastTimes : below(target.atMostTimes, ratio);
};

/** How far a target is reached, for a table. */
export const verdict = (figure: Figure): string => {
  const share = reached(figure);
  if (share === null) return "";
  if (share >= 1) return "met";
  const how = share >= 0.5 ? "at least half" : "**below half**";
  return figure.explained === undefined ? how : `${how}: ${figure.explained}`;
};

const row = (figure: Figure, say: (figure: Figure) => string): string => {
  const limit = limitOf(figure);
  const ratio = ratioOf(figure);
  const cells = [
    figure.name,
    amount(median(figure.runs), figure.unit),
    limit === null ? "" : `${amount(limit, figure.unit)} (${figure.limit?.name})`,
    ratio === null ? "" : ratio.toFixed(2),
    targetText(figure),
    say(figure),
  ];
  return `| ${cells.join(" | ")} |`;
};

/** @param heads what two columns are called where other names say more, and what is said of each figure */
export const figuresTable = (
  figures: Figure[],
  { limit, met, say } = { limit: "limit in the same run", met: "met", say: verdict },
): string =>
  [
    `| figure | measured | ${limit} | ratio | target | ${met} |`,
    "| --- | --- | --- | --- | --- | --- |",
    ...figures.map((figure) => row(figure, say)),
  ].join("\n");
