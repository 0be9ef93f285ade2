import fc from "fast-check";
import { expect, test } from "vitest";
import { DomainError } from "../platform/errors";
import { parseInput } from "../platform/validate";
import { keyOf } from "./parameters-key";
import { NO_EDITS, withEdits } from "./sweep-edits";
import { gridSize, MAX_ROWS, type Spec, sizeOf, sweepRecipe } from "./sweep-recipe";
import { markRows, namesOf, rowsOf } from "./sweep-rows";

const recipeOf = (given: unknown) => parseInput(sweepRecipe, given);
const rows = (given: unknown) => rowsOf(recipeOf(given));

/** The details of a refused recipe. */
const refused = (given: unknown): string[] => {
  try {
    recipeOf(given);
  } catch (error) {
    if (error instanceof DomainError) return error.details.map(({ path, message }) => `${path} ${message}`);
    throw error;
  }
  return [];
};

const scalar = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null));
const ends = fc.tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
const positives = fc.tuple(
  fc.double({ min: 1e-9, max: 1e6, noNaN: true }),
  fc.double({ min: 1e-9, max: 1e6, noNaN: true }),
);
const ordered = ([a, b]: [number, number]) => ({ min: Math.min(a, b), max: Math.max(a, b) });
const size = fc.integer({ min: 1, max: 6 });
const listed: fc.Arbitrary<Spec> = fc.oneof(
  scalar.map((value) => ({ kind: "fixed" as const, value })),
  fc.array(scalar, { minLength: 1, maxLength: 6 }).map((values) => ({ kind: "list" as const, values })),
  fc.tuple(ends, size).map(([[from, to], count]) => ({ kind: "range" as const, from, to, count })),
  fc.tuple(positives, size).map(([[from, to], count]) => ({ kind: "logRange" as const, from, to, count })),
);
const drawn: fc.Arbitrary<Spec> = fc.oneof(
  ends.map((pair) => ({ kind: "uniform" as const, ...ordered(pair) })),
  positives.map((pair) => ({ kind: "logUniform" as const, ...ordered(pair) })),
  fc.tuple(fc.integer(), fc.integer()).map((pair) => ({ kind: "int" as const, ...ordered(pair) })),
  fc.array(scalar, { minLength: 1, maxLength: 6 }).map((values) => ({ kind: "choice" as const, values })),
);
const name = fc.constantFrom("lr", "bs", "seed", "wd");
const seed = fc.nat();

/** Whether a value is one that the spec allows. */
const allows = (spec: Spec, value: unknown): boolean => {
  const between = (a: number, b: number) =>
    typeof value === "number" && value >= Math.min(a, b) && value <= Math.max(a, b);
  switch (spec.kind) {
    case "fixed":
      return keyOf(value) === keyOf(spec.value);
    case "list":
    case "choice":
      return spec.values.some((one) => keyOf(one) === keyOf(value));
    case "range":
    case "logRange":
      return between(spec.from, spec.to);
    case "uniform":
    case "logUniform":
      return between(spec.min, spec.max);
    case "int":
      return between(spec.min, spec.max) && Number.isInteger(value);
  }
};

test("a grid has every combination, each value allowed, in any order the same rows", () => {
  fc.assert(
    fc.property(fc.dictionary(name, fc.oneof(listed, drawn), { minKeys: 1, maxKeys: 4 }), seed, (parameters, s) => {
      const given = rows({ parameters, seed: s });
      expect(given).toHaveLength(gridSize(parameters));
      for (const row of given)
        for (const [one, spec] of Object.entries(parameters)) expect(allows(spec, row[one])).toBe(true);
      const sorted = given.map(keyOf).sort();
      for (const order of ["shuffled", "cornersFirst"])
        expect(rows({ parameters, seed: s, order }).map(keyOf).sort()).toEqual(sorted);
    }),
  );
});

test("the same recipe makes the same rows", () => {
  fc.assert(
    fc.property(fc.dictionary(name, drawn, { minKeys: 1 }), seed, (parameters, s) => {
      const recipe = { parameters, seed: s, method: "random", count: 20, order: "shuffled" };
      expect(rows(recipe)).toEqual(rows(recipe));
    }),
  );
});

test("a longer random sweep begins with the shorter one, and another parameter changes no draw", () => {
  fc.assert(
    fc.property(drawn, listed, seed, size, size, (a, b, s, n, more) => {
      const short = rows({ parameters: { a, b }, seed: s, method: "random", count: n });
      expect(rows({ parameters: { a, b }, seed: s, method: "random", count: n + more }).slice(0, n)).toEqual(short);
      const alone = rows({ parameters: { a }, seed: s, method: "random", count: n });
      expect(alone.map((row) => row.a)).toEqual(short.map((row) => row.a));
    }),
  );
});

test("draws fill their range, and log-uniform draws fill each decade alike", () => {
  const recipe = {
    parameters: { u: { kind: "uniform", min: 0, max: 1 }, l: { kind: "logUniform", min: 1e-4, max: 1 } },
    method: "random",
    count: 4000,
  };
  const drawnRows = rows(recipe) as { u: number; l: number }[];
  for (let tenth = 0; tenth < 10; tenth++)
    expect(drawnRows.filter(({ u }) => Math.floor(u * 10) === tenth).length).toBeGreaterThan(320);
  for (const low of [1e-4, 1e-3, 1e-2, 1e-1])
    expect(drawnRows.filter(({ l }) => l >= low && l < low * 10).length).toBeGreaterThan(900);
});

test("ranges hold both ends and no junk digits", () => {
  const of = (spec: unknown) => rows({ parameters: { x: spec } }).map((row) => row.x);
  expect(of({ kind: "range", from: 0, to: 0.5, step: 0.1 })).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
  expect(of({ kind: "range", from: 3, to: 1, step: 1 })).toEqual([3, 2, 1]);
  expect(of({ kind: "range", from: 0, to: 1, step: 0.4 })).toEqual([0, 0.4, 0.8]);
  // Twelve digits of it would be beyond both ends.
  expect(of({ kind: "range", from: 999999.9999970001, to: 999999.9999970001, count: 3 })).toEqual(
    Array.from({ length: 3 }, () => 999999.9999970001),
  );
  expect(of({ kind: "range", from: 1, to: 2, count: 5 })).toEqual([1, 1.25, 1.5, 1.75, 2]);
  expect(of({ kind: "logRange", from: 1e-4, to: 1, count: 5 })).toEqual([1e-4, 1e-3, 1e-2, 1e-1, 1]);
});

test("corners come first, then the edges, then the inside", () => {
  const inside = (n: unknown) => (n === 1 || n === 3 ? 0 : 1);
  const spec = { kind: "list", values: [1, 2, 3] };
  const found = rows({ parameters: { a: spec, b: spec }, order: "cornersFirst" });
  expect(found.map((row) => inside(row.a) + inside(row.b))).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2]);
});

test("a refusal names the field", () => {
  expect(refused({ parameters: { lr: { kind: "logRange", from: 0, to: 1, count: 3 } } })[0]).toMatch(
    /^parameters\.lr\.from must be at least/,
  );
  expect(refused({ parameters: { lr: { kind: "uniform", min: 2, max: 1 } } })).toEqual([
    "parameters.lr.max must not be below min",
  ]);
  expect(refused({ parameters: { lr: { kind: "list", values: [] } } })[0]).toMatch(/^parameters\.lr\.values /);
  expect(refused({ parameters: { lr: { kind: "list", values: [1, "a\u0000"] } } })).toEqual([
    "parameters.lr.values[1] must not hold a NUL character",
  ]);
  expect(refused({ parameters: { lr: { kind: "range", from: 0, to: 1 } } })[0]).toMatch(/^parameters\.lr\.step /);
  expect(refused({ parameters: { lr: { kind: "range", from: 0, to: 1, step: 1e-9 } } })[0]).toMatch(
    /^parameters\.lr\.step must make at most/,
  );
  expect(refused({ parameters: {} })).toEqual(["parameters must have at least one parameter"]);
  const parameters = { lr: { kind: "uniform", min: 0, max: 1 } };
  expect(refused({ parameters, method: "random" })).toEqual(["count is required for a random sweep"]);
  expect(refused({ parameters, method: "random", count: MAX_ROWS + 1 })[0]).toMatch(/^count must be at most/);
  expect(refused({ parameters, method: "random", count: 2, order: "cornersFirst" })[0]).toMatch(/^order /);
});

test("10,000 rows are taken, 10,001 are not, and a huge grid is refused before it is made", () => {
  const list = (n: number) => ({ kind: "range", from: 1, to: n, count: n });
  expect(rows({ parameters: { a: list(100), b: list(100) } })).toHaveLength(10_000);
  expect(refused({ parameters: { a: list(73), b: list(137) } })[0]).toMatch(/^parameters make 10001 rows/);
  expect(refused({ parameters: { a: list(10_000), b: list(10_000), c: list(10_000) } })[0]).toMatch(/^parameters make/);
});

test("names tell numbers with four digits, or with as many as keep different ones apart", () => {
  const told = (lr: unknown[]) => namesOf(lr.map((one) => ({ lr: one })));
  expect(told([0.01, 0.0139247665008, 0.0193899112])).toEqual(["lr=0.01", "lr=0.01392", "lr=0.01939"]);
  expect(told([0.0139247665008, 0.0139247991])).toEqual(["lr=0.01392477", "lr=0.0139248"]);
  expect(told([0.1000000000001, 0.1])).toEqual(["lr=0.1000000000001", "lr=0.1"]);
  expect(told([1234567, 1234568.25, "0.123456"])).toEqual(["lr=1234567", "lr=1234568", "lr=0.123456"]);
  expect(told([123456789.5, 123456789])).toEqual(["lr=123456790", "lr=123456789"]);
});

test("names of different rows differ, however near their numbers are", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 2 }), (values) => {
      const names = namesOf(values.map((x) => ({ x })));
      expect(new Set(names).size).toBe(new Set(values.map((x) => JSON.stringify(x))).size);
    }),
  );
});

test("names say what differs, and nothing else", () => {
  const recipe = {
    parameters: {
      bs: { kind: "fixed", value: 32 },
      lr: { kind: "list", values: [0.1, 0.2] },
      opt: { kind: "list", values: ["adam", { sgd: 1 }] },
    },
  };
  expect(namesOf(rows(recipe))).toEqual([
    "lr=0.1 opt=adam",
    'lr=0.1 opt={"sgd":1}',
    "lr=0.2 opt=adam",
    'lr=0.2 opt={"sgd":1}',
  ]);
  expect(namesOf([{ lr: 1 }, { lr: 1 }])).toEqual([null, null]);
  expect(namesOf([{ lr: 1 }, { lr: 1, wd: 0 }])).toEqual(["", "wd=0"]);
  expect(namesOf([{ text: "a".repeat(500) }, { text: "b\n" }]).map((one) => one?.length)).toEqual([200, 7]);
});

test("rows whose parameters ran before are marked, and so are repeats", () => {
  const before = new Map([[keyOf({ bs: 32, lr: 0.1 }), "run_1"]]);
  const given = [
    { lr: 0.1, bs: 32 },
    { lr: 0.1, bs: "32" },
    { bs: 32, lr: 0.1 },
  ];
  const marked = markRows(withEdits(given, NO_EDITS), before);
  expect(marked.map(({ ranBefore, repeats }) => [ranBefore, repeats])).toEqual([
    ["run_1", null],
    [null, null],
    ["run_1", 0],
  ]);
});

test("a list never makes more values than it says", () => {
  fc.assert(fc.property(listed, (spec) => rows({ parameters: { x: spec } }).length === sizeOf(spec)));
});

test("a parameter that is named like a part of every object is kept or refused, never lost", () => {
  for (const name of ["constructor", "toString", "__proto__"]) {
    const parameters = JSON.parse(
      `{"${name}": {"kind": "list", "values": [1, 2]}, "lr": {"kind": "fixed", "value": 1}}`,
    );
    const kept = refused({ parameters }).length > 0 || rows({ parameters }).every((row) => Object.hasOwn(row, name));
    expect([name, kept]).toEqual([name, true]);
  }
});

test("a value that doubles cannot tell from its neighbours is refused, as in a run's parameters", () => {
  const of = (value: number) => sweepRecipe.safeParse({ parameters: { seed: { kind: "list", values: [1, value] } } });
  expect(of(2 ** 53 + 2).error?.issues[0]).toMatchObject({
    path: ["parameters", "seed", "values", 1],
    message: "must be a whole number within ±2^53, or text",
  });
  expect(of(2 ** 53 - 1).success).toBe(true);
});
