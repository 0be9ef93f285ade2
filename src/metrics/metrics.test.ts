import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { useTestServices } from "../testing/services";
import { appendPoints, type MetricPoint } from "./append";
import { listSeries, readMetrics } from "./read";

useTestServices();

const AT = Date.UTC(2026, 10, 25);
let subject = "";
let count = 0;
beforeEach(() => {
  subject = `task_metrics_${++count}`;
});

const append = (points: [key: string, step: number, value: number][], attempt = 1) =>
  appendPoints(
    getSql(),
    subject,
    attempt,
    points.map(([key, step, value]): MetricPoint => ({ key, step, value, at: AT + Math.abs(step % 1000) })),
  );
const valuesOf = async (options: Parameters<typeof readMetrics>[1] = {}) =>
  Object.fromEntries(
    Object.entries(await readMetrics(subject, options)).map(([key, points]) => [
      key,
      points.map(({ step, value }) => [step, value]),
    ]),
  );

test("points come back by key, steps ascending, with their times", async () => {
  await append([
    ["loss", 2, 0.5],
    ["acc", 1, 0.9],
    ["loss", 1, 0.7],
  ]);
  expect(await readMetrics(subject)).toEqual({
    acc: [{ step: 1, value: 0.9, timestamp: "2026-11-25T00:00:00.001Z" }],
    loss: [
      { step: 1, value: 0.7, timestamp: "2026-11-25T00:00:00.001Z" },
      { step: 2, value: 0.5, timestamp: "2026-11-25T00:00:00.002Z" },
    ],
  });
  expect(Object.keys(await readMetrics(subject, { key: "acc" }))).toEqual(["acc"]);
  expect(await readMetrics(subject, { key: "none" })).toEqual({});
  expect(await readMetrics("task_unknown", { maxPoints: 10 })).toEqual({});
});

test("of a long series only its ends and as many points as wanted are looked at, whatever the planner was told", async () => {
  const sql = getSql();
  await append([["loss", 0, 1]]);
  await sql`ANALYZE metric_points`;
  await sql`
    INSERT INTO metric_points (subject_id, key, step, attempt, value, at)
    SELECT ${subject}, 'loss', n, 1, 0, now() FROM generate_series(1, 50000) n`;
  const plan = await sql<{ "QUERY PLAN": string }[]>`EXPLAIN (ANALYZE) ${listSeries(sql, subject, "loss", 1000)}`;
  const read = plan.flatMap((line) => /metric_points.*actual.* rows=([\d.]+)/.exec(line["QUERY PLAN"])?.[1] ?? []);
  expect(Math.max(...read.map(Number))).toBe(1001);
});

test("of the same attempt, key and step the last one wins, within a batch too", async () => {
  await append([
    ["loss", 1, 1],
    ["loss", 1, 2],
    ["loss", 0, 5],
    ["loss", 1, 3],
  ]);
  await append([["loss", 0, 6]]);
  expect(await valuesOf()).toEqual({
    loss: [
      [0, 6],
      [1, 3],
    ],
  });
});

test("attempts are joined, and the later one wins per step", async () => {
  await append(
    [
      ["loss", 1, 1],
      ["loss", 2, 1],
      ["loss", 3, 1],
    ],
    1,
  );
  await append(
    [
      ["loss", 2, 2],
      ["loss", 3, 2],
      ["loss", 4, 2],
    ],
    2,
  );
  expect(await valuesOf()).toEqual({
    loss: [
      [1, 1],
      [2, 2],
      [3, 2],
      [4, 2],
    ],
  });
});

test("any finite doubles and any storable keys come back equal", async () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  const key = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((text) => !text.includes("\0"));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, finite, finite), { maxLength: 20 }), async (points) => {
      subject = `task_metrics_${++count}`;
      await append(points);
      const expected = new Map<string, Map<number, number>>();
      for (const [name, step, value] of points) expected.set(name, (expected.get(name) ?? new Map()).set(step, value));
      const got = await readMetrics(subject);
      expect(Object.keys(got).sort()).toEqual([...expected.keys()].sort());
      for (const [name, steps] of expected)
        expect(got[name]?.map(({ step, value }) => [step, value])).toEqual([...steps].sort(([a], [b]) => a - b));
    }),
    { numRuns: 30 },
  );
});

describe("a thinned series", () => {
  test("has at most the wanted points, all real, in order, with both ends and every spike", async () => {
    const wave = Array.from({ length: 20_000 }, (_, step): [string, number, number] => [
      "loss",
      step,
      Math.sin(step / 500),
    ]);
    wave[7_777] = ["loss", 7_777, 100];
    wave[15_001] = ["loss", 15_001, -100];
    await append([...wave, ["short", 1, 1], ["short", 2, 2]]);
    const { loss = [], short } = await valuesOf({ maxPoints: 200 });
    expect(loss.length).toBeLessThanOrEqual(200);
    expect(loss.length).toBeGreaterThan(150);
    expect(loss.at(0)).toEqual([0, 0]);
    expect(loss.at(-1)).toEqual([19_999, Math.sin(19_999 / 500)]);
    expect(loss).toContainEqual([7_777, 100]);
    expect(loss).toContainEqual([15_001, -100]);
    for (const [step = -1, value] of loss) expect(wave[step]?.[2]).toBe(value);
    expect(loss.map(([step]) => step)).toEqual(loss.map(([step = 0]) => step).sort((a, b) => a - b));
    expect(short).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test("shows nothing of what a later attempt replaced", async () => {
    const steps = Array.from({ length: 1000 }, (_, step) => step);
    await append(
      steps.map((step) => ["loss", step, 1000 + step]),
      1,
    );
    await append(
      steps.slice(100).map((step) => ["loss", step, step]),
      2,
    );
    const { loss = [] } = await valuesOf({ maxPoints: 50 });
    for (const [step = 0, value] of loss) expect(value).toBe(step < 100 ? 1000 + step : step);
    expect(loss.length).toBeLessThanOrEqual(50);
  });

  test("copes with steps as far apart as doubles go, and as near", async () => {
    const far = [-Number.MAX_VALUE, -1, 0, 5e-324, 1e-320, 1, 1e300, Number.MAX_VALUE].map(
      (step): [string, number, number] => ["far", step, step],
    );
    const near = Array.from({ length: 20 }, (_, n): [string, number, number] => ["near", n * 5e-324, n]);
    await append([...far, ...near]);
    const { far: thinned = [], near: close = [] } = await valuesOf({ maxPoints: 4 });
    expect([thinned.at(0)?.[0], thinned.at(-1)?.[0]]).toEqual([-Number.MAX_VALUE, Number.MAX_VALUE]);
    expect([close.length <= 4, close.at(0), close.at(-1)]).toEqual([true, [0, 0], [19 * 5e-324, 19]]);
  });

  test("copes with few points, and with one step only", async () => {
    await append([
      ["loss", 1, 1],
      ["loss", 2, 2],
      ["loss", 3, 3],
      ["loss", 4, 2],
      ["loss", 5, 1],
    ]);
    const ends = [
      [1, 1],
      [5, 1],
    ];
    expect((await valuesOf({ maxPoints: 1 })).loss).toEqual([[5, 1]]);
    for (const maxPoints of [2, 3]) expect((await valuesOf({ maxPoints })).loss).toEqual(ends);
    for (let attempt = 1; attempt <= 6; attempt++) await append([["one", 7, attempt]], attempt);
    expect((await valuesOf({ maxPoints: 4, key: "one" })).one).toEqual([[7, 6]]);
  });
});

describe("a chart of a long series is read from its buckets", () => {
  const long = (value: (step: number) => number, every = 1): [string, number, number][] =>
    Array.from({ length: 6000 }, (_, n) => ["loss", n * every, value(n)]);
  const chart = async () => (await valuesOf({ maxPoints: 10 })).loss ?? [];

  test("spikes are kept, every point is a real one, in whatever pieces it was written", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 100, max: 2000 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5999 }), fc.double({ noNaN: true, min: -1e9, max: 1e9 })), {
          maxLength: 5,
        }),
        fc.constantFrom(1, 400),
        async (size, spikes, every) => {
          subject = `task_metrics_${++count}`;
          const at = new Map(spikes);
          const points = long((n) => at.get(n) ?? Math.sin(n), every);
          for (let from = 0; from < points.length; from += size) await append(points.slice(from, from + size));
          const stored = new Map(points.map(([, step, value]) => [step, value]));
          const shown = await chart();
          expect(shown.length).toBeLessThanOrEqual(10);
          for (const [step = 0, value] of shown) expect(stored.get(step)).toBe(value);
          const values = [...stored.values()];
          const seen = shown.map(([, value]) => value);
          expect(seen).toContain(Math.max(...values));
          expect(seen).toContain(Math.min(...values));
        },
      ),
      { numRuns: 12 },
    );
  });

  test("a spike that a later attempt replaced is not shown", async () => {
    await append(long((n) => (n === 3000 ? 99 : Math.sin(n))));
    expect((await chart()).map(([, value]) => value)).toContain(99);
    await append([["loss", 3000, 0.5]], 2);
    const values = (await chart()).map(([, value]) => value ?? 0);
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
  });

  test("it looks at buckets, not at points", async () => {
    await append(long(Math.sin));
    const sql = getSql();
    await sql`UPDATE metric_rollups SET high = 50, high_step = 70 WHERE subject_id = ${subject} AND bucket = 0`;
    // What the bucket says is looked up, found to be no such point, and the points decide.
    expect((await chart()).map(([, value]) => value)).not.toContain(50);
    const [row] = await sql`SELECT count(*) AS n FROM metric_rollups WHERE subject_id = ${subject}`;
    expect(row?.n).toBe(12 + 1);
  });
});
