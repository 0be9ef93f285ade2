// The order in which runs are claimed, against a model of the line: any verbs in any order.
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { DomainError } from "../platform/errors";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { cancelRun, retryRun } from "./cancel";
import { claimRun } from "./claim";
import { createRuns, removeRun, updateRun } from "./edit-runs";
import { completeRun, failRun } from "./finish";
import { createGroup } from "./groups";
import { runsOfUnit } from "./read-runs";
import { moveRuns, reorderRuns } from "./reorder";
import type { RunStatus } from "./run";
import { restoreRun } from "./trash";
import { createUnit } from "./units";

useTestServices();

let me: Account;
let groupId: string;
beforeAll(async () => {
  me = await makeAccount();
  groupId = (await createGroup(me.userId, { name: "g", metadata: {} })).groupId;
});

// Numbers choose runs among all that were ever made, also removed ones.
const nth = fc.nat(11);
const some = fc.uniqueArray(nth, { minLength: 1, maxLength: 4 });
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ verb: fc.constant("create" as const), count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ verb: fc.constant("move" as const), some, before: fc.option(nth) }) },
  { weight: 3, arbitrary: fc.record({ verb: fc.constant("reorder" as const), some }) },
  { weight: 4, arbitrary: fc.record({ verb: fc.constant("claim" as const) }) },
  {
    weight: 9,
    arbitrary: fc.record({
      verb: fc.constantFrom("edit", "cancel", "retry", "remove", "restore", "complete", "fail"),
      nth,
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

type Run = { id: string; status: RunStatus; removed: boolean; attempt: number; edits: number };

/** The line as one list, first to last: whatever becomes of a run, it keeps its index until a move or a reorder. */
class Line {
  readonly runs: Run[] = [];

  add(ids: string[]): void {
    this.runs.push(...ids.map((id): Run => ({ id, status: "pending", removed: false, attempt: 0, edits: 0 })));
  }

  get waiting(): Run[] {
    return this.runs.filter((run) => run.status === "pending" && !run.removed);
  }

  /** Those that are named take, in their order, the indexes that they hold together. */
  exchange(order: Run[]): void {
    const indexes = order.map((run) => this.runs.indexOf(run)).sort((a, b) => a - b);
    for (const [n, index] of indexes.entries()) if (order[n]) this.runs[index] = order[n];
  }

  move(moving: Run[], before: Run | null): void {
    const others = this.waiting.filter((run) => !moving.includes(run));
    const from = before === null ? this.runs.length : this.runs.indexOf(before);
    const ahead = others.filter((run) => this.runs.indexOf(run) < from);
    this.exchange([...ahead, ...moving, ...others.slice(ahead.length)]);
  }

  claim(): string | null {
    const [run] = this.waiting;
    if (!run) return null;
    run.status = "running";
    run.attempt++;
    return run.id;
  }
}

/** From which statuses a verb takes a run, and to which. */
const MOVES: Record<string, { from: RunStatus[]; to?: RunStatus }> = {
  edit: { from: ["pending"] },
  cancel: { from: ["pending", "running"], to: "cancelled" },
  retry: { from: ["failed", "cancelled"], to: "pending" },
  remove: { from: ["pending", "completed", "failed", "cancelled"] },
  complete: { from: ["running"], to: "completed" },
  fail: { from: ["running"], to: "failed" },
};

const isRefused = async (call: Promise<unknown>): Promise<boolean> => {
  try {
    await call;
    return false;
  } catch (error) {
    if (error instanceof DomainError) return true;
    throw error;
  }
};

const seen: Record<string, { done: number; refused: number }> = {};

const play = async (unitId: string, line: Line, made: string[], one: Step): Promise<void> => {
  const { userId } = me;
  const at = (n: number): Run => {
    const id = made[n % made.length];
    const run = line.runs.find((known) => known.id === id);
    if (!run) throw new Error(`The model does not know ${id}.`);
    return run;
  };
  /** Calls the verb and expects it to be refused exactly where the model says so. */
  const expectRefused = async (call: Promise<unknown>, wanted: boolean): Promise<boolean> => {
    const { done, refused } = seen[one.verb] ?? { done: 0, refused: 0 };
    seen[one.verb] = wanted ? { done, refused: refused + 1 } : { done: done + 1, refused };
    expect({ verb: one.verb, refused: await isRefused(call) }).toEqual({ verb: one.verb, refused: wanted });
    return wanted;
  };
  switch (one.verb) {
    case "create": {
      const runs = Array.from({ length: one.count }, () => ({ parameters: { edits: 0 }, metadata: {} }));
      const ids = (await createRuns(userId, { unitId, runs, createdBy: "web" })).map((run) => run.runId);
      made.push(...ids);
      line.add(ids);
      return;
    }
    case "claim":
      expect((await claimRun(userId, { unitId })).run?.runId ?? null).toBe(line.claim());
      return;
    case "move": {
      const runs = [...new Set(one.some.map(at))];
      const before = one.before === null ? null : at(one.before);
      const call = moveRuns(userId, { unitId, runIds: runs.map((run) => run.id), beforeId: before?.id ?? null });
      if (await expectRefused(call, before !== null && (before.removed || runs.includes(before)))) return;
      const moving = runs.filter((run) => line.waiting.includes(run));
      const { moved, started } = await call;
      expect(moved).toEqual(moving.map((run) => run.id));
      expect(started).toEqual(runs.flatMap((run) => (moving.includes(run) ? [] : [run.id])));
      line.move(moving, before);
      return;
    }
    case "reorder": {
      const runs = [...new Set(one.some.map(at))];
      const call = reorderRuns(userId, { unitId, runIds: runs.map((run) => run.id) });
      if (await expectRefused(call, !runs.every((run) => line.waiting.includes(run)))) return;
      line.exchange(runs);
      return;
    }
    default: {
      const removed = line.runs.filter((known) => known.removed);
      // Few are in the trash: every second restore takes one of them.
      const run = (one.verb === "restore" && one.nth % 2 === 0 && removed[one.nth % removed.length]) || at(one.nth);
      const runId = run.id;
      if (one.verb === "restore") {
        if (await expectRefused(restoreRun(userId, { runId }), !run.removed)) return;
        run.removed = false;
        return;
      }
      const calls: Record<string, () => Promise<unknown>> = {
        edit: () => updateRun(userId, { runId, parameters: { edits: run.edits + 1 } }),
        cancel: () => cancelRun(userId, { runId }),
        retry: () => retryRun(userId, { runId }),
        remove: () => removeRun(userId, { runId }),
        // Another body each time: the same end again would be answered.
        complete: () => completeRun(userId, { runId, result: { at: performance.now() } }),
        fail: () => failRun(userId, { runId, errorMessage: `${performance.now()}` }),
      };
      const { from, to } = MOVES[one.verb] ?? { from: [] };
      const call = calls[one.verb]?.() ?? Promise.reject(new Error(one.verb));
      if (await expectRefused(call, run.removed || !from.includes(run.status))) return;
      if (to) run.status = to;
      if (one.verb === "edit") run.edits++;
      if (one.verb === "remove") run.removed = true;
    }
  }
};

test("is the model's, after each of any verbs in any order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.noBias(fc.array(step, { minLength: 20, maxLength: 40, size: "max" })), async (steps) => {
      const input = { groupId, name: "u", config: {}, metadata: {}, stallTimeoutSeconds: null };
      const { unitId } = await createUnit(me.userId, input);
      const line = new Line();
      const made: string[] = [];
      await play(unitId, line, made, { verb: "create", count: 3 });
      for (const one of steps) {
        await play(unitId, line, made, one);
        const told = (await runsOfUnit(me.userId, unitId)).map(({ runId, status, attempt, parameters }) => ({
          ...{ id: runId, status, attempt },
          edits: parameters.edits,
        }));
        const wanted = line.runs.filter((run) => !run.removed).map(({ removed: _, ...run }) => run);
        expect(told).toEqual(wanted);
      }
      const left = line.waiting.map((run) => run.id);
      const claimed: (string | undefined)[] = [];
      for (const _ of left) claimed.push((await claimRun(me.userId, { unitId })).run?.runId);
      expect(claimed).toEqual(left);
      expect((await claimRun(me.userId, { unitId })).run).toBeNull();
    }),
    { numRuns: 40 },
  );
  // A verb that was always refused, or never, was not tried.
  for (const [verb, { done, refused }] of Object.entries(seen))
    expect({ verb, tried: Math.min(done, refused) > 0 }).toEqual({ verb, tried: true });
}, 180_000);
