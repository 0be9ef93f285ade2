// One table of scenarios over both callers of V2, tRPC and REST, so that neither adapter can wander.
import { beforeAll, describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { refusal } from "../testing/callers";
import { useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { type RunCaller, restRunCaller, trpcRunCaller } from "../testing/run-callers";
import { useTestServices } from "../testing/services";
import { sweepStalled } from "./stall-sweep";

useTestServices();
const { call } = useHttpServer();

describe.each([
  ["tRPC", (account: Account): RunCaller => trpcRunCaller(account)],
  ["REST", (account: Account): RunCaller => restRunCaller(account, call)],
])("over %s", (name, callerOf) => {
  let me: RunCaller;
  let other: RunCaller;
  const parameters = { lr: 0.1, nested: { Keep_me: 1, keepMe: 2 } };
  const inOwn = (trpc: string, rest: string) => (name === "REST" ? rest : trpc);
  const newUnit = async (): Promise<string> => {
    const { groupId } = await me.createGroup({ name: "g" });
    return (await me.createUnit(groupId, { name: "u" })).unitId;
  };
  const withRuns = async (count: number) => {
    const unitId = await newUnit();
    return {
      unitId,
      ids: await me.addMany(
        unitId,
        Array.from({ length: count }, (_, n) => ({ parameters: { n } })),
      ),
    };
  };

  beforeAll(async () => {
    me = callerOf(await makeAccount());
    other = callerOf(await makeAccount());
  });

  test("a group is made, read, changed, listed newest first, and removed", async () => {
    const group = await me.createGroup({ name: "vision", description: "d", metadata: { a: 1 } });
    const later = await me.createGroup({ name: "later" });
    expect(await me.group(group.groupId)).toEqual(group);
    expect((await me.groups()).slice(0, 2)).toEqual([later.groupId, group.groupId]);
    const changed = await me.changeGroup(group.groupId, { name: "new", description: null });
    expect(changed).toMatchObject({ name: "new", description: null, metadata: { a: 1 }, unitCount: 0 });
    await me.removeGroup(group.groupId);
    expect(await refusal(me.group(group.groupId))).toEqual({ code: "NOT_FOUND", paths: [] });
  });

  test("a unit is made, read and changed, and its version says so", async () => {
    const { groupId } = await me.createGroup({ name: "g" });
    const unit = await me.createUnit(groupId, { name: "u", config: parameters, stallTimeoutSeconds: 0 });
    expect(unit).toMatchObject({
      config: parameters,
      version: 1,
      status: "idle",
      stallTimeoutSeconds: null,
      runCount: 0,
    });
    expect([await me.unit(unit.unitId), await me.units(groupId)]).toEqual([unit, [unit.unitId]]);
    expect((await me.changeUnit(unit.unitId, { name: "v" }, 1)).version).toBe(2);
    expect((await me.changeUnit(unit.unitId, { name: "v" })).version).toBe(2);
    expect(await refusal(me.changeUnit(unit.unitId, { name: "w" }, 1))).toEqual({
      code: "PRECONDITION_FAILED",
      paths: [],
    });
    expect((await me.unit(unit.unitId)).name).toBe("v");
  });

  test("a run is added, read back the same, changed while it waits, and removed", async () => {
    const unitId = await newUnit();
    const run = await me.add(unitId, { parameters, metadata: { by: "ada" }, createdBy: "client" });
    expect(run).toMatchObject({
      parameters,
      name: "lr=0.1",
      order: 1,
      status: "pending",
      attempt: 0,
      createdBy: "client",
    });
    expect(await me.run(run.runId)).toEqual(run);
    const changed = await me.changeRun(run.runId, { parameters: { lr: 1 }, name: "one" });
    expect(changed).toMatchObject({ parameters: { lr: 1 }, name: "one", metadata: { by: "ada" } });
    await me.removeRun(run.runId);
    expect(await refusal(me.run(run.runId))).toEqual({ code: "NOT_FOUND", paths: [] });
    expect((await me.unit(unitId)).version).toBe(4);
  });

  test("a batch keeps its order, and is all or nothing", async () => {
    const { unitId, ids } = await withRuns(3);
    expect(await me.list(unitId)).toEqual(ids);
    expect(await refusal(me.addMany(unitId, [{ parameters }, { parameters, name: "" }]))).toEqual({
      code: "INVALID_REQUEST",
      paths: [inOwn("runs[1].name", "queues[1].name")],
    });
    expect(await me.addMany(unitId, [])).toEqual([]);
    expect(await me.unit(unitId)).toMatchObject({ version: 2, runCount: 3 });
  });

  test("a reorder exchanges places; what cannot be moved is named, and nothing moves", async () => {
    const { unitId, ids } = await withRuns(3);
    const [a = "", b = "", c = ""] = ids;
    expect(await me.reorder(unitId, [c, a])).toEqual([c, b, a]);
    expect(await refusal(me.reorder(unitId, [b, b]))).toEqual({
      code: "INVALID_REQUEST",
      paths: [inOwn("runIds[1]", "queue_ids[1]")],
    });
    expect(await refusal(me.reorder(unitId, [b, "nobodys"]))).toEqual({
      code: "INVALID_QUEUE_STATUS",
      paths: [inOwn("runIds[1]", "queue_ids[1]")],
    });
    expect([await me.list(unitId), (await me.claim(unitId))?.runId]).toEqual([[c, b, a], c]);
  });

  test("a driver claims, reports and ends; the same end again is answered, another refused", async () => {
    const { unitId, ids } = await withRuns(1);
    const run = await me.claim(unitId);
    expect(run).toMatchObject({ runId: ids[0], status: "running", attempt: 1 });
    expect(await me.claim(unitId)).toBeNull();
    expect((await me.unit(unitId)).status).toBe("running");
    const runId = run?.runId ?? "";
    expect(await me.sendMetrics(runId, [{ key: "loss", value: 0.5, step: 1 }])).toBe(1);
    expect(await me.sendLogs(runId, [{ message: "a" }, { message: "b", stream: "stderr" }])).toBe(2);
    expect(await me.metrics(runId)).toMatchObject({ loss: [{ step: 1, value: 0.5 }] });
    expect((await me.logs(runId, { lines: 1 })).map(({ line, message }) => [line, message])).toEqual([[2, "b"]]);
    const end = { attempt: 1, result: { accuracy: 0.9 }, metrics: { loss: 0.5 } };
    expect(await refusal(me.complete(runId, { ...end, attempt: 2 }))).toEqual({
      code: "INVALID_QUEUE_STATUS",
      paths: [],
    });
    const done = await me.complete(runId, end);
    expect(done).toMatchObject({ status: "completed", result: end.result, metrics: end.metrics });
    expect(await me.complete(runId, end)).toEqual(done);
    const late = [
      me.complete(runId),
      me.fail(runId),
      me.sendMetrics(runId, []),
      me.sendLogs(runId, []),
      me.cancel(runId),
    ];
    const refusals = await Promise.all(late.map(refusal));
    expect(refusals).toEqual(late.map(() => ({ code: "INVALID_QUEUE_STATUS", paths: [] })));
    expect((await me.unit(unitId)).status).toBe("completed");
  });

  test("a cancelled run ends at once, its driver is told, and it is retried from a clean slate", async () => {
    const { unitId, ids } = await withRuns(2);
    const [a = "", b = ""] = ids;
    await me.claim(unitId);
    expect(await me.cancel(a, "no")).toMatchObject({ status: "cancelled", errorMessage: "cancelled: no" });
    expect(await me.beat(unitId, [a])).toMatchObject({ connectionStatus: "connected", cancel: [a] });
    expect([await me.list(unitId, ["cancelled"]), await me.list(unitId, ["failed"])]).toEqual([[a], []]);
    expect(await me.retry(a)).toMatchObject({ status: "pending", errorMessage: null, order: 1 });
    expect(await refusal(me.retry(a))).toEqual({ code: "INVALID_QUEUE_STATUS", paths: [] });
    expect(await me.start(b)).toMatchObject({ status: "running", attempt: 1 });
    expect(await refusal(me.start(b))).toEqual({ code: "INVALID_QUEUE_STATUS", paths: [] });
    expect(await refusal(me.changeRun(b, { name: "x" }))).toEqual({ code: "INVALID_QUEUE_STATUS", paths: [] });
    expect(await refusal(me.removeRun(b))).toEqual({ code: "INVALID_QUEUE_STATUS", paths: [] });
    expect(await me.fail(b, { errorMessage: "oom" })).toMatchObject({ status: "failed", errorMessage: "oom" });
    expect(await me.claim(unitId)).toMatchObject({ runId: a, attempt: 2 });
  });

  test("a silent driver's run is lost; its end is still taken, unless the run was retried or removed meanwhile", async () => {
    const { unitId, ids } = await withRuns(4);
    const [a = "", b = "", c = "", d = ""] = ids;
    await me.beat(unitId);
    for (const _ of ids) await me.claim(unitId);
    await me.beat(unitId, [d]);
    await getSql()`UPDATE runs SET last_named_at = now() - interval '121 seconds' WHERE id = ANY(${[a, b, c]})`;
    await sweepStalled(1000);
    expect(await me.run(a)).toMatchObject({ status: "failed", errorMessage: "driver lost" });
    expect(await me.list(unitId, ["failed"])).toEqual([a, b, c]);
    expect((await me.beat(unitId, [a, b, c, d])).cancel).toEqual([]);
    expect(await me.sendMetrics(a, [{ key: "loss", value: 1 }])).toBe(1);
    expect(await me.complete(a, { attempt: 1, result: { late: true } })).toMatchObject({
      status: "completed",
      errorMessage: null,
      result: { late: true },
    });
    await me.retry(b);
    await me.removeRun(c);
    expect((await me.beat(unitId, [a, b, c, d])).cancel).toEqual([b, c]);
    const late = [me.complete(b, { attempt: 1 }), me.complete(c, { attempt: 1 })];
    const codes = (await Promise.all(late.map(refusal))).map(({ code }) => code);
    expect(codes).toEqual(["INVALID_QUEUE_STATUS", "NOT_FOUND"]);
    expect(await me.claim(unitId)).toMatchObject({ runId: b, attempt: 2 });
    expect(await refusal(me.fail(b, { attempt: 1 }))).toEqual({ code: "INVALID_QUEUE_STATUS", paths: [] });
    expect(await me.run(b)).toMatchObject({ status: "running", attempt: 2 });
  });

  test("a client learns by sync what has changed since its version", async () => {
    const { unitId, ids } = await withRuns(2);
    expect(await me.sync(unitId)).toMatchObject({ needSync: true, cloudVersion: 2, runIds: ids });
    expect(await me.sync(unitId, 2)).toMatchObject({ needSync: false, runIds: ids });
    expect(await refusal(me.sync(unitId, -1))).toEqual({
      code: "INVALID_REQUEST",
      paths: [inOwn("clientVersion", "client_version")],
    });
  });

  test("what holds a running run is removed by force only; statistics count until then", async () => {
    const { unitId } = await withRuns(3);
    const { groupId } = await me.unit(unitId);
    await me.complete((await me.claim(unitId))?.runId ?? "");
    await me.claim(unitId);
    const counts = { total: 3, pending: 1, running: 1, completed: 1 };
    expect([await me.unitStatistics(unitId), await me.groupStatistics(groupId)]).toMatchObject([counts, counts]);
    const removals = await Promise.all([me.removeUnit(unitId), me.removeGroup(groupId)].map(refusal));
    expect(removals.map(({ code }) => code)).toEqual(["CONFLICT", "CONFLICT"]);
    await me.removeUnit(unitId, true);
    expect(await refusal(me.claim(unitId))).toEqual({ code: "NOT_FOUND", paths: [] });
    expect(await me.groupStatistics(groupId)).toMatchObject({ total: 0 });
    await me.removeGroup(groupId);
  });

  test("objects of another account are not there", async () => {
    const { unitId, ids } = await withRuns(1);
    const [runId = ""] = ids;
    const { groupId } = await me.unit(unitId);
    const before = [await me.group(groupId), await me.unit(unitId), await me.run(runId)];
    const tries = [
      other.group(groupId),
      other.changeGroup(groupId, { name: "x" }),
      other.removeGroup(groupId, true),
      other.groupStatistics(groupId),
      other.createUnit(groupId, { name: "x" }),
      other.units(groupId),
      other.unit(unitId),
      other.changeUnit(unitId, { name: "x" }),
      other.removeUnit(unitId, true),
      other.unitStatistics(unitId),
      other.sync(unitId),
      other.beat(unitId),
      other.claim(unitId),
      other.add(unitId, { parameters }),
      other.addMany(unitId, []),
      other.list(unitId),
      other.reorder(unitId, [runId]),
      other.run(runId),
      other.changeRun(runId, { name: "x" }),
      other.removeRun(runId),
      other.start(runId),
      other.complete(runId),
      other.fail(runId),
      other.cancel(runId),
      other.retry(runId),
      other.sendMetrics(runId, []),
      other.sendLogs(runId, []),
      other.metrics(runId),
      other.logs(runId),
    ];
    const codes = (await Promise.all(tries.map(refusal))).map(({ code }) => code);
    expect(codes).toEqual(tries.map(() => "NOT_FOUND"));
    expect([await me.group(groupId), await me.unit(unitId), await me.run(runId)]).toEqual(before);
  });

  test("bad input is refused with the same code and path", async () => {
    const unitId = await newUnit();
    expect(await refusal(me.add(unitId, { parameters: { text: "\u0000" } }))).toEqual({
      code: "INVALID_CONFIG",
      paths: ["parameters.text"],
    });
    expect(await refusal(me.createGroup({ name: "" }))).toEqual({ code: "INVALID_REQUEST", paths: ["name"] });
    const { runId } = await me.add(unitId, { parameters });
    await me.start(runId);
    expect(
      await refusal(
        me.sendMetrics(runId, [
          { key: "a", value: 1 },
          { key: "", value: 1 },
        ]),
      ),
    ).toEqual({
      code: "INVALID_REQUEST",
      paths: ["points[1].key"],
    });
    expect(await refusal(me.fail(runId, { errorMessage: "x".repeat(100_001) }))).toEqual({
      code: "INVALID_REQUEST",
      paths: [inOwn("errorMessage", "error_message")],
    });
  });
});
