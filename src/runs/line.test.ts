// The waiting line by windows: what a page fetches of it, and how it moves what it does not know.
import { beforeEach, expect, test } from "vitest";
import { makeUserId } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { claimRun } from "./claim";
import { createRuns, removeRun } from "./edit-runs";
import { createGroup } from "./groups";
import { heartbeat } from "./heartbeat";
import { findInLine, idsOfLine, keysOfLine, windowOfLine } from "./line";
import { planOfUnit } from "./plan";
import { runsOfUnit } from "./read-runs";
import { moveInLine } from "./reorder";
import { createUnit } from "./units";

useTestServices();

const userId = makeUserId();
let unitId = "";
let ids: string[] = [];
beforeEach(async () => {
  const { groupId } = await createGroup(userId, { name: "g", metadata: {} });
  const unit = await createUnit(userId, { groupId, name: "u", config: {}, metadata: {}, stallTimeoutSeconds: 120 });
  unitId = unit.unitId;
  const runs = Array.from({ length: 12 }, (_, n) => ({
    name: `run ${n + 1}`,
    parameters: { lr: n, bs: 32 },
    metadata: {},
  }));
  ids = (await createRuns(userId, { unitId, createdBy: "web", runs })).map((run) => run.runId);
});

const windowOf = (from: number, count: number, also: string[] = []) =>
  windowOfLine(userId, { unitId, from, count, also });
const namesOf = async () => (await windowOf(0, 100)).runs.map((run) => run.name.replace("run ", "")).join(" ");

test("a window has its runs with their numbers, those that were asked for by id, and the total", async () => {
  const { total, runs } = await windowOf(3, 2, [ids[9] ?? "", "run_of_nobody"]);
  expect(total).toBe(12);
  expect(runs.map(({ at, name }) => [at, name])).toEqual([
    [3, "run 4"],
    [4, "run 5"],
    [9, "run 10"],
  ]);
  expect(await windowOf(50, 10)).toEqual({ total: 12, runs: [] });
});

test("what is claimed or removed has left the line, and the others have moved up", async () => {
  await claimRun(userId, { unitId });
  await removeRun(userId, { runId: ids[2] ?? "" });
  const { total, runs } = await windowOf(0, 2, [ids[0] ?? "", ids[2] ?? "", ids[3] ?? ""]);
  expect(total).toBe(10);
  expect(runs.map(({ at, name }) => [at, name])).toEqual([
    [0, "run 2"],
    [1, "run 4"],
  ]);
  expect(await idsOfLine(userId, { unitId })).toEqual([ids[1], ...ids.slice(3)]);
});

test("windows of an empty line are empty", async () => {
  for (const runId of ids) await removeRun(userId, { runId });
  expect(await windowOf(0, 10)).toEqual({ total: 0, runs: [] });
  expect(await findInLine(userId, { unitId, text: "", limit: 5 })).toEqual({ found: [], total: 0 });
  expect(await keysOfLine(userId, { unitId })).toEqual([]);
});

test.each([
  ["2", ["run 2", "run 12"], 2],
  ["#11", ["run 11"], 1],
  ["RUN 1", ["run 1", "run 10", "run 11"], 4],
  ["", ["run 1", "run 2", "run 3"], 12],
  ["%", [], 0],
  ["99999999999", [], 0],
])("what is typed, %j, finds the run of that number first, then those of that name", async (text, names, all) => {
  const { found, total } = await findInLine(userId, { unitId, text, limit: 3 });
  expect(found.map((one) => one.name)).toEqual(names);
  expect(total).toBe(all);
  for (const one of found) expect(ids[one.at]).toBe(one.runId);
});

test("keys are of the parameters that differ, one that some runs lack too; of a single run all", async () => {
  expect(await keysOfLine(userId, { unitId })).toEqual(["lr"]);
  const more = [{ lr: 1, bs: 32, seed: null }].map((parameters) => ({ parameters, metadata: {} }));
  await createRuns(userId, { unitId, createdBy: "web", runs: more });
  expect(await keysOfLine(userId, { unitId })).toEqual(["lr", "seed"]);
  for (const { runId } of (await runsOfUnit(userId, unitId)).slice(1)) await removeRun(userId, { runId });
  expect(await keysOfLine(userId, { unitId })).toEqual(["bs", "lr"]);
});

test("runs go to a number in the order of the line, and the moves back undo it", async () => {
  const [, , , fourth = "", , sixth = "", , , , tenth = ""] = ids;
  const { moved, at, total, back } = await moveInLine(userId, {
    unitId,
    runIds: [tenth, fourth, sixth],
    to: { at: 1 },
  });
  expect(moved).toEqual([fourth, sixth, tenth]);
  expect({ at, total }).toEqual({ at: 1, total: 12 });
  expect(await namesOf()).toBe("1 4 6 10 2 3 5 7 8 9 11 12");
  for (const { runIds, beforeId } of back) await moveInLine(userId, { unitId, runIds, to: { beforeId } });
  expect(await namesOf()).toBe("1 2 3 4 5 6 7 8 9 10 11 12");
});

test("a number beyond the end is the end, and what has started is named", async () => {
  await claimRun(userId, { unitId });
  const [first = "", second = ""] = ids;
  const answer = await moveInLine(userId, { unitId, runIds: [first, second], to: { at: 5000 } });
  expect(answer).toMatchObject({ moved: [second], started: [first], at: 10, total: 11 });
  expect(await namesOf()).toBe("3 4 5 6 7 8 9 10 11 12 2");
});

test("a part of the plan tells of its runs what the whole tells of them", async () => {
  await heartbeat(userId, { unitId, driverId: "gpu1", slots: 1 });
  await claimRun(userId, { unitId });
  const whole = await planOfUnit(userId, unitId);
  const part = await planOfUnit(userId, unitId, { from: 4, count: 3 });
  expect(part.waiting).toEqual(whole.waiting.slice(4, 7));
  expect(part.waiting.map((one) => one.runId)).toEqual(ids.slice(5, 8));
});
