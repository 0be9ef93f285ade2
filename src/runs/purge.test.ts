// RETENTION_DAYS and those beside it, for runs: what is old goes with all that hangs on it, and the unit's version tells.
import { beforeAll, beforeEach, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { claimRun } from "./claim";
import { createRuns, removeRun } from "./edit-runs";
import { completeRun } from "./finish";
import { createGroup } from "./groups";
import { purgeRunLogs, purgeRunMetrics, purgeRuns } from "./purge";
import { getRun, runsOfUnit } from "./read-runs";
import { appendRunLogs, appendRunMetrics, saveCheckpoint } from "./run-output";
import { restoreRun } from "./trash";
import { createUnit, getUnit } from "./units";

useTestServices({ RETENTION_DAYS: "30", LOG_RETENTION_DAYS: "10", METRIC_RETENTION_DAYS: "20", TRASH_DAYS: "30" });

let me: Account;
beforeAll(async () => {
  me = await makeAccount();
});
beforeEach(async () => {
  await getSql()`DELETE FROM runs`;
});
const goingOn = () => new AbortController().signal;

/** A unit with runs that have ended, each with a line, a point and a checkpoint, and one that waits. */
const makeUnit = async (ended: number) => {
  const { groupId } = await createGroup(me.userId, { name: "g", metadata: {} });
  const input = { groupId, name: "u", config: {}, metadata: {}, stallTimeoutSeconds: 120 };
  const { unitId } = await createUnit(me.userId, input);
  const runs = Array.from({ length: ended + 1 }, (_, n) => ({ parameters: { n }, name: `r${n}`, metadata: {} }));
  await createRuns(me.userId, { unitId, runs, createdBy: "web" });
  const ids: string[] = [];
  for (let n = 0; n < ended; n++) {
    const { run } = await claimRun(me.userId, { unitId });
    const runId = run?.runId ?? "";
    await appendRunLogs(me.userId, { runId, lines: [{ message: "x", stream: "stdout" }] });
    await appendRunMetrics(me.userId, { runId, points: [{ key: "k", value: 1, step: 1 }] });
    await saveCheckpoint(me.userId, { runId, state: { step: 1 } });
    await completeRun(me.userId, { runId, result: {} });
    ids.push(runId);
  }
  return { unitId, ids };
};
const age = (runIds: (string | undefined)[], days: number) =>
  getSql()`UPDATE runs SET completed_at = now() - make_interval(days => ${days}, secs => 60) WHERE id = ANY(${runIds.map(String)})`;
const leftOf = async (runId: string | undefined) => {
  const id = String(runId);
  const [row] = await getSql()`
    SELECT (SELECT count(*) FROM log_chunks WHERE subject_id = ${id}) AS logs, (SELECT count(*) FROM metric_points WHERE subject_id = ${id}) AS points,
      (SELECT count(*) FROM run_checkpoints WHERE run_id = ${id}) AS checkpoints, (SELECT count(*) FROM runs WHERE id = ${id}) AS runs`;
  return row;
};

test("runs that ended long ago go with all they left; the unit's version rises by one, and those in the trash keep their own time", async () => {
  const { unitId, ids } = await makeUnit(4);
  const [old, older, young, removed = ""] = ids;
  await age([old, older, removed], 30);
  await age([young], 29);
  await removeRun(me.userId, { runId: removed });
  const { version } = await getUnit(me.userId, unitId);
  expect(await purgeRuns(goingOn())).toBe(2);
  expect(await leftOf(old)).toEqual({ logs: 0, points: 0, checkpoints: 0, runs: 0 });
  await expect(getRun(me.userId, String(older))).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect((await runsOfUnit(me.userId, unitId)).map(({ status }) => status)).toEqual(["completed", "pending"]);
  const after = await getUnit(me.userId, unitId);
  expect([after.version, after.runCount]).toEqual([version + 1, 2]);
  await restoreRun(me.userId, { runId: removed });
  expect((await getRun(me.userId, removed)).status).toBe("completed");
  expect(await purgeRuns(goingOn())).toBe(1);
  expect(await purgeRuns(goingOn())).toBe(0);
  expect((await getUnit(me.userId, unitId)).version).toBe(version + 3);
});

test("logs and metrics of runs go by days of their own, and no version tells of it", async () => {
  const { unitId, ids } = await makeUnit(1);
  await age(ids, 21);
  const { version } = await getUnit(me.userId, unitId);
  expect([await purgeRunLogs(goingOn()), await purgeRunMetrics(goingOn())]).toEqual([1, 1]);
  expect(await leftOf(ids[0])).toEqual({ logs: 0, points: 0, checkpoints: 1, runs: 1 });
  expect([await purgeRunLogs(goingOn()), await purgeRunMetrics(goingOn())]).toEqual([0, 0]);
  expect((await getUnit(me.userId, unitId)).version).toBe(version);
});
