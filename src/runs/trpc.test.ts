// What tRPC has beside the contract: bulk, move, pause, schemas, checkpoints, the trash; and the hints that pages live by.
import { beforeAll, describe, expect, test } from "vitest";
import { appRouter } from "../api/root";
import type { Hint } from "../platform/live-event";
import { createCallerFactory } from "../platform/trpc";
import { asRefused, refusal as refusalOf } from "../testing/callers";
import { type SseEvent, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices();
const { call, readEvents } = useHttpServer();

const callerOf = ({ userId }: Account) =>
  createCallerFactory(appRouter)({
    requestId: "req_test",
    locale: "en",
    authenticate: async () => ({ userId, scopes: ["*"] }),
    countTry: async () => {},
  });

let me: Account;
let mine: ReturnType<typeof callerOf>;
let other: ReturnType<typeof callerOf>;
beforeAll(async () => {
  me = await makeAccount();
  mine = callerOf(me);
  other = callerOf(await makeAccount());
});

let count = 0;
const make = async (runs: number) => {
  const names = { group: `g${++count}`, unit: "u" };
  const { groupId } = await mine.groups.create({ name: names.group });
  const { unitId } = await mine.units.create({ groupId, name: names.unit });
  const given = Array.from({ length: runs }, (_, n) => ({ parameters: { n }, name: `run ${n}` }));
  const made = await mine.runs.createMany({ unitId, runs: given });
  return { groupId, unitId, names, ids: made.runs.map((run) => run.runId) };
};
const order = async (unitId: string) => (await mine.runs.list({ unitId })).runs.map((run) => run.runId);
const statuses = async (unitId: string) => (await mine.runs.list({ unitId })).runs.map((run) => run.status);
const version = async (unitId: string) => (await mine.units.get({ unitId })).version;
const notFound = { code: "NOT_FOUND" };
const refusal = (call: Promise<unknown>) =>
  refusalOf(
    call.catch((error: unknown) => {
      throw asRefused(error);
    }),
  );

test("the best run is the first of those with the largest or smallest number, in its result or else its metrics", async () => {
  const { unitId, ids } = await make(6);
  const ends = [
    { result: { acc: 0.7 } },
    { result: { acc: null }, metrics: { acc: 0.9 } },
    { result: { acc: "0.99" } },
    { metrics: { acc: 0.9 } },
    { result: {} },
  ];
  for (const [n, end] of ends.entries()) {
    await mine.runs.start({ runId: ids[n] ?? "" });
    await mine.runs.complete({ runId: ids[n] ?? "", ...end });
  }
  const best = async (goal: "max" | "min", key = "acc") => (await mine.runs.best({ unitId, key, goal })).run?.runId;
  expect([await best("max"), await best("min"), await best("max", "loss")]).toEqual([ids[1], ids[0], undefined]);
  await expect(other.runs.best({ unitId, key: "acc", goal: "max" })).rejects.toMatchObject(notFound);

  const latest = (await mine.runs.latest({ unitId, limit: 3 })).runs.map((run) => run.runId);
  expect(latest).toEqual([ids[4], ids[3], ids[2]]);
  await expect(other.runs.latest({ unitId, limit: 3 })).rejects.toMatchObject(notFound);
});

describe("bulk", () => {
  test("cancels, retries and removes those that are named; others are counted as skipped", async () => {
    const { unitId, ids } = await make(4);
    const [a = "", b = "", c = ""] = ids;
    await mine.runs.start({ runId: c });
    const bulk = (action: "cancel" | "retry" | "remove", runIds: string[], dryRun = false) =>
      mine.runs.bulk({ unitId, action, runIds, dryRun });
    expect(await bulk("cancel", [a, c, "nobodys"], true)).toEqual({ count: 2, skipped: 1 });
    expect(await statuses(unitId)).toEqual(["pending", "pending", "running", "pending"]);
    expect(await bulk("remove", [b, c])).toEqual({ count: 1, skipped: 1 });
    expect(await bulk("cancel", [a, c, "nobodys"])).toEqual({ count: 2, skipped: 1 });
    expect(await bulk("retry", [a, a])).toEqual({ count: 1, skipped: 0 });
    expect(await statuses(unitId)).toEqual(["pending", "cancelled", "pending"]);
    expect(await version(unitId)).toBe(3); // added; removed
  });

  test("of the named ones only those that a filter finds: what has started since is not cancelled", async () => {
    const { unitId, ids } = await make(3);
    const [a = "", b = ""] = ids;
    await mine.runs.start({ runId: a });
    const answer = await mine.runs.bulk({
      unitId,
      action: "cancel",
      runIds: [a, b],
      filter: { status: ["pending"] },
    });
    expect(answer).toEqual({ count: 1, skipped: 1 });
    expect(await statuses(unitId)).toEqual(["running", "cancelled", "pending"]);
  });

  test("or all that a filter finds, of this unit only", async () => {
    const { unitId, ids } = await make(12);
    const elsewhere = await make(2);
    const found = await mine.runs.bulk({ unitId, action: "cancel", filter: { q: "RUN 1" }, dryRun: true });
    expect(found).toEqual({ count: 3, skipped: 0 }); // 1, 10, 11
    await mine.runs.bulk({ unitId, action: "cancel", filter: { q: "run 1" } });
    const removed = await mine.runs.bulk({ unitId, action: "remove", filter: { status: ["cancelled"] } });
    expect(removed).toEqual({ count: 3, skipped: 0 });
    expect(await order(unitId)).toEqual(ids.filter((_, n) => ![1, 10, 11].includes(n)));
    expect((await mine.runs.bulk({ unitId, action: "remove", runIds: elsewhere.ids })).count).toBe(0);
    expect(await order(elsewhere.unitId)).toEqual(elsewhere.ids);
    await expect(other.runs.bulk({ unitId, action: "cancel" })).rejects.toMatchObject(notFound);
  });
});

test("a change of a run that is meant for a version is refused when the unit has another one by now", async () => {
  const { unitId, ids } = await make(1);
  const [runId = ""] = ids;
  const change = (name: string, ifVersion: number) => mine.runs.update({ runId, name, ifVersion });
  expect((await change("a", 2)).name).toBe("a");
  await expect(change("b", 2)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
  expect([(await mine.runs.get({ runId })).name, await version(unitId)]).toEqual(["a", 3]);
});

describe("move", () => {
  test("puts runs before another, or behind all; what has started is named, and what changes nothing costs no version", async () => {
    const { unitId, ids } = await make(5);
    const [a = "", b = "", c = "", d = "", e = ""] = ids;
    expect(await mine.runs.move({ unitId, runIds: [d, e], beforeId: b })).toEqual({
      moved: [d, e],
      started: [],
      version: 3,
    });
    expect(await order(unitId)).toEqual([a, d, e, b, c]);
    expect((await mine.runs.move({ unitId, runIds: [d, e], beforeId: b })).version).toBe(3);
    await mine.units.claim({ unitId }); // a
    expect(await mine.runs.move({ unitId, runIds: [a, d], beforeId: null })).toEqual({
      moved: [d],
      started: [a],
      version: 4,
    });
    expect(await order(unitId)).toEqual([a, e, b, c, d]);
    await mine.runs.move({ unitId, runIds: [d], beforeId: a }); // started meanwhile: first of those that wait
    expect(await order(unitId)).toEqual([a, d, e, b, c]);
    await mine.runs.cancel({ runId: b });
    await mine.runs.move({ unitId, runIds: [d], beforeId: b }); // ended meanwhile: where that one stood
    expect(await order(unitId)).toEqual([a, e, d, b, c]);
    for (const runIds of [[b], [c, c]])
      await expect(mine.runs.move({ unitId, runIds, beforeId: b })).rejects.toMatchObject({ code: "BAD_REQUEST" });
    await expect(other.runs.move({ unitId, runIds: [b], beforeId: null })).rejects.toMatchObject(notFound);
  });

  test("names what is no run of this unit, and then nothing moves", async () => {
    const { unitId, ids } = await make(4);
    const [a = "", b = "", c = "", gone = ""] = ids;
    await mine.runs.remove({ runId: gone });
    const elsewhere = (await make(1)).ids[0] ?? "";
    for (const nobodys of ["nobodys", elsewhere, gone])
      expect(await refusal(mine.runs.move({ unitId, runIds: [c], beforeId: nobodys }))).toEqual({
        code: "INVALID_REQUEST",
        paths: ["beforeId"],
      });
    expect(await refusal(mine.runs.move({ unitId, runIds: [c, elsewhere, "nobodys"], beforeId: a }))).toEqual({
      code: "INVALID_REQUEST",
      paths: ["runIds[1]", "runIds[2]"],
    });
    expect([await order(unitId), await version(unitId)]).toEqual([[a, b, c], 3]);
    // Removed meanwhile is left out and named, as what has started.
    expect(await mine.runs.move({ unitId, runIds: [gone, c], beforeId: a })).toMatchObject({
      moved: [c],
      started: [gone],
    });
  });
});

test("a run's parent is a run of the same account that is there; anything else is named, and nothing is made", async () => {
  const { unitId, ids } = await make(2);
  const [parentId = "", gone = ""] = ids;
  await mine.runs.remove({ runId: gone });
  const elsewhere = (await make(1)).ids[0] ?? "";
  expect(await mine.runs.create({ unitId, parameters: {}, parentId: elsewhere })).toMatchObject({
    parentId: elsewhere,
  });
  const before = await version(unitId);
  const group = await other.groups.create({ name: "g" });
  const theirUnit = await other.units.create({ groupId: group.groupId, name: "u" });
  const theirs = await other.runs.create({ unitId: theirUnit.unitId, parameters: {} });
  for (const nobodys of ["nobodys", "", "\u0000", theirs.runId, gone])
    expect(await refusal(mine.runs.create({ unitId, parameters: {}, parentId: nobodys }))).toEqual({
      code: "INVALID_REQUEST",
      paths: ["parentId"],
    });
  const runs = [parentId, "nobodys", undefined, theirs.runId].map((one) => ({ parameters: {}, parentId: one }));
  expect(await refusal(mine.runs.createMany({ unitId, runs }))).toEqual({
    code: "INVALID_REQUEST",
    paths: ["runs[1].parentId", "runs[3].parentId"],
  });
  expect([await version(unitId), await order(unitId)]).toMatchObject([before, { length: 2 }]);
});

test("a whole number that would come back as another one is refused in one run and in a list", async () => {
  const { unitId } = await make(0);
  const parameters = { seed: 2 ** 60 };
  const invalid = (path: string) => ({ code: "INVALID_CONFIG", paths: [path] });
  expect(await refusal(mine.runs.create({ unitId, parameters }))).toEqual(invalid("parameters.seed"));
  const list = mine.runs.createMany({ unitId, runs: [{ parameters: {} }, { parameters }] });
  expect(await refusal(list)).toEqual(invalid("runs[1].parameters.seed"));
});

test("a unit is found by its names, the newest one of them", async () => {
  const { groupId, unitId, names } = await make(0);
  expect((await mine.units.find(names)).unitId).toBe(unitId);
  const newer = await mine.units.create({ groupId, name: "u" });
  expect((await mine.units.find(names)).unitId).toBe(newer.unitId);
  await mine.units.remove({ unitId: newer.unitId });
  expect((await mine.units.find(names)).unitId).toBe(unitId);
  await expect(other.units.find(names)).rejects.toMatchObject(notFound);
  await expect(mine.units.find({ ...names, unit: "U" })).rejects.toMatchObject(notFound);
});

test("a paused unit says so, with its reason, to its driver too", async () => {
  const { unitId } = await make(1);
  expect(await mine.units.pause({ unitId, reason: "upgrade" })).toMatchObject({
    paused: true,
    pausedReason: "upgrade",
    version: 2,
  });
  expect((await mine.units.heartbeat({ unitId })).paused).toBe(true);
  expect((await mine.units.claim({ unitId })).run).toBeNull();
  expect(await mine.units.resume({ unitId })).toMatchObject({ paused: false, pausedReason: null });
  expect((await mine.units.claim({ unitId })).run).not.toBeNull();
  await expect(other.units.pause({ unitId })).rejects.toMatchObject(notFound);
});

test("a heartbeat carries attempt and progress, and tells of what was started again", async () => {
  const { unitId, ids } = await make(1);
  const [runId = ""] = ids;
  await mine.units.claim({ unitId, driverId: "gpu-1" });
  const beat = (attempt: number) =>
    mine.units.heartbeat({
      unitId,
      driverId: "gpu-1",
      running: [{ runId, attempt, progress: { done: 3, total: 10 } }],
    });
  expect((await beat(1)).cancel).toEqual([]);
  expect(await mine.runs.get({ runId })).toMatchObject({ driverId: "gpu-1", progress: { done: 3, total: 10 } });
  await mine.runs.fail({ runId });
  await mine.runs.retry({ runId });
  await mine.units.claim({ unitId });
  expect([(await beat(1)).cancel, (await beat(2)).cancel]).toEqual([[runId], []]);
  expect((await beat(Number.MAX_SAFE_INTEGER)).cancel).toEqual([runId]);
});

test("a schema is published, kept with the unit, and what is none is refused", async () => {
  const { unitId, ids } = await make(1);
  const parametersSchema = { type: "object", properties: { n: { type: "string" } } };
  await mine.units.publishSchema({ unitId, parametersSchema });
  expect(await mine.units.get({ unitId })).toMatchObject({ parametersSchema, version: 2 });
  expect((await mine.runs.get({ runId: ids[0] ?? "" })).misfit).toBe("n must be text, not a number");
  await expect(mine.units.publishSchema({ unitId, parametersSchema: { type: "no" } })).rejects.toMatchObject({
    code: "BAD_REQUEST",
  });
  await expect(other.units.publishSchema({ unitId, parametersSchema: null })).rejects.toMatchObject(notFound);
});

test("the trash is listed and emptied by restoring", async () => {
  const { groupId, unitId, ids } = await make(1);
  const [runId = ""] = ids;
  await mine.runs.remove({ runId });
  expect((await mine.groups.trash()).removed[0]).toMatchObject({ kind: "run", id: runId });
  await mine.runs.restore({ runId });
  await mine.units.remove({ unitId });
  expect((await mine.groups.trash()).removed[0]).toMatchObject({ kind: "unit", id: unitId });
  await mine.units.restore({ unitId });
  await mine.groups.remove({ groupId });
  expect((await mine.groups.trash()).removed[0]).toMatchObject({ kind: "group", id: groupId });
  await mine.groups.restore({ groupId });
  expect(await order(unitId)).toEqual([runId]);
});

describe("live.events", () => {
  const hintsIn = (events: SseEvent[]): Hint[] =>
    events.flatMap((one) => (one.event === "message" ? (one.data as Hint[]) : []));
  /** The hints that come after `act`, until one of them is the wanted one. */
  const hintsOf = async (act: () => Promise<unknown>, until: (hint: Hint) => boolean): Promise<Hint[]> => {
    const path = `/api/trpc/live.events?input=${encodeURIComponent("{}")}`;
    const headers = { Authorization: `Bearer ${me.key}`, Accept: "text/event-stream" };
    const events = await readEvents(path, {
      headers,
      onOpen: () => void act(),
      until: (seen) => hintsIn(seen).some(until),
    });
    return hintsIn(events);
  };

  test("tell of a group, a unit, a run and its output", async () => {
    const { unitId, ids } = await make(1);
    const [runId = ""] = ids;
    const { userId } = me;
    const about = (kind: Hint["kind"]) => (hint: Hint) => hint.kind === kind;
    expect(await hintsOf(() => mine.groups.create({ name: "g" }), about("groups"))).toContainEqual({
      kind: "groups",
      userId,
    });
    const unit = await hintsOf(() => mine.units.pause({ unitId }), about("unit"));
    expect(unit).toContainEqual({ kind: "unit", userId, unitId });
    const run = await hintsOf(() => mine.runs.start({ runId }), about("run"));
    expect(run).toContainEqual({ kind: "run", userId, unitId, runId, status: "running" });
    const append = () => mine.runs.appendLogs({ runId, lines: [{ message: "a" }] });
    expect(await hintsOf(append, about("runOutput"))).toContainEqual({ kind: "runOutput", userId, unitId, runId });
  });

  test("of what a keyed POST creates come after the commit: the group can be read by then", async () => {
    const create = () =>
      call("POST", "/v2/groups", { key: me.key, body: { name: "keyed" }, headers: { "Idempotency-Key": "live-1" } });
    await hintsOf(create, (hint) => hint.kind === "groups");
    const groups = (await mine.groups.list()).groups.map((group) => group.name);
    expect(groups).toContain("keyed");
  });
});
