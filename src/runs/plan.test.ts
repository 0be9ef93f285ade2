import { beforeEach, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { makeUserId } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { claimRun } from "./claim";
import { createRuns, publishSchema } from "./edit-runs";
import { completeRun } from "./finish";
import { createGroup } from "./groups";
import { heartbeat } from "./heartbeat";
import { planOfUnit } from "./plan";
import { createUnit, pauseUnit } from "./units";

useTestServices();

const userId = makeUserId();
let unitId = "";
beforeEach(async () => {
  const { groupId } = await createGroup(userId, { name: "g", metadata: {} });
  const unit = await createUnit(userId, { groupId, name: "u", config: {}, metadata: {}, stallTimeoutSeconds: 120 });
  unitId = unit.unitId;
});

const add = async (...all: Record<string, unknown>[]) => {
  const runs = all.map((parameters) => ({ parameters, metadata: {} }));
  return (await createRuns(userId, { unitId, createdBy: "web", runs })).map((run) => run.runId);
};
/** A run that took so long, as its row says. */
const measure = async (epochs: number, seconds: number) => {
  await add({ epochs });
  const { run } = await claimRun(userId, { unitId });
  const runId = run?.runId ?? "";
  await completeRun(userId, { runId });
  await getSql()`UPDATE runs SET started_at = completed_at - make_interval(secs => ${seconds}) WHERE id = ${runId}`;
};
const codes = async () => (await planOfUnit(userId, unitId)).waiting.map((one) => one.reason.code);
const secondsUntil = (at: string | undefined) => (new Date(at ?? "").getTime() - Date.now()) / 1000;

test("each cause is told from the tables", async () => {
  await add({ lr: 1 }, { lr: "high" }, { lr: 2 });
  expect(await codes()).toEqual(["noDriver", "noDriver", "noDriver"]);
  await heartbeat(userId, { unitId, driverId: "gpu1", slots: 1 });
  await publishSchema(userId, {
    unitId,
    parametersSchema: { type: "object", properties: { lr: { type: "number" } }, required: ["lr"] },
  });
  expect(await codes()).toEqual(["next", "parametersDoNotFit", "behindOthers"]);
  await claimRun(userId, { unitId });
  expect(await codes()).toEqual(["parametersDoNotFit", "allSlotsBusy"]);
  await pauseUnit(userId, { unitId, reason: "night" });
  expect((await planOfUnit(userId, unitId)).waiting[0]?.reason).toEqual({
    code: "unitPaused",
    params: { reason: "night" },
  });
});

test("claims take exactly the runs that the plan lets go, in its order", async () => {
  await publishSchema(userId, {
    unitId,
    parametersSchema: { type: "object", properties: { lr: {} }, required: ["lr"] },
  });
  await add({ lr: 1 }, { bs: 1 }, { lr: 2 }, { bs: 2 }, { lr: 3 });
  await heartbeat(userId, { unitId });
  const { waiting } = await planOfUnit(userId, unitId);
  const taken: string[] = [];
  for (;;) {
    const { run } = await claimRun(userId, { unitId });
    if (!run) break;
    taken.push(run.runId);
  }
  expect(taken).toEqual(waiting.filter(({ reason }) => reason.code !== "parametersDoNotFit").map((one) => one.runId));
  expect(taken).toHaveLength(3);
  await add({ lr: 4 });
  await pauseUnit(userId, { unitId });
  expect((await claimRun(userId, { unitId })).run).toBeNull();
});

test("times come from what was measured, scaled by epochs, over the drivers' slots", async () => {
  for (const epochs of [10, 20, 30, 40]) await measure(epochs, epochs * 6);
  await add({ epochs: 10 }, { epochs: 100 }, { epochs: 10 });
  expect((await planOfUnit(userId, unitId)).waiting.map((one) => one.end)).toEqual([null, null, null]);
  await heartbeat(userId, { unitId, driverId: "gpu1", slots: 1 });
  await heartbeat(userId, { unitId, driverId: "gpu2", slots: 1 });
  const { waiting } = await planOfUnit(userId, unitId);
  const ends = waiting.map((one) => secondsUntil(one.end?.p50));
  for (const [nth, expected] of [60, 600, 120].entries()) {
    expect(ends[nth]).toBeGreaterThan(expected * 0.85);
    expect(ends[nth]).toBeLessThan(expected * 1.15);
  }
});

test("what was said first is kept and compared with what became of it", async () => {
  await measure(10, 60);
  await add({ epochs: 10 });
  await heartbeat(userId, { unitId, driverId: "gpu1" });
  expect((await planOfUnit(userId, unitId)).accuracy).toBeNull();
  await planOfUnit(userId, unitId);
  const { run } = await claimRun(userId, { unitId });
  await completeRun(userId, { runId: run?.runId ?? "" });
  const sql = getSql();
  expect(await sql`SELECT 1 FROM run_estimates WHERE unit_id = ${unitId}`).toHaveLength(1);
  // as if it had taken a little longer than the middle of what was said
  await sql`
    UPDATE runs SET started_at = e.made_at, completed_at = e.made_at + make_interval(secs => e.end_p50_seconds + 1)
    FROM run_estimates e WHERE e.run_id = runs.id AND e.unit_id = ${unitId}`;
  expect((await planOfUnit(userId, unitId)).accuracy).toMatchObject({ count: 1, shareHeld: 1 });
  await sql`UPDATE runs SET completed_at = started_at + interval '1 s' WHERE id = ${run?.runId ?? ""}`;
  expect((await planOfUnit(userId, unitId)).accuracy).toMatchObject({ count: 1, shareHeld: 0 });
});

test("another account has no plan of it", async () => {
  await expect(planOfUnit(makeUserId(), unitId)).rejects.toMatchObject({ code: "NOT_FOUND" });
});
