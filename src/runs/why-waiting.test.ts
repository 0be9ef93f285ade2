import fc from "fast-check";
import { expect, test } from "vitest";
import { blockerOf, type ClaimRun, nextToClaim, reasonsOf } from "./why-waiting";

const unit = fc.record({ paused: fc.boolean(), pausedReason: fc.option(fc.string()) });
const run: fc.Arbitrary<ClaimRun> = fc.record({
  status: fc.constantFrom("pending", "pending", "running", "completed", "failed", "cancelled"),
  misfit: fc.option(fc.constant("warmup is required"), { nil: null, freq: 3 }),
});
const runs = fc.array(run, { maxLength: 20 });
const drivers = fc.record({
  connected: fc.boolean(),
  lastHeartbeat: fc.constant(null),
  slots: fc.integer({ min: 1, max: 4 }),
});
const BLOCKERS = ["notPending", "unitPaused", "parametersDoNotFit"];

test("the run that a claim takes is the only one that is next or lacks a slot, and no blocker explains it", () => {
  fc.assert(
    fc.property(unit, drivers, runs, (u, d, all) => {
      const taken = nextToClaim(u, all);
      const reasons = reasonsOf(u, { ...d, connected: true }, all);
      const first = reasons.findIndex((one) => one?.code === "next" || one?.code === "allSlotsBusy");
      expect(first).toBe(taken === null ? -1 : all.indexOf(taken));
    }),
  );
});

test("claiming until none is left takes exactly the runs that no blocker explains, in the order told", () => {
  fc.assert(
    fc.property(unit, drivers, runs, (u, d, all) => {
      const reasons = reasonsOf(u, { ...d, connected: true }, all);
      const left = all.map((one, at) => ({ ...one, at }));
      const taken: number[] = [];
      for (let next = nextToClaim(u, left); next; next = nextToClaim(u, left)) {
        next.status = "running";
        taken.push(next.at);
      }
      const told = reasons.flatMap((reason, at) => (reason && !BLOCKERS.includes(reason.code) ? [at] : []));
      expect(taken).toEqual(told);
      for (const [nth, at] of taken.entries())
        if (nth > 0) expect(reasons[at]).toEqual({ code: "behindOthers", params: { ahead: nth } });
    }),
  );
});

test("every pending run has a reason, and no other has one", () => {
  fc.assert(
    fc.property(unit, drivers, runs, (u, d, all) => {
      for (const [at, reason] of reasonsOf(u, d, all).entries())
        expect(reason !== null).toBe(all[at]?.status === "pending");
    }),
  );
});

test("each cause is told", () => {
  const open = { paused: false, pausedReason: null };
  const pending = { status: "pending", misfit: null };
  const here = { connected: true, lastHeartbeat: "2026-11-25T08:00:00.000Z", slots: 1 };
  expect(reasonsOf({ paused: true, pausedReason: "maintenance" }, here, [pending])).toEqual([
    { code: "unitPaused", params: { reason: "maintenance" } },
  ]);
  expect(reasonsOf(open, { ...here, connected: false }, [pending])).toEqual([
    { code: "noDriver", params: { lastHeartbeat: here.lastHeartbeat } },
  ]);
  expect(
    reasonsOf(open, here, [
      { status: "running", misfit: null },
      { ...pending, misfit: "lr must be a number" },
      pending,
      pending,
    ]),
  ).toEqual([
    null,
    { code: "parametersDoNotFit", params: { misfit: "lr must be a number" } },
    { code: "allSlotsBusy", params: { running: 1, slots: 1 } },
    { code: "behindOthers", params: { ahead: 1 } },
  ]);
  expect(reasonsOf(open, here, [pending])).toEqual([{ code: "next", params: {} }]);
  expect(blockerOf(open, { status: "cancelled", misfit: null })?.code).toBe("notPending");
});
