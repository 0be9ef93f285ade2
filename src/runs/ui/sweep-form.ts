// PURE. The sweep's form as text fields ↔ its recipe.
import type { Outputs } from "../../ui/trpc";
import type { SweepRecipe } from "../sweep-recipe";

/** A recipe as the server tells it. */
export type ToldRecipe = Outputs["sweeps"]["get"]["recipes"][number];
export type ToldSpec = ToldRecipe["parameters"][string];

/** As JSON carries it nothing is lost: only a value that is undefined could be missing, and a recipe that was stored has none. */
export const asRecipe = (told: ToldRecipe): SweepRecipe => told as SweepRecipe;

export const KINDS = ["list", "range", "logRange", "uniform", "logUniform", "int", "choice", "fixed"] as const;
export type Kind = (typeof KINDS)[number];

/** Which text fields a kind has. */
export const FIELDS = {
  list: ["values"],
  choice: ["values"],
  fixed: ["values"],
  range: ["from", "to", "step"],
  logRange: ["from", "to", "count"],
  uniform: ["min", "max"],
  logUniform: ["min", "max"],
  int: ["min", "max"],
} as const satisfies Record<Kind, readonly string[]>;
export type FieldName = (typeof FIELDS)[Kind][number];

export type ParameterRow = { id: number; name: string; kind: Kind; texts: Partial<Record<FieldName, string>> };
export type SweepForm = {
  name: string;
  rows: ParameterRow[];
  method: "grid" | "random";
  count: string;
  order: "given" | "shuffled" | "cornersFirst";
  seed: string;
};

/** JSON where it is JSON, else text: `0.1` is a number, `adam` is a word, `"0.1"` is text. */
export const readValue = (text: string): unknown => {
  const trimmed = text.trim();
  try {
    return JSON.parse(trimmed);
  } catch {
    // A word.
    return trimmed;
  }
};

/** At commas and line ends, but not within brackets or quotes. */
export const splitValues = (text: string): string[] => {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  let isQuoted = false;
  for (const char of text) {
    if (char === '"' && !part.endsWith("\\")) isQuoted = !isQuoted;
    if (!isQuoted && "[{".includes(char)) depth++;
    if (!isQuoted && "]}".includes(char)) depth--;
    if (!isQuoted && depth <= 0 && (char === "," || char === "\n")) {
      parts.push(part);
      part = "";
    } else part += char;
  }
  return [...parts, part].map((one) => one.trim()).filter((one) => one !== "");
};

/** What is no number stays as it is, so that the server names the field. */
const numberOf = (text: string | undefined): unknown => {
  const trimmed = (text ?? "").trim();
  return trimmed === "" ? undefined : Number.isNaN(Number(trimmed)) ? trimmed : Number(trimmed);
};

const specOf = ({ kind, texts }: ParameterRow): Record<string, unknown> => {
  if (kind === "fixed") return { kind, value: readValue(texts.values ?? "") };
  if (kind === "list" || kind === "choice") return { kind, values: splitValues(texts.values ?? "").map(readValue) };
  return { kind, ...Object.fromEntries(FIELDS[kind].map((field) => [field, numberOf(texts[field])])) };
};

/** The recipe as the server checks it: nothing is judged here. */
export const recipeOf = (form: SweepForm): SweepRecipe =>
  ({
    parameters: Object.fromEntries(
      form.rows.filter((row) => row.name.trim() !== "").map((row) => [row.name.trim(), specOf(row)]),
    ),
    method: form.method,
    ...(form.method === "random" && { count: numberOf(form.count) }),
    order: form.order,
    seed: numberOf(form.seed),
  }) as unknown as SweepRecipe;

export const newRow = (id: number, name = "", kind: Kind = "list"): ParameterRow => ({ id, name, kind, texts: {} });

/** Where a refusal belongs: `parameters.lr.max` to the row `lr`. */
export const rowOfPath = (path: string): string | null => /(?:^|\.)parameters\.([^.[]+)/.exec(path)?.[1] ?? null;

/** As the form writes it: words without quotes where they read back as the same value. */
export const textOf = (value: unknown): string => {
  const bare = typeof value === "string" && !/[,\n"[\]{}]/.test(value) && readValue(value) === value && value !== "";
  return bare ? value : JSON.stringify(value);
};

const rowFor = (spec: ToldSpec): Pick<ParameterRow, "kind" | "texts"> => {
  switch (spec.kind) {
    case "fixed":
      return { kind: "fixed", texts: { values: textOf(spec.value) } };
    case "list":
    case "choice":
      return { kind: spec.kind, texts: { values: spec.values.map(textOf).join(", ") } };
    case "range": {
      // The form has no range by count: a step makes the same values, but where all of them are one.
      const step = spec.step ?? Math.abs(spec.to - spec.from) / Math.max(1, (spec.count ?? 1) - 1);
      if (spec.step === undefined && (spec.count === 1 || step === 0))
        return { kind: "list", texts: { values: Array(spec.count).fill(String(spec.from)).join(", ") } };
      return { kind: "range", texts: { from: String(spec.from), to: String(spec.to), step: String(step) } };
    }
    case "logRange":
      return { kind: "logRange", texts: { from: String(spec.from), to: String(spec.to), count: String(spec.count) } };
    case "uniform":
    case "logUniform":
    case "int":
      return { kind: spec.kind, texts: { min: String(spec.min), max: String(spec.max) } };
  }
};

/** The form that makes this recipe again, to be changed. */
export const formOf = (recipe: ToldRecipe, name: string): SweepForm => ({
  name,
  rows: Object.entries(recipe.parameters).map(([parameter, spec], index) => ({
    id: index + 1,
    name: parameter,
    ...rowFor(spec),
  })),
  method: recipe.method,
  count: String(recipe.count ?? 20),
  order: recipe.order,
  seed: String(recipe.seed),
});
