// Which silent runs are given up, on PostgreSQL's clock, and what their driver may still do.
import { beforeAll, describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { cancelRun, retryRun } from "./cancel";
import { claimRun } from "./claim";
import { createRuns, removeRun } from "./edit-runs";
import { completeRun, failRun } from "./finish";
import { createGroup } from "./groups";
import { heartbeat } from "./heartbeat";
import { getRun } from "./read-runs";
import { sweepStalled } from "./stall-sweep";
import { createUnit, getUnit } from "./units";

useTestServices();

let me: Account;
beforeAll(async () => {
  me = await makeAccount();
});

const newUnit = async (stallTimeoutSeconds: number | null = 60): Promise<string> => {
  const { groupId } = await createGroup(me.userId, { name: "g", metadata: {} });
  const input = { groupId, name: "u", config: {}, metadata: {}, stallTimeoutSeconds };
  return (await createUnit(me.userId, input)).unitId;
};
const start = async (unitId: string): Promise<string> => {
  await createRuns(me.userId, { unitId, runs: [{ parameters: {}, metadata: {} }], createdBy: "web" });
  return (await claimRun(me.userId, { unitId })).run?.runId ?? "";
};
/** As if so much time had passed for all that runs. */
const pass = async (unitId: string, seconds: number): Promise<void> => {
  const sql = getSql();
  await sql`UPDATE runs SET last_named_at = last_named_at - make_interval(secs => ${seconds}) WHERE unit_id = ${unitId}`;
  await sql`UPDATE unit_presence SET last_heartbeat_at = last_heartbeat_at - make_interval(secs => ${seconds}) WHERE unit_id = ${unitId}`;
};
const status = async (runId: string) => (await getRun(me.userId, runId)).status;
/** A fraction, as the clock gives it. */
const LONG = 100_000.5;

describe("a silent run", () => {
  test("is given up as well when it was last heard of before PostgreSQL's clock was set back by an hour", async () => {
    const unitId = await newUnit(60);
    await heartbeat(me.userId, { unitId });
    const runId = await start(unitId);
    await pass(unitId, -3600);
    await sweepStalled(59);
    expect(await status(runId)).toBe("running");
    await sweepStalled(61);
    expect(await status(runId)).toBe("failed");
  });

  test("is failed as `driver lost` once its unit's time is over, and not before; the version stays", async () => {
    const unitId = await newUnit(60);
    await heartbeat(me.userId, { unitId });
    const runId = await start(unitId);
    const { version } = await getUnit(me.userId, unitId);
    await pass(unitId, 55);
    await sweepStalled(LONG);
    expect(await status(runId)).toBe("running");
    await pass(unitId, 6);
    await sweepStalled(LONG);
    expect(await getRun(me.userId, runId)).toMatchObject({
      status: "failed",
      errorMessage: "driver lost",
      errorKind: "lost",
      cancelledAt: null,
    });
    expect((await getUnit(me.userId, unitId)).version).toBe(version);
  });

  test("is left alone when its unit was never connected, until a heartbeat comes", async () => {
    const unitId = await newUnit(60);
    const runId = await start(unitId);
    await pass(unitId, 1000);
    await sweepStalled(LONG);
    expect(await status(runId)).toBe("running");
    await heartbeat(me.userId, { unitId, running: [] });
    await pass(unitId, 55);
    await sweepStalled(LONG);
    expect(await status(runId)).toBe("running");
    await pass(unitId, 6);
    await sweepStalled(LONG);
    expect(await status(runId)).toBe("failed");
  });

  test("is left alone where the time is off", async () => {
    for (const off of [null, 0]) {
      const unitId = await newUnit(off);
      await heartbeat(me.userId, { unitId });
      const runId = await start(unitId);
      await pass(unitId, 1_000_000);
      await sweepStalled(LONG);
      expect(await status(runId)).toBe("running");
    }
  });

  test("is left alone right after an outage of our own: silence that nobody could break counts for nobody", async () => {
    const unitId = await newUnit(60);
    await heartbeat(me.userId, { unitId });
    const runId = await start(unitId);
    await pass(unitId, 1000);
    await sweepStalled(59.9);
    expect(await status(runId)).toBe("running");
    await sweepStalled(60.1);
    expect(await status(runId)).toBe("failed");
  });

  test("a heartbeat without `running` is for all; one with it only for those that it names", async () => {
    const unitId = await newUnit(60);
    await heartbeat(me.userId, { unitId });
    const [named, silent] = [await start(unitId), await start(unitId)];
    await pass(unitId, 50);
    await heartbeat(me.userId, { unitId });
    await pass(unitId, 50);
    await heartbeat(me.userId, { unitId, running: [{ runId: named }] });
    await pass(unitId, 11);
    await sweepStalled(LONG);
    expect([await status(named), await status(silent)]).toEqual(["running", "failed"]);
  });

  test("is not kept alive under another attempt, nor by another account", async () => {
    const unitId = await newUnit(60);
    await heartbeat(me.userId, { unitId });
    const runId = await start(unitId);
    await pass(unitId, 61);
    await heartbeat(me.userId, { unitId, running: [{ runId, attempt: 2 }] });
    const other = await makeAccount();
    await expect(heartbeat(other.userId, { unitId, running: [{ runId }] })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await sweepStalled(LONG);
    expect(await status(runId)).toBe("failed");
  });
});

describe("a driver that comes back", () => {
  const lost = async () => {
    const unitId = await newUnit(60);
    await heartbeat(me.userId, { unitId });
    const runId = await start(unitId);
    await pass(unitId, 61);
    await sweepStalled(LONG);
    expect(await status(runId)).toBe("failed");
    return { unitId, runId };
  };
  const refused = { code: "INVALID_QUEUE_STATUS" };

  test("is not told to stop, and its end is accepted once", async () => {
    const { unitId, runId } = await lost();
    expect((await heartbeat(me.userId, { unitId, running: [{ runId, attempt: 1 }] })).cancel).toEqual([]);
    const done = await completeRun(me.userId, { runId, attempt: 1, result: { a: 1 } });
    expect(done).toMatchObject({ status: "completed", result: { a: 1 }, errorMessage: null, errorKind: null });
    expect(await completeRun(me.userId, { runId, attempt: 1, result: { a: 1 } })).toEqual(done);
    await expect(failRun(me.userId, { runId, attempt: 1 })).rejects.toMatchObject(refused);
  });

  test("may say that it failed, too", async () => {
    const { runId } = await lost();
    const failed = await failRun(me.userId, { runId, errorMessage: "oom" });
    expect(failed).toMatchObject({ status: "failed", errorMessage: "oom", errorKind: "failed" });
    await expect(completeRun(me.userId, { runId })).rejects.toMatchObject(refused);
  });

  test("is told to stop, and refused, when it was retried or started again meanwhile", async () => {
    const { unitId, runId } = await lost();
    await retryRun(me.userId, { runId });
    const beat = { unitId, running: [{ runId, attempt: 1 }] };
    expect((await heartbeat(me.userId, beat)).cancel).toEqual([runId]);
    await expect(completeRun(me.userId, { runId, attempt: 1 })).rejects.toMatchObject(refused);
    await claimRun(me.userId, { unitId });
    expect((await heartbeat(me.userId, beat)).cancel).toEqual([runId]);
    await expect(completeRun(me.userId, { runId, attempt: 1 })).rejects.toMatchObject(refused);
    expect((await completeRun(me.userId, { runId, attempt: 2 })).status).toBe("completed");
  });

  test("is told to stop, and finds nothing, when it was removed", async () => {
    const { unitId, runId } = await lost();
    await removeRun(me.userId, { runId });
    expect((await heartbeat(me.userId, { unitId, running: [{ runId }] })).cancel).toEqual([runId]);
    await expect(completeRun(me.userId, { runId })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a lost run cannot be cancelled: it has ended", async () => {
    const { runId } = await lost();
    await expect(cancelRun(me.userId, { runId })).rejects.toMatchObject(refused);
  });
});
