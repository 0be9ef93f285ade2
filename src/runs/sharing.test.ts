// Sharing groups: what is told of them, races of a withdrawal, and that nobody sees more after one. Who may what: sharing-matrix.test.ts.
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { getSql } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import type { Hint } from "../platform/live-event";
import { refusalIn, type SseEvent, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { GROUP_FIELDS } from "../testing/rest-units";
import { useTestServices } from "../testing/services";
import { claimRun } from "./claim";
import { createRuns, updateRun } from "./edit-runs";
import { completeRun } from "./finish";
import { createGroup, getGroup, listGroups, updateGroup } from "./groups";
import { heartbeat } from "./heartbeat";
import { getRun, listRuns } from "./read-runs";
import { appendRunLogs } from "./run-output";
import { listShares, shareGroup, unshareGroup } from "./shares";
import { listTrash } from "./trash";
import { unitLock } from "./unit-lock";
import { createUnit, findUnit, getUnit, pauseUnit } from "./units";

useTestServices();
const { call, readEvents } = useHttpServer();

let owner: Account;
let guest: Account;
beforeAll(async () => {
  owner = await makeAccount();
  guest = await makeAccount();
});

const newGroup = async (userId: string, name = "g") => (await createGroup(userId, { name, metadata: {} })).groupId;
const newUnit = async (userId: string, groupId: string, name = "u") =>
  (await createUnit(userId, { groupId, name, config: {}, metadata: {}, stallTimeoutSeconds: 120 })).unitId;
const addRun = async (userId: string, unitId: string, parentId?: string) => {
  const [run] = await createRuns(userId, {
    unitId,
    runs: [{ parameters: {}, metadata: {}, parentId }],
    createdBy: "web",
  });
  return run?.runId ?? "";
};
const share = (groupId: string, role: "viewer" | "editor" = "editor", account = guest) =>
  shareGroup(owner.userId, { groupId, email: account.email, role });
const unshare = (groupId: string, account = guest) => unshareGroup(owner.userId, { groupId, userId: account.userId });
const makeShared = async (role: "viewer" | "editor" = "editor") => {
  const groupId = await newGroup(owner.userId);
  const unitId = await newUnit(owner.userId, groupId);
  const runId = await addRun(owner.userId, unitId);
  await share(groupId, role);
  return { groupId, unitId, runId };
};
const notFound = { code: "NOT_FOUND" };

describe("what a share is", () => {
  test("by address, whatever its case; shared again it changes the role, and the owner sees the list", async () => {
    const groupId = await newGroup(owner.userId);
    await share(groupId, "viewer");
    await shareGroup(owner.userId, { groupId, email: ` ${guest.email.toUpperCase()}`, role: "editor" });
    expect(await listShares(owner.userId, { groupId })).toEqual([
      {
        userId: guest.userId,
        email: guest.email,
        role: "editor",
        createdAt: expect.any(String),
        createdBy: owner.userId,
      },
    ]);
  });

  test.each([
    ["nobody@example.org", "is no account's address"],
    [() => owner.email, "is your own address: the group is yours"],
  ])("an address that cannot be shared with is named", async (email, message) => {
    const groupId = await newGroup(owner.userId);
    const body = { email: typeof email === "string" ? email : email(), role: "viewer" };
    const answer = await call("PUT", `/v2/groups/${groupId}/shares`, { key: owner.key, body });
    expect(refusalIn(answer)).toEqual({ status: 400, code: "INVALID_REQUEST", paths: ["email"] });
    expect(answer.json.details).toEqual([{ path: "email", message }]);
  });

  test("of a group that is another account's or in the trash, an address is not even looked up", async () => {
    const groupId = await newGroup(guest.userId);
    for (const email of [guest.email, "nobody@example.org"])
      await expect(shareGroup(owner.userId, { groupId, email, role: "viewer" })).rejects.toMatchObject(notFound);
  });

  test("whom it was given to may give it back", async () => {
    const { groupId } = await makeShared("viewer");
    await unshareGroup(guest.userId, { groupId, userId: guest.userId });
    expect((await listGroups(guest.userId)).some((one) => one.groupId === groupId)).toBe(false);
    await expect(unshareGroup(guest.userId, { groupId, userId: guest.userId })).rejects.toMatchObject(notFound);
  });

  test("the list of groups has it, with whose it is and the role; own groups look as before", async () => {
    const { groupId } = await makeShared("viewer");
    const ownId = await newGroup(guest.userId, "own");
    const { groups } = (await call("GET", "/v2/groups", { key: guest.key })).json as { groups: JsonObject[] };
    const byId = new Map(groups.map((one) => [one.group_id, one]));
    expect(byId.get(groupId)).toMatchObject({ user_id: owner.userId, role: "viewer", owner_email: owner.email });
    expect(Object.keys(byId.get(ownId) ?? {}).sort()).toEqual(GROUP_FIELDS);
    expect(groups.map((one) => one.created_at)).toEqual([...groups.map((one) => one.created_at)].sort().reverse());
  });
});

describe("what an editor makes belongs to the owner", () => {
  test("units, runs, claims and their events", async () => {
    const { groupId } = await makeShared();
    const unitId = await newUnit(guest.userId, groupId, "by the guest");
    await call("POST", "/v1/webhooks", { key: owner.key, body: { url: "https://hooks.example.org/x" } });
    const runId = await addRun(guest.userId, unitId);
    await heartbeat(guest.userId, { unitId, driverId: "gpu" });
    expect((await claimRun(guest.userId, { unitId })).run).toMatchObject({ runId, userId: owner.userId });
    await completeRun(guest.userId, { runId });
    expect((await getUnit(owner.userId, unitId)).userId).toBe(owner.userId);
    const events = await getSql()`SELECT DISTINCT user_id FROM webhook_events WHERE subject_id = ${runId}`;
    expect(events.map((one) => one.user_id)).toEqual([owner.userId]);
    expect((await listRuns(owner.userId, {})).runs.map((run) => run.runId)).toContain(runId);
    expect((await listRuns(guest.userId, {})).runs.map((run) => run.runId)).not.toContain(runId);
  });

  test("a parent of one's own may be named; who does not see it does not learn of it", async () => {
    const { unitId } = await makeShared();
    const secret = await addRun(guest.userId, await newUnit(guest.userId, await newGroup(guest.userId)));
    const runId = await addRun(guest.userId, unitId, secret);
    const lineOf = async (account: Account) => {
      const input = encodeURIComponent(JSON.stringify({ runId }));
      const { json } = await call("GET", `/api/trpc/runs.lineage?input=${input}`, { key: account.key });
      return (json as { result: { data: { line: JsonObject[] } } }).result.data.line.map((one) => one.runId);
    };
    expect(await lineOf(guest)).toEqual([runId, secret]);
    expect(await lineOf(owner)).toEqual([runId]);
  });
});

test("an owner's changes and claims never look at the shares", async () => {
  const { unitId } = await makeShared();
  const loopsOf = (node: JsonObject): number[] => [
    ...(node["Relation Name"] === "group_shares" ? [Number(node["Actual Loops"])] : []),
    ...((node.Plans as JsonObject[] | undefined) ?? []).flatMap(loopsOf),
  ];
  const loopsFor = async (account: Account) => {
    const sql = getSql();
    const [row] = await sql<{ "QUERY PLAN": JsonObject[] }[]>`
      EXPLAIN (ANALYZE, FORMAT JSON) ${unitLock(sql, account.userId, unitId)}`;
    return loopsOf(row?.["QUERY PLAN"][0]?.Plan as JsonObject);
  };
  expect(await loopsFor(owner)).toEqual([0]);
  expect(await loopsFor(guest)).toEqual([1]);
});

test("of two units of one name the caller's own is found, however new the other's is", async () => {
  const name = "same";
  const own = await newUnit(guest.userId, await newGroup(guest.userId, name), name);
  const groupId = await newGroup(owner.userId, name);
  const theirs = await newUnit(owner.userId, groupId, name);
  await share(groupId);
  expect((await findUnit(guest.userId, { group: name, unit: name })).unitId).toBe(own);
  expect((await findUnit(owner.userId, { group: name, unit: name })).unitId).toBe(theirs);
  await updateGroup(owner.userId, { groupId, name: "other" });
  expect((await findUnit(guest.userId, { group: "other", unit: name })).unitId).toBe(theirs);
});

describe("a withdrawal and an edit at once", () => {
  const isPending = async (promise: Promise<unknown>): Promise<boolean> => {
    const late = Symbol("late");
    const wait = new Promise((resolve) => setTimeout(resolve, 150, late));
    return (await Promise.race([promise.catch(() => undefined), wait])) === late;
  };

  test("an edit that comes while a withdrawal is under way waits for it, and is refused", async () => {
    const { groupId, unitId, runId } = await makeShared();
    const edits = [
      () => addRun(guest.userId, unitId),
      () => claimRun(guest.userId, { unitId }),
      () => pauseUnit(guest.userId, { unitId }),
      () => newUnit(guest.userId, groupId),
      () => updateRun(guest.userId, { runId, name: "edited" }),
      () => heartbeat(guest.userId, { unitId }),
    ];
    let under: Promise<unknown>[] = [];
    await getSql().begin(async (sql) => {
      await sql`DELETE FROM group_shares WHERE group_id = ${groupId}`;
      under = edits.map((edit) => edit());
      for (const one of under) expect(await isPending(one)).toBe(true);
    });
    for (const one of under) await expect(one).rejects.toMatchObject(notFound);
    expect(await getUnit(owner.userId, unitId)).toMatchObject({
      version: 2,
      paused: false,
      connectionStatus: "disconnected",
    });
    expect((await getRun(owner.userId, runId)).status).toBe("pending");
  });

  test("output and ends likewise", async () => {
    const { groupId, unitId, runId } = await makeShared();
    await claimRun(guest.userId, { unitId });
    let under: Promise<unknown>[] = [];
    await getSql().begin(async (sql) => {
      await sql`DELETE FROM group_shares WHERE group_id = ${groupId}`;
      under = [
        completeRun(guest.userId, { runId }),
        appendRunLogs(guest.userId, { runId, lines: [{ message: "a", stream: "stdout" }] }),
      ];
      for (const one of under) expect(await isPending(one)).toBe(true);
    });
    for (const one of under) await expect(one).rejects.toMatchObject(notFound);
    expect((await getRun(owner.userId, runId)).status).toBe("running");
  });

  test("a withdrawal waits for the edit that is under way, and a demotion too", async () => {
    for (const withdraw of [unshare, (groupId: string) => share(groupId, "viewer")]) {
      const { groupId, unitId } = await makeShared();
      let edit: Promise<unknown> = Promise.resolve();
      let withdrawal: Promise<unknown> = Promise.resolve();
      await getSql().begin(async (sql) => {
        await sql`SELECT 1 FROM units WHERE id = ${unitId} FOR UPDATE`;
        edit = addRun(guest.userId, unitId);
        expect(await isPending(edit)).toBe(true);
        withdrawal = withdraw(groupId);
        expect(await isPending(withdrawal)).toBe(true);
      });
      await withdrawal;
      const { version } = await getUnit(owner.userId, unitId);
      await edit;
      expect((await getUnit(owner.userId, unitId)).version).toBe(version);
    }
  });

  test("in whatever order they come, nothing is written once the withdrawal was answered", async () => {
    const { groupId, unitId } = await makeShared();
    for (let round = 0; round < 30; round++) {
      await share(groupId);
      const edits = Array.from({ length: 4 }, () => addRun(guest.userId, unitId).catch((error: unknown) => error));
      await new Promise((resolve) => setTimeout(resolve, round % 6));
      await unshare(groupId);
      const { version } = await getUnit(owner.userId, unitId);
      await Promise.all(edits);
      expect((await getUnit(owner.userId, unitId)).version).toBe(version);
    }
  });
});

test("whatever is shared and withdrawn, each sees exactly what is shared with him", async () => {
  const others = [guest, await makeAccount()];
  const made: { groupId: string; unitId: string; runId: string }[] = [];
  for (let n = 0; n < 3; n++) {
    const groupId = await newGroup(owner.userId);
    const unitId = await newUnit(owner.userId, groupId);
    made.push({ groupId, unitId, runId: await addRun(owner.userId, unitId) });
  }
  const seen = async (read: Promise<unknown>) => read.then(() => true).catch(() => false);
  const step = fc.record({
    group: fc.nat({ max: 2 }),
    account: fc.nat({ max: 1 }),
    role: fc.constantFrom("viewer" as const, "editor" as const, null),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      await getSql()`DELETE FROM group_shares WHERE group_id = ANY(${made.map((one) => one.groupId)})`;
      const roles = new Map<string, string>();
      for (const { group, account, role } of steps) {
        const { groupId } = made[group] ?? { groupId: "" };
        const who = others[account] ?? guest;
        if (role) await share(groupId, role, who);
        else if (roles.delete(`${groupId} ${who.userId}`)) await unshare(groupId, who);
        if (role) roles.set(`${groupId} ${who.userId}`, role);
        for (const { userId } of others) {
          const listed = new Map((await listGroups(userId)).map((one) => [one.groupId, one.role]));
          for (const { groupId, unitId, runId } of made) {
            const wanted = roles.get(`${groupId} ${userId}`);
            expect(listed.get(groupId)).toBe(wanted);
            expect(await seen(getGroup(userId, groupId))).toBe(wanted !== undefined);
            expect(await seen(getUnit(userId, unitId))).toBe(wanted !== undefined);
            expect(await seen(getRun(userId, runId))).toBe(wanted !== undefined);
            expect(await seen(updateRun(userId, { runId, metadata: {} }))).toBe(wanted === "editor");
          }
          expect((await listTrash(userId)).length).toBe(0);
        }
      }
    }),
    { numRuns: 8, seed: 20_261_130 },
  );
}, 90_000);

describe("live hints", () => {
  const hintsIn = (events: SseEvent[]): Hint[] =>
    events.flatMap((one) => (one.event === "message" ? (one.data as Hint[]) : []));
  const follow = (act: () => Promise<unknown>, until: (hint: Hint) => boolean) =>
    readEvents(`/api/trpc/live.events?input=${encodeURIComponent("{}")}`, {
      headers: { Authorization: `Bearer ${guest.key}`, Accept: "text/event-stream" },
      onOpen: () => void act(),
      until: (seen) => hintsIn(seen).some(until),
    });

  test("tell a viewer of the group, its units and runs, and of no other group of its owner's", async () => {
    const { groupId, unitId, runId } = await makeShared("viewer");
    const hiddenGroup = await newGroup(owner.userId);
    const hidden = await newUnit(owner.userId, hiddenGroup);
    const act = async () => {
      await updateGroup(owner.userId, { groupId: hiddenGroup, name: "hidden" });
      await pauseUnit(owner.userId, { unitId: hidden });
      await updateGroup(owner.userId, { groupId, name: "seen" });
      await pauseUnit(owner.userId, { unitId });
      await getSql()`UPDATE units SET paused = false WHERE id = ${unitId}`;
      await claimRun(owner.userId, { unitId });
      await appendRunLogs(owner.userId, { runId, lines: [{ message: "a", stream: "stdout" }] });
    };
    const hints = hintsIn(await follow(act, (hint) => hint.kind === "runOutput"));
    const userId = owner.userId;
    expect(hints).toContainEqual({ kind: "groups", userId, groupId });
    expect(hints).toContainEqual({ kind: "unit", userId, unitId });
    expect(hints).toContainEqual({ kind: "runOutput", userId, unitId, runId });
    expect(JSON.stringify(hints)).not.toContain(hidden);
    expect(JSON.stringify(hints)).not.toContain(hiddenGroup);
  });

  test("end with the share, also in a stream that is open, and begin with it", async () => {
    const { groupId, unitId } = await makeShared("viewer");
    const later = await newGroup(owner.userId);
    const laterUnit = await newUnit(owner.userId, later);
    const act = async () => {
      // A hint that waits to be sent when the share is withdrawn is not sent either.
      await pauseUnit(owner.userId, { unitId });
      await unshare(groupId);
      await pauseUnit(owner.userId, { unitId });
      await share(later, "viewer");
      await pauseUnit(owner.userId, { unitId: laterUnit });
    };
    const hints = hintsIn(await follow(act, (hint) => hint.kind === "unit" && hint.unitId === laterUnit));
    expect(hints).toContainEqual({ kind: "shares", userId: guest.userId });
    const afterWithdrawal = hints.slice(hints.findIndex((hint) => hint.kind === "shares"));
    expect(JSON.stringify(afterWithdrawal)).not.toContain(unitId);
  });
});
