// The version rises by one with each call that changes the unit or its runs' names, parameters, order or number; by none with all others.
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { DomainError } from "../platform/errors";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { cancelRun, changeMany, retryRun } from "./cancel";
import { claimRun } from "./claim";
import { createRuns, removeRun, updateRun } from "./edit-runs";
import { completeRun, failRun } from "./finish";
import { createGroup } from "./groups";
import { heartbeat } from "./heartbeat";
import { moveRuns, reorderRuns } from "./reorder";
import { appendRunMetrics } from "./run-output";
import { restoreRun } from "./trash";
import { createUnit, getUnit, pauseUnit, resumeUnit, updateUnit } from "./units";

useTestServices();

let me: Account;
beforeAll(async () => {
  me = await makeAccount();
});

/** All that the version stands for, and no more. */
const content = async (unitId: string): Promise<string> => {
  const [row] = await getSql()`
    SELECT u.name, u.description, u.config, u.metadata,
      (SELECT jsonb_agg(jsonb_build_array(r.id, r.name, r.parameters) ORDER BY r.place) FROM runs r WHERE r.unit_id = u.id AND r.deleted_at IS NULL) AS runs
    FROM units u WHERE u.id = ${unitId}`;
  return JSON.stringify(row);
};

const nth = fc.nat(5);
const call = fc.oneof(
  fc.record({ verb: fc.constant("add" as const), count: fc.nat(3) }),
  fc.record({ verb: fc.constant("edit" as const), nth, lr: fc.nat(1), name: fc.constantFrom("a", "b", undefined) }),
  fc.record({ verb: fc.constantFrom("remove" as const, "restore" as const), nth }),
  fc.record({ verb: fc.constantFrom("reorder" as const, "move" as const), nth, other: nth }),
  fc.record({ verb: fc.constantFrom("claim" as const, "beat" as const, "pause" as const, "resume" as const) }),
  fc.record({ verb: fc.constantFrom("complete" as const, "fail" as const, "cancel" as const, "retry" as const), nth }),
  fc.record({ verb: fc.constant("metrics" as const), nth }),
  fc.record({
    verb: fc.constant("bulk" as const),
    action: fc.constantFrom("cancel" as const, "retry" as const, "remove" as const),
    dryRun: fc.boolean(),
  }),
  fc.record({ verb: fc.constant("unit" as const), name: fc.constantFrom("u", "v"), lr: fc.nat(1), stall: fc.nat(9) }),
);

type AnyCall = typeof call extends fc.Arbitrary<infer One> ? One : never;

const newRuns = (unitId: string, count: number) =>
  createRuns(me.userId, {
    unitId,
    runs: Array.from({ length: count }, () => ({ parameters: { lr: 0 }, name: "a", metadata: {} })),
    createdBy: "web",
  });

const perform = async (unitId: string, ids: string[], one: AnyCall): Promise<void> => {
  const { userId } = me;
  const idAt = (n: number): string => ids[n % ids.length] ?? "";
  switch (one.verb) {
    case "add":
      ids.push(...(await newRuns(unitId, one.count)).map((run) => run.runId));
      return;
    case "edit":
      await updateRun(userId, { runId: idAt(one.nth), parameters: { lr: one.lr }, name: one.name });
      return;
    case "remove":
      return removeRun(userId, { runId: idAt(one.nth) });
    case "restore":
      await restoreRun(userId, { runId: idAt(one.nth) });
      return;
    case "reorder":
      await reorderRuns(userId, { unitId, runIds: [idAt(one.nth), idAt(one.other)] });
      return;
    case "move":
      await moveRuns(userId, { unitId, runIds: [idAt(one.nth)], beforeId: one.other === 0 ? null : idAt(one.other) });
      return;
    case "claim":
      await claimRun(userId, { unitId });
      return;
    case "beat":
      await heartbeat(userId, { unitId, running: ids.map((runId) => ({ runId, progress: { done: 1, total: 2 } })) });
      return;
    case "pause":
      await pauseUnit(userId, { unitId });
      return;
    case "resume":
      await resumeUnit(userId, { unitId });
      return;
    case "complete":
      await completeRun(userId, { runId: idAt(one.nth) });
      return;
    case "fail":
      await failRun(userId, { runId: idAt(one.nth) });
      return;
    case "cancel":
      await cancelRun(userId, { runId: idAt(one.nth) });
      return;
    case "retry":
      await retryRun(userId, { runId: idAt(one.nth) });
      return;
    case "metrics":
      await appendRunMetrics(userId, { runId: idAt(one.nth), points: [{ key: "a", value: 1, step: 1 }] });
      return;
    case "bulk":
      await changeMany(userId, { unitId, action: one.action, dryRun: one.dryRun });
      return;
    case "unit":
      await updateUnit(userId, { unitId, name: one.name, config: { lr: one.lr }, stallTimeoutSeconds: one.stall });
      return;
  }
};

test("of any calls in any order", async () => {
  const { groupId } = await createGroup(me.userId, { name: "g", metadata: {} });
  const seen = { changed: 0, same: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 5, maxLength: 25 }), async (calls) => {
      const input = { groupId, name: "u", config: { lr: 0 }, metadata: {}, stallTimeoutSeconds: 120 };
      const { unitId } = await createUnit(me.userId, input);
      const ids = (await newRuns(unitId, 3)).map((run) => run.runId);
      for (const one of calls) {
        const [before, version] = [await content(unitId), (await getUnit(me.userId, unitId)).version];
        try {
          await perform(unitId, ids, one);
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          seen.refused += 1;
        }
        const isChanged = (await content(unitId)) !== before;
        seen[isChanged ? "changed" : "same"] += 1;
        expect((await getUnit(me.userId, unitId)).version).toBe(version + (isChanged ? 1 : 0));
      }
    }),
    { numRuns: 40 },
  );
  expect(Math.min(seen.changed, seen.same, seen.refused)).toBeGreaterThan(20);
}, 120_000);
