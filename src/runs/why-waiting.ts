// PURE. Whether a run may be claimed, and why it waits where it may not. The claim asks the same in SQL (isClaimable, and the pause);
// plan.test.ts holds that both agree.

export type ClaimUnit = { paused: boolean; pausedReason: string | null };
export type ClaimRun = {
  status: string;
  /** what its parameters lack for the schema that the driver published; null where they fit */
  misfit: string | null;
};

/** What keeps a run from being claimed, even by a driver that asks right now. The sentences are in the catalogues. */
export type Blocker =
  | { code: "notPending"; params: { status: string } }
  | { code: "unitPaused"; params: { reason: string | null } }
  | { code: "parametersDoNotFit"; params: { misfit: string } };

/** Why a run that may be claimed has not been. */
export type Reason =
  | Blocker
  | { code: "noDriver"; params: { lastHeartbeat: string | null } }
  | { code: "behindOthers"; params: { ahead: number } }
  | { code: "allSlotsBusy"; params: { running: number; slots: number } }
  | { code: "next"; params: Record<string, never> };

/**
 * What forbids to claim the run. A claim takes the first run in order for which this is null, and none where there is none.
 * The pause comes before the parameters: resuming is what helps first.
 */
export const blockerOf = (unit: ClaimUnit, run: ClaimRun): Blocker | null => {
  if (run.status !== "pending") return { code: "notPending", params: { status: run.status } };
  if (unit.paused) return { code: "unitPaused", params: { reason: unit.pausedReason } };
  if (run.misfit !== null) return { code: "parametersDoNotFit", params: { misfit: run.misfit } };
  return null;
};

/** The run that a claim takes. @param runs in order */
export const nextToClaim = <R extends ClaimRun>(unit: ClaimUnit, runs: readonly R[]): R | null =>
  runs.find((run) => blockerOf(unit, run) === null) ?? null;

export type Drivers = {
  connected: boolean;
  /** when one was last heard of; null: never */
  lastHeartbeat: string | null;
  /** runs that all connected ones work on at once */
  slots: number;
};

/**
 * Why each run waits, in order; null for one that does not wait. The run that a claim would take next is never explained by a
 * blocker, and any other never as `next` or `allSlotsBusy`: `ahead` counts only runs that would be claimed before it.
 *
 * @param runs    in order, those that run among them
 */
export const reasonsOf = (unit: ClaimUnit, drivers: Drivers, runs: readonly ClaimRun[]): (Reason | null)[] => {
  const running = runs.filter((run) => run.status === "running").length;
  let ahead = 0;
  return runs.map((run): Reason | null => {
    if (run.status !== "pending") return null;
    const blocker = blockerOf(unit, run);
    if (blocker) return blocker;
    const before = ahead++;
    if (!drivers.connected) return { code: "noDriver", params: { lastHeartbeat: drivers.lastHeartbeat } };
    if (before > 0) return { code: "behindOthers", params: { ahead: before } };
    if (running >= drivers.slots) return { code: "allSlotsBusy", params: { running, slots: drivers.slots } };
    return { code: "next", params: {} };
  });
};
