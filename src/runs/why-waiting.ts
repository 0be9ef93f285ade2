// PURE. Whether a run may be claimed, and why it waits where it may not: one list of conditions, from which both the claim's WHERE
// and the sentences are made.

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
 * All that a claim asks: a column of the unit or of the run, and the value that it must have. The first condition that does not hold
 * is told: the pause comes before the parameters, since resuming is what helps first. A condition that is added here is asked by the
 * claim and told on the page; no other place knows them.
 */
const CONDITIONS = [
  { of: "run", column: "status", is: "pending", blocker: (_: ClaimUnit, { status }: ClaimRun) => notPending(status) },
  { of: "unit", column: "paused", is: false, blocker: ({ pausedReason }: ClaimUnit) => unitPaused(pausedReason) },
  { of: "run", column: "misfit", is: null, blocker: (_: ClaimUnit, { misfit }: ClaimRun) => doesNotFit(misfit) },
] as const satisfies readonly (
  | { of: "run"; column: keyof ClaimRun; is: string | null; blocker: (unit: ClaimUnit, run: ClaimRun) => Blocker }
  | { of: "unit"; column: keyof ClaimUnit; is: boolean; blocker: (unit: ClaimUnit, run: ClaimRun) => Blocker }
)[];

const notPending = (status: string): Blocker => ({ code: "notPending", params: { status } });
const unitPaused = (reason: string | null): Blocker => ({ code: "unitPaused", params: { reason } });
const doesNotFit = (misfit: string | null): Blocker => ({
  code: "parametersDoNotFit",
  params: { misfit: misfit ?? "" },
});

const conditionsOf = (what: "run" | "unit"): string =>
  CONDITIONS.flatMap(({ of, column, is }) =>
    of === what
      ? [is === null ? `${column} IS NULL` : typeof is === "string" ? `${column} = '${is}'` : `${column} = ${is}`]
      : [],
  ).join(" AND ");

/**
 * The conditions of the run as text for a WHERE: `status = 'pending' AND misfit IS NULL`. The values stand in it, so that the planner
 * sees them and takes the index.
 */
export const RUN_CONDITIONS: string = conditionsOf("run");

/** Those of the unit, likewise. */
export const UNIT_CONDITIONS: string = conditionsOf("unit");

/** What forbids to claim the run. A claim takes the first run in order for which this is null, and none where there is none. */
export const blockerOf = (unit: ClaimUnit, run: ClaimRun): Blocker | null =>
  CONDITIONS.find(({ of, column, is }) => (of === "run" ? run[column] : unit[column]) !== is)?.blocker(unit, run) ??
  null;

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
