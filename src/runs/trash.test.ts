// What is removed can be restored with all that went along, until it is purged.
import { beforeAll, describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { claimRun } from "./claim";
import { createRuns, removeRun } from "./edit-runs";
import { createGroup, getGroup, listGroups } from "./groups";
import { heartbeat } from "./heartbeat";
import { getRun, runsOfUnit } from "./read-runs";
import { appendRunLogs, appendRunMetrics, readCheckpoint, saveCheckpoint } from "./run-output";
import { listTrash, purgeTrash, removeGroup, removeUnit, restoreGroup, restoreRun, restoreUnit } from "./trash";
import { createUnit, getUnit } from "./units";

useTestServices({ TRASH_DAYS: "30" });

let me: Account;
let other: Account;
beforeAll(async () => {
  me = await makeAccount();
  other = await makeAccount();
});

const notFound = { code: "NOT_FOUND" };
const make = async () => {
  const { groupId } = await createGroup(me.userId, { name: "g", metadata: {} });
  const input = { groupId, name: "u", config: {}, metadata: {}, stallTimeoutSeconds: 120 };
  const { unitId } = await createUnit(me.userId, input);
  const given = Array.from({ length: 3 }, (_, n) => ({ parameters: { n }, name: `r${n}`, metadata: {} }));
  const runs = await createRuns(me.userId, { unitId, runs: given, createdBy: "web" });
  const [a = "", b = "", c = ""] = runs.map((run) => run.runId);
  return { groupId, unitId, a, b, c };
};
const order = async (unitId: string) => (await runsOfUnit(me.userId, unitId)).map((run) => run.runId);
const trashed = async () => (await listTrash(me.userId)).map((one) => one.id);
const age = async (table: "groups" | "units" | "runs", id: string, days: number) => {
  const sql = getSql();
  await sql`UPDATE ${sql(table)} SET deleted_at = now() - make_interval(days => ${days}, secs => 60) WHERE id = ${id}`;
};

describe("restoring", () => {
  test("a run comes back in its place, and the version rises by one each way", async () => {
    const { unitId, a, b, c } = await make();
    await removeRun(me.userId, { runId: b });
    expect([await order(unitId), (await getUnit(me.userId, unitId)).version]).toEqual([[a, c], 3]);
    expect(await restoreRun(me.userId, { runId: b })).toMatchObject({ runId: b, order: 2, status: "pending" });
    expect([await order(unitId), (await getUnit(me.userId, unitId)).version]).toEqual([[a, b, c], 4]);
    await expect(restoreRun(me.userId, { runId: b })).rejects.toMatchObject(notFound);
  });

  test("a unit comes back with the runs that went along, not with those removed before", async () => {
    const { unitId, a, b, c } = await make();
    await removeRun(me.userId, { runId: b });
    await removeUnit(me.userId, { unitId, force: false });
    await expect(restoreRun(me.userId, { runId: b })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(restoreRun(me.userId, { runId: a })).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await restoreUnit(me.userId, { unitId })).runCount).toBe(2);
    expect(await order(unitId)).toEqual([a, c]);
    await restoreRun(me.userId, { runId: b });
    expect(await order(unitId)).toEqual([a, b, c]);
  });

  test("a group comes back with the units that went along, not with one removed before", async () => {
    const { groupId, unitId, a } = await make();
    const input = { groupId, name: "gone before", config: {}, metadata: {}, stallTimeoutSeconds: 120 };
    const before = (await createUnit(me.userId, input)).unitId;
    await removeUnit(me.userId, { unitId: before, force: false });
    await removeGroup(me.userId, { groupId, force: false });
    await expect(restoreUnit(me.userId, { unitId: before })).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await restoreGroup(me.userId, { groupId })).unitCount).toBe(1);
    expect((await getRun(me.userId, a)).status).toBe("pending");
    await expect(getUnit(me.userId, before)).rejects.toMatchObject(notFound);
    expect((await restoreUnit(me.userId, { unitId: before })).name).toBe("gone before");
    expect((await getUnit(me.userId, unitId)).version).toBe(2);
  });

  test("is for its owner only, and lists what can come back by itself, newest first", async () => {
    const { groupId, unitId, a, b } = await make();
    const gone = await make();
    await removeRun(me.userId, { runId: a });
    await removeUnit(me.userId, { unitId: gone.unitId, force: false });
    expect((await trashed()).slice(0, 2)).toEqual([gone.unitId, a]);
    expect(await trashed()).not.toContain(gone.a);
    const [{ deletedAt, purgedAt, ...shown } = { deletedAt: "", purgedAt: "" }] = await listTrash(me.userId);
    expect(shown).toEqual({ kind: "unit", id: gone.unitId, name: "g / u" });
    expect(Date.parse(purgedAt) - Date.parse(deletedAt)).toBe(30 * 86_400_000);
    expect(await listTrash(other.userId)).toEqual([]);
    const tries = await Promise.allSettled([
      restoreRun(other.userId, { runId: a }),
      restoreUnit(other.userId, { unitId: gone.unitId }),
      restoreGroup(other.userId, { groupId }),
      restoreRun(me.userId, { runId: b }),
      restoreUnit(me.userId, { unitId }),
      restoreGroup(me.userId, { groupId }),
    ]);
    expect(tries).toMatchObject(tries.map(() => ({ status: "rejected", reason: notFound })));
  });

  test("of ten that restore a run at once it comes back once", async () => {
    const { unitId, b } = await make();
    await removeRun(me.userId, { runId: b });
    await Promise.all(Array.from({ length: 10 }, () => restoreRun(me.userId, { runId: b }).catch(() => null)));
    expect([(await order(unitId)).length, (await getUnit(me.userId, unitId)).version]).toEqual([3, 4]);
  });
});

describe("purging", () => {
  test("takes what has lain there for TRASH_DAYS with logs, metrics and checkpoints, and nothing else", async () => {
    const { unitId, a, b, c } = await make();
    await claimRun(me.userId, { unitId });
    await appendRunLogs(me.userId, { runId: a, lines: [{ message: "x", stream: "stdout" }] });
    await appendRunMetrics(me.userId, { runId: a, points: [{ key: "k", value: 1, step: 1 }] });
    await saveCheckpoint(me.userId, { runId: a, state: { step: 1 } });
    await getSql()`UPDATE runs SET status = 'completed', completed_at = now() WHERE id = ${a}`;
    await removeRun(me.userId, { runId: a });
    await removeRun(me.userId, { runId: b });
    await age("runs", a, 30);
    await age("runs", b, 29);
    expect(await purgeTrash()).toBe(1);
    const [left] = await getSql()`
      SELECT (SELECT count(*) FROM log_chunks WHERE subject_id = ${a}) AS logs, (SELECT count(*) FROM metric_points WHERE subject_id = ${a}) AS points,
        (SELECT count(*) FROM run_checkpoints WHERE run_id = ${a}) AS checkpoints, (SELECT count(*) FROM runs WHERE id = ${a}) AS runs`;
    expect(left).toEqual({ logs: 0, points: 0, checkpoints: 0, runs: 0 });
    await expect(restoreRun(me.userId, { runId: a })).rejects.toMatchObject(notFound);
    await restoreRun(me.userId, { runId: b });
    expect(await order(unitId)).toEqual([b, c]);
  });

  test("takes a group with its units and runs, however many there are", async () => {
    const { groupId, unitId } = await make();
    await heartbeat(me.userId, { unitId, driverId: "d" });
    const many = Array.from({ length: 1500 }, () => ({ parameters: {}, metadata: {} }));
    await createRuns(me.userId, { unitId, runs: many, createdBy: "web" });
    await removeGroup(me.userId, { groupId, force: false });
    const sql = getSql();
    await age("groups", groupId, 31);
    await age("units", unitId, 31);
    await sql`UPDATE runs SET deleted_at = now() - interval '31 days' WHERE unit_id = ${unitId}`;
    expect(await purgeTrash()).toBe(1503);
    const [left] = await sql`
      SELECT (SELECT count(*) FROM groups WHERE id = ${groupId}) AS groups, (SELECT count(*) FROM units WHERE id = ${unitId}) AS units,
        (SELECT count(*) FROM unit_presence WHERE unit_id = ${unitId}) AS beats, (SELECT count(*) FROM unit_drivers WHERE unit_id = ${unitId}) AS drivers`;
    expect(left).toEqual({ groups: 0, units: 0, beats: 0, drivers: 0 });
  });

  test("leaves what is in use", async () => {
    const { groupId, unitId, a, b, c } = await make();
    await purgeTrash();
    expect([await order(unitId), (await getGroup(me.userId, groupId)).unitCount]).toEqual([[a, b, c], 1]);
    expect((await listGroups(me.userId)).some((group) => group.groupId === groupId)).toBe(true);
  });
});

test("a checkpoint outlives its attempt and the trash", async () => {
  const { unitId, a } = await make();
  expect(await readCheckpoint(me.userId, { runId: a })).toEqual({ checkpoint: null });
  await claimRun(me.userId, { unitId });
  await saveCheckpoint(me.userId, { runId: a, attempt: 1, state: { w: [1] }, step: 5, uri: "s3://x" });
  await saveCheckpoint(me.userId, { runId: a, attempt: 1, state: { w: [2] } });
  const expected = {
    checkpoint: { attempt: 1, step: null, uri: null, state: { w: [2] }, savedAt: expect.any(String) },
  };
  expect(await readCheckpoint(me.userId, { runId: a })).toEqual(expected);
  await expect(saveCheckpoint(me.userId, { runId: a, attempt: 2, state: {} })).rejects.toMatchObject({
    code: "INVALID_QUEUE_STATUS",
  });
  await removeUnit(me.userId, { unitId, force: true });
  await expect(readCheckpoint(me.userId, { runId: a })).rejects.toMatchObject(notFound);
  await restoreUnit(me.userId, { unitId });
  expect(await readCheckpoint(me.userId, { runId: a })).toEqual(expected);
});
