import { beforeEach, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { makeUserId } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { claimRun } from "./claim";
import { createRuns, publishSchema } from "./edit-runs";
import { completeRun, failRun } from "./finish";
import { createGroup } from "./groups";
import { heartbeat } from "./heartbeat";
import { getRun, runsOfUnit } from "./read-runs";
import { newSweep } from "./sweep-input";
import { sweepRecipe } from "./sweep-recipe";
import { rowsOf } from "./sweep-rows";
import { getSweep, listSweeps, outlookOfSweep, previewSweep } from "./sweeps";
import { createSweep, extendSweep, retryFailed, trimSweep } from "./sweeps-change";
import { createUnit, getUnit, pauseUnit } from "./units";

useTestServices();

const userId = makeUserId();
let unitId = "";
beforeEach(async () => {
  const { groupId } = await createGroup(userId, { name: "g", metadata: {} });
  const unit = await createUnit(userId, { groupId, name: "u", config: {}, metadata: {}, stallTimeoutSeconds: 120 });
  unitId = unit.unitId;
});

const lrs = (...values: number[]) => sweepRecipe.parse({ parameters: { lr: { kind: "list", values } } });
const make = (...values: number[]) =>
  createSweep(userId, newSweep.parse({ unitId, name: "lr", recipe: lrs(...values) }));
const which = (...values: number[]) => ({ recipe: lrs(...values), leaveOut: [], onlyFresh: true });
const version = async () => (await getUnit(userId, unitId)).version;
const failOne = async () => {
  const { run } = await claimRun(userId, { unitId });
  return failRun(userId, { runId: run?.runId ?? "" });
};

test("a sweep's rows become ordinary runs in order, with one rise of the version", async () => {
  const before = await version();
  const { sweep, runIds } = await make(0.1, 0.2, 0.3);
  const runs = await runsOfUnit(userId, unitId);
  expect(runs.map((run) => run.runId)).toEqual(runIds);
  expect(runs.map((run) => [run.name, run.parameters.lr, run.order, run.sweepId])).toEqual([
    ["lr=0.1", 0.1, 1, sweep.sweepId],
    ["lr=0.2", 0.2, 2, sweep.sweepId],
    ["lr=0.3", 0.3, 3, sweep.sweepId],
  ]);
  expect(await version()).toBe(before + 1);
  expect(sweep.counts.pending).toBe(3);
  expect((await listSweeps(userId, unitId)).map((one) => one.sweepId)).toEqual([sweep.sweepId]);
});

test("the preview marks what completed, runs or waits, and not what failed", async () => {
  await createRuns(userId, {
    unitId,
    createdBy: "client",
    runs: [0.1, 0.2, 0.3, 0.4].map((lr) => ({ parameters: { lr }, metadata: {} })),
  });
  const done = await claimRun(userId, { unitId });
  await completeRun(userId, { runId: done.run?.runId ?? "" });
  await failOne();
  await claimRun(userId, { unitId });
  const { rows, fresh } = await previewSweep(userId, { unitId, recipe: lrs(0.1, 0.2, 0.3, 0.4, 0.5, 0.5) });
  expect(rows.map((row) => row.ranBefore !== null)).toEqual([true, false, true, true, false, false]);
  expect(rows[0]?.ranBefore).toBe(done.run?.runId);
  expect(rows.map((row) => row.repeats)).toEqual([null, null, null, null, null, 4]);
  expect(fresh).toBe(2);
});

test("of two equal sweeps made at once only one makes runs", async () => {
  const both = await Promise.allSettled([make(1, 2), make(1, 2)]);
  expect(both.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await runsOfUnit(userId, unitId)).toHaveLength(2);
  expect(await listSweeps(userId, unitId)).toHaveLength(1);
});

test("rows can be left out, and rows that ran before be made again", async () => {
  await make(1, 2);
  const again = newSweep.parse({ unitId, recipe: lrs(1, 2, 3), leaveOut: [0], onlyFresh: false });
  const { runIds } = await createSweep(userId, again);
  expect(await Promise.all(runIds.map(async (id) => (await getRun(userId, id)).parameters.lr))).toEqual([2, 3]);
});

test("rows changed and removed by hand are made exactly as the preview shows them, and the recipe says what was done", async () => {
  await make(5);
  const edits = {
    changed: [
      { row: 0, parameters: { lr: 1.5, note: "by hand" } },
      { row: 2, parameters: { lr: 5 } },
    ],
    removed: [1],
  };
  const given = { recipe: lrs(1, 2, 3, 1.5, 2), edits };
  const { rows, fresh } = await previewSweep(userId, { unitId, ...given });
  expect(rows.map((one) => [one.row, one.edited, one.name, one.ranBefore !== null, one.repeats])).toEqual([
    [0, true, "lr=1.5 note=by hand", false, null],
    [2, true, "lr=5", true, null],
    [3, false, "lr=1.5", false, null],
    // The row that it would repeat is not there.
    [4, false, "lr=2", false, null],
  ]);
  expect(fresh).toBe(3);
  expect(await previewSweep(userId, { unitId, ...given })).toEqual({ rows, fresh });
  const made = newSweep.parse({ unitId, ...given, leaveOut: [4], onlyFresh: false });
  const { sweep, runIds } = await createSweep(userId, made);
  const runs = await Promise.all(runIds.map((id) => getRun(userId, id)));
  expect(runs.map((run) => [run.name, run.parameters])).toEqual(
    rows.slice(0, 3).map((one) => [one.name, one.parameters]),
  );
  expect(sweep.recipes).toEqual([{ ...given.recipe, edits: { changed: edits.changed, removed: [1, 4] } }]);
});

test("a row made equal to another one by hand is marked as its repeat, and is not made twice", async () => {
  const edits = { changed: [{ row: 2, parameters: { lr: 1 } }], removed: [] };
  const given = { recipe: lrs(1, 2, 3), edits };
  const { rows, fresh } = await previewSweep(userId, { unitId, ...given });
  expect([rows.map((one) => one.repeats), fresh]).toEqual([[null, null, 0], 2]);
  const { runIds } = await createSweep(userId, newSweep.parse({ unitId, ...given }));
  expect(runIds).toHaveLength(2);
});

test("an edit of a row that there is not is refused, and so is a row that is changed twice", async () => {
  const change = { row: 3, parameters: { lr: 1 } };
  const given = { unitId, recipe: lrs(1, 2, 3) };
  await expect(previewSweep(userId, { ...given, edits: { changed: [change], removed: [] } })).rejects.toMatchObject({
    details: [{ path: "edits.changed[0].row", message: "is no row of this recipe" }],
  });
  await expect(previewSweep(userId, { ...given, edits: { changed: [], removed: [0, 9] } })).rejects.toMatchObject({
    details: [{ path: "edits.removed[1]", message: "is no row of this recipe" }],
  });
  expect(newSweep.safeParse({ ...given, edits: { changed: [change, change] } }).error?.issues[0]?.path).toEqual([
    ...["edits", "changed"],
  ]);
});

test("an extension keeps its recipe and makes only what is new", async () => {
  const { sweep } = await make(1, 2);
  const before = await version();
  const { sweep: longer, runIds } = await extendSweep(userId, { sweepId: sweep.sweepId, ...which(2, 3) });
  expect([runIds.length, longer.recipes.length, longer.counts.pending]).toEqual([1, 2, 3]);
  expect(await version()).toBe(before + 1);
});

test("all runs of a sweep have names of their own, as the preview says, also where nothing differs or an extension repeats", async () => {
  const given = sweepRecipe.parse({ parameters: { a: { kind: "list", values: [1, "1", 1, 2] } } });
  const { rows } = await previewSweep(userId, { unitId, recipe: given });
  expect(rows.map((one) => one.name)).toEqual(["a=1", "a=1 #2", "a=1 #3", "a=2"]);
  const { sweep } = await createSweep(userId, { unitId, name: "s", recipe: given, leaveOut: [], onlyFresh: false });
  const again = { sweepId: sweep.sweepId, recipe: given, leaveOut: [1], onlyFresh: false };
  const more = await previewSweep(userId, { unitId, recipe: given, sweepId: sweep.sweepId });
  expect(more.rows.map((one) => one.name)).toEqual(["a=1 #4", "a=1 #5", "a=1 #6", "a=2 #2"]);
  await extendSweep(userId, again);
  const names = (await runsOfUnit(userId, unitId)).map((run) => run.name);
  const [first, , third, fourth] = more.rows.map((one) => one.name);
  expect(names).toEqual([...rows.map((one) => one.name), first, third, fourth]);
});

test("of two extensions at once neither loses the other's recipe", async () => {
  const { sweep } = await make(1);
  const { sweepId } = sweep;
  await Promise.all([extendSweep(userId, { sweepId, ...which(2) }), extendSweep(userId, { sweepId, ...which(3) })]);
  expect((await getSweep(userId, sweepId)).recipes).toHaveLength(3);
});

test("parameters come back in the order in which they were given, which decides the grid's, also of an extension", async () => {
  const ordered = (values: number[]) =>
    sweepRecipe.parse({
      parameters: {
        weight_decay: { kind: "list", values },
        lr: { kind: "list", values: [0.1, 0.2] },
        b: { kind: "fixed", value: { z: 1, a: 2 } },
      },
    });
  const first = ordered([1, 2]);
  const { sweep } = await createSweep(userId, newSweep.parse({ unitId, recipe: first }));
  const { sweepId } = sweep;
  const second = ordered([3, 4]);
  await extendSweep(userId, { sweepId, recipe: second, leaveOut: [], onlyFresh: true });
  const { sweep: longer } = await extendSweep(userId, { sweepId, ...which(9) });
  // As text: equal objects may still have their keys in another order.
  expect(JSON.stringify(longer.recipes)).toBe(JSON.stringify([first, second, lrs(9)]));
  expect((await runsOfUnit(userId, unitId)).map((run) => run.name)).toEqual([
    ...rowsOf(first).map((row) => `weight_decay=${row.weight_decay} lr=${row.lr}`),
    ...rowsOf(second).map((row) => `weight_decay=${row.weight_decay} lr=${row.lr}`),
    "lr=9",
  ]);
});

test("a trim removes what waits and is not kept, and nothing that runs or ended", async () => {
  const { sweep, runIds } = await make(1, 2, 3, 4);
  await createRuns(userId, { unitId, createdBy: "web", runs: [{ parameters: { lr: 9 }, metadata: {} }] });
  await failOne();
  const { run } = await claimRun(userId, { unitId });
  const before = await version();
  expect(await trimSweep(userId, { sweepId: sweep.sweepId, keep: runIds.slice(3) })).toEqual({ removed: 1 });
  expect(await version()).toBe(before + 1);
  expect((await runsOfUnit(userId, unitId)).map((one) => one.parameters.lr)).toEqual([1, 2, 4, 9]);
  expect((await getRun(userId, run?.runId ?? "")).status).toBe("running");
  expect(await trimSweep(userId, { sweepId: sweep.sweepId, keep: runIds.slice(3) })).toEqual({ removed: 0 });
  expect(await version()).toBe(before + 1);
});

test("retry failed lets only this sweep's failed runs wait again", async () => {
  await createRuns(userId, { unitId, createdBy: "web", runs: [{ parameters: { lr: 9 }, metadata: {} }] });
  await failOne();
  const { sweep, runIds } = await make(1, 2);
  await failOne();
  expect((await retryFailed(userId, { sweepId: sweep.sweepId })).count).toBe(1);
  expect((await getRun(userId, runIds[0] ?? "")).status).toBe("pending");
  expect((await runsOfUnit(userId, unitId, { status: ["failed"] })).map((one) => one.parameters.lr)).toEqual([9]);
});

test("the outlook says when all runs would have ended, or why nobody can tell", async () => {
  const recipe = sweepRecipe.parse({ parameters: { epochs: { kind: "list", values: [10, 20, 30, 40] } } });
  const outlook = (leaveOut: number[] = []) => outlookOfSweep(userId, { unitId, recipe, leaveOut });
  expect(await outlook()).toEqual({ end: null, why: "nothingMeasured", runSeconds: null, measured: 0, misfits: 0 });
  await createRuns(userId, { unitId, createdBy: "web", runs: [{ parameters: { epochs: 10 }, metadata: {} }] });
  const { run } = await claimRun(userId, { unitId });
  await completeRun(userId, { runId: run?.runId ?? "" });
  await getSql()`UPDATE runs SET started_at = completed_at - interval '60 s' WHERE id = ${run?.runId ?? ""}`;
  // An epoch takes six seconds: 100 epochs are 600 s.
  const alone = await outlook();
  expect(alone).toMatchObject({ end: null, why: "noDriver", measured: 1 });
  expect(alone.runSeconds?.p50).toBeGreaterThan(500);
  expect(alone.runSeconds?.p90).toBeLessThan(1000);
  await heartbeat(userId, { unitId, driverId: "gpu1", slots: 1 });
  const secondsUntil = (at: string | undefined) => (new Date(at ?? "").getTime() - Date.now()) / 1000;
  const whole = await outlook();
  expect(whole.why).toBeNull();
  expect(secondsUntil(whole.end?.p50)).toBeGreaterThan(500);
  expect(secondsUntil(whole.end?.p90)).toBeGreaterThan(secondsUntil(whole.end?.p50));
  // The two long ones are left out: 30 epochs.
  expect(secondsUntil((await outlook([2, 3])).end?.p50)).toBeLessThan(240);
  expect(await outlook([0, 1, 2, 3])).toMatchObject({ end: null, why: "noRuns", runSeconds: null });
  // Made, they wait: what comes then ends later, and nothing of this was kept as an estimate.
  await createRuns(userId, { unitId, createdBy: "web", runs: [{ parameters: { epochs: 100 }, metadata: {} }] });
  expect(secondsUntil((await outlook()).end?.p50)).toBeGreaterThan(1000);
  expect(await getSql()`SELECT 1 FROM run_estimates WHERE unit_id = ${unitId}`).toHaveLength(0);
  const parametersSchema = { type: "object", properties: { epochs: { type: "number", maximum: 20 } } };
  await publishSchema(userId, { unitId, parametersSchema });
  expect(await outlook()).toMatchObject({ why: null, misfits: 2 });
  await pauseUnit(userId, { unitId });
  expect(await outlook()).toMatchObject({ end: null, why: "unitPaused" });
});

test("another account sees and changes nothing", async () => {
  const { sweep } = await make(1);
  const other = makeUserId();
  const refusal = { code: "NOT_FOUND" };
  await expect(getSweep(other, sweep.sweepId)).rejects.toMatchObject(refusal);
  await expect(previewSweep(other, { unitId, recipe: lrs(1) })).rejects.toMatchObject(refusal);
  await expect(outlookOfSweep(other, { unitId, recipe: lrs(1), leaveOut: [] })).rejects.toMatchObject(refusal);
  await expect(createSweep(other, { unitId, name: "x", ...which(5) })).rejects.toMatchObject(refusal);
  await expect(extendSweep(other, { sweepId: sweep.sweepId, ...which(5) })).rejects.toMatchObject(refusal);
  await expect(trimSweep(other, { sweepId: sweep.sweepId, keep: [] })).rejects.toMatchObject(refusal);
  await expect(retryFailed(other, { sweepId: sweep.sweepId })).rejects.toMatchObject(refusal);
});

test("10,000 rows beside 10,000 runs are previewed with less than a second of this process's time", async () => {
  const grid = (first: number) =>
    sweepRecipe.parse({
      parameters: {
        a: { kind: "range", from: first, to: first + 99, count: 100 },
        b: { kind: "range", from: 1, to: 100, count: 100 },
      },
    });
  await createSweep(userId, { unitId, name: "big", recipe: grid(1), leaveOut: [], onlyFresh: true });
  // Not by the clock, which also counts what others do on the machine.
  const started = process.cpuUsage();
  const { rows, fresh } = await previewSweep(userId, { unitId, recipe: grid(51) });
  const { user, system } = process.cpuUsage(started);
  const took = (user + system) / 1000;
  expect([rows.length, fresh]).toEqual([10_000, 5000]);
  expect(took).toBeLessThan(1000);
});
