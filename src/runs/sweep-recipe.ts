// What a sweep is made from: for each parameter its values, and how they are combined. Rows come from sweep-rows.ts.
import { z } from "zod";
import type { Problem, ProblemKey, ProblemParams } from "../i18n/problems";
import { findUnsafe } from "../platform/json-safety";
import { says, saysAt } from "../platform/validate";

/** Rows of one sweep. */
export const MAX_ROWS = 10_000;

/** Any JSON value that can be stored. */
const value = z.unknown().superRefine((given, context) => {
  const problem: Problem | undefined =
    given === undefined ? { key: "required" } : findUnsafe(given, undefined, "parameters")?.problems[0];
  if (problem) context.addIssue(saysAt([], problem.key, problem.params));
});
const values = z.array(value).min(1).max(MAX_ROWS);
/** Beyond ±1e15 steps between doubles pass 0.1: a range there is a mistake. */
const bound = z.number().min(-1e15).max(1e15);
const positive = z.number().min(1e-300).max(1e15);
const count = z.int().min(1).max(MAX_ROWS);

type Ends = { min: number; max: number };
const areInOrder = ({ min, max }: Ends) => min <= max;
const notInOrder = { path: ["max"], ...says("belowMin") };

const issueOf = (context: z.RefinementCtx) => (path: string, key: ProblemKey, params?: ProblemParams) =>
  context.addIssue(saysAt([path], key, params));

/** Counted from both ends: `count` 1 is `from` alone. */
const range = z
  .object({
    kind: z.literal("range"),
    from: bound,
    to: bound,
    /** distance of neighbours; the last one is the last that does not pass `to` */
    step: z.number().positive().optional(),
    /** values, evenly from `from` to `to` */
    count: count.optional(),
  })
  .superRefine((given, context) => {
    const issue = issueOf(context);
    if ((given.step === undefined) === (given.count === undefined)) issue("step", "stepOrCount");
    else if (given.step !== undefined && stepsOf(given.from, given.to, given.step) >= MAX_ROWS)
      issue("step", "tooManyValues", { limit: MAX_ROWS });
  });

/** Steps from one end to the other; a billionth of a step is forgiven, so that 0..0.3 by 0.1 ends with 0.3. */
export const stepsOf = (from: number, to: number, step: number): number =>
  Math.floor(Math.abs(to - from) / step + 1e-9);

const spec = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("fixed"), value }),
  z.object({ kind: z.literal("list"), values }),
  range,
  z.object({ kind: z.literal("logRange"), from: positive, to: positive, count }),
  z.object({ kind: z.literal("uniform"), min: bound, max: bound }).refine(areInOrder, notInOrder),
  z.object({ kind: z.literal("logUniform"), min: positive, max: positive }).refine(areInOrder, notInOrder),
  /** whole numbers, both ends included */
  z.object({ kind: z.literal("int"), min: z.int(), max: z.int() }).refine(areInOrder, notInOrder),
  z.object({ kind: z.literal("choice"), values }),
]);
export type Spec = z.infer<typeof spec>;

const name = z.string().min(1).max(200);
/** A record of zod drops this key silently: a parameter of that name is refused instead. */
const holdsProto = (given: unknown): boolean =>
  typeof given === "object" && given !== null && Object.hasOwn(given, "__proto__");
const parameters = z
  .custom<Record<string, z.input<typeof spec>>>((given) => !holdsProto(given), says("proto"))
  .pipe(
    z
      .record(name, spec)
      .refine((given) => Object.keys(given).length > 0, says("noParameter"))
      .refine((given) => Object.keys(given).length <= 200, says("tooManyParameters", { limit: 200 })),
  );

/** How many rows a grid has: the product of what each parameter lists; a random draw adds none. */
export const gridSize = (parameters: Record<string, Spec>): number =>
  Object.values(parameters).reduce((product, one) => product * sizeOf(one), 1);

export const sizeOf = (one: Spec): number => {
  switch (one.kind) {
    case "list":
      return one.values.length;
    case "range":
      return one.step === undefined ? (one.count ?? 1) : stepsOf(one.from, one.to, one.step) + 1;
    case "logRange":
      return one.count;
    case "fixed":
    case "uniform":
    case "logUniform":
    case "int":
    case "choice":
      return 1;
  }
};

/**
 * A recipe. The same one always makes the same rows.
 *
 * `grid`: every combination of the listed values, the last parameter changing fastest; parameters that are drawn get a new draw
 * in each row. `random`: `count` rows, each with a draw of every parameter. Of two random recipes that differ only in `count`
 * the shorter is the beginning of the longer, while the order is `given`.
 */
export const sweepRecipe = z
  .object({
    parameters,
    method: z.enum(["grid", "random"]).default("grid"),
    /** rows of a random sweep */
    count: count.optional(),
    /** `cornersFirst`: rows at the ends of most parameters come first, so that the extremes are known early */
    order: z.enum(["given", "shuffled", "cornersFirst"]).default("given"),
    seed: z.int().min(0).max(0xffffffff).default(0),
  })
  .superRefine((recipe, context) => {
    const issue = issueOf(context);
    if (recipe.method === "random") {
      if (recipe.count === undefined) issue("count", "countNeeded");
      if (recipe.order === "cornersFirst") issue("order", "cornersNeedGrid");
      return;
    }
    if (recipe.count !== undefined) issue("count", "countForRandom");
    const size = gridSize(recipe.parameters);
    if (size > MAX_ROWS) issue("parameters", "tooManyRows", { size, limit: MAX_ROWS });
  });
export type SweepRecipe = z.infer<typeof sweepRecipe>;
